"""Addresses of people."""

from django.urls import path

from thanglong.core.people.views import desk, me, person, second, security, signin, systems

app_name = "people"
urlpatterns = [
    path("signin/", signin.signin, name="signin"),
    path("signin/second/", second.second, name="second"),
    path("signin/outside/", signin.outside, name="outside"),
    path("signin/passkey/options/", second.passkey_options, name="signin-passkey-options"),
    path("signin/passkey/", second.passkey, name="signin-passkey"),
    path("setup/<str:secret>/", person.setup, name="setup"),
    path("signout/", signin.signout, name="signout"),
    path("me/", me.me, name="me"),
    path("me/language/", me.language, name="language"),
    path("me/password/", me.password, name="password"),
    path("me/tokens/", me.new_token, name="new-token"),
    path("me/tokens/<uuid:token_id>/revoke/", me.revoke_token, name="revoke-token"),
    path("me/readings/", person.readings, name="readings"),
    path("me/security/", security.security, name="security"),
    path("me/security/again/", security.again, name="again"),
    path("me/security/app/", security.app, name="app"),
    path("me/security/codes/", security.codes, name="codes"),
    path("me/security/passkey/options/", security.passkey_options, name="passkey-options"),
    path("me/security/passkey/", security.passkey, name="passkey"),
    path("me/security/factors/<uuid:factor_id>/remove/", security.remove, name="remove-factor"),
    path("me/security/sessions/<uuid:session_id>/end/", security.end, name="end-session"),
    path("me/security/sessions/end/", security.end_others, name="end-sessions"),
    path("desk/people/roles/", person.roles, name="roles"),
    path("desk/people/roles/<str:key>/", person.role, name="role"),
    path("desk/people/import/", person.staff, name="import"),
    path("desk/people/systems/", systems.systems, name="systems"),
    path("desk/people/systems/new/", systems.new, name="new-system"),
    path("desk/people/systems/<uuid:client_id>/", systems.system, name="system"),
    path("desk/people/systems/<uuid:client_id>/secret/", systems.new_secret, name="new-secret"),
    path("desk/people/systems/<uuid:client_id>/disconnect/", systems.disconnect, name="disconnect"),
    path("desk/people/leave/<uuid:absence_id>/end/", person.end_leave, name="end-leave"),
    path("desk/people/<uuid:account_id>/", person.person, name="person"),
    path("desk/people/<uuid:account_id>/leave/", person.leave, name="leave"),
    path("desk/people/<uuid:account_id>/look-after/", person.look_after, name="look-after"),
    path("desk/people/", desk.people, name="people"),
    path("desk/people/grant/", desk.grant, name="grant"),
    path("desk/people/new/", desk.new, name="new"),
    path("desk/people/<uuid:membership_id>/end/", desk.end, name="end"),
]
