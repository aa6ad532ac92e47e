"""Addresses of people."""

from django.urls import path

from thanglong.core.people.views import desk, me, signin

app_name = "people"
urlpatterns = [
    path("signin/", signin.signin, name="signin"),
    path("signout/", signin.signout, name="signout"),
    path("me/", me.me, name="me"),
    path("me/language/", me.language, name="language"),
    path("me/password/", me.password, name="password"),
    path("me/tokens/", me.new_token, name="new-token"),
    path("me/tokens/<uuid:token_id>/revoke/", me.revoke_token, name="revoke-token"),
    path("desk/people/", desk.people, name="people"),
    path("desk/people/grant/", desk.grant, name="grant"),
    path("desk/people/new/", desk.new, name="new"),
    path("desk/people/<uuid:membership_id>/end/", desk.end, name="end"),
]
