from uuid import UUID

from django.apps import AppConfig

from thanglong.kit import bus, registry
from thanglong.kit.errors import N_


def unit_of(key: str) -> str:
    """A unit's name for the ledger's readers."""
    from thanglong.core.people.views.common import unit_name

    try:
        return unit_name(UUID(key))
    except ValueError:
        return key


class PeopleConfig(AppConfig):
    name = "thanglong.core.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from thanglong.core.ledger import service as ledger
        from thanglong.core.people import demo, tasks
        from thanglong.core.people.service.access import access
        from thanglong.core.people.service.reorganising import Memberships
        from thanglong.core.people.views.common import role_name

        bus.task("people.prune")(tasks.prune)
        bus.every(3600, "people.prune")
        bus.blocks.append(access.pinned)
        registry.pages.add(
            "people.people", registry.Page("desk", "people:people", N_("People"), "people", 60, "people.view")
        )
        registry.demo.add("people", registry.DemoStep(build=demo.build, order=30))
        registry.followers.add("people", Memberships())
        ledger.namers.add("role", role_name)
        ledger.namers.add("unit", unit_of)
        for kind, text in KINDS.items():
            ledger.kinds.add(kind, text)
        for verb, text in PHRASES.items():
            ledger.phrases.add(verb, text)


KINDS = {
    "account": N_("an account"),
    "role": N_("a role"),
    "token": N_("an access key"),
    "client": N_("another system"),
}
PHRASES = {
    "account.created": N_("An account was made for an official"),
    "account.changed": N_("An official changed their account"),
    "account.closed": N_("An official's account was closed"),
    "account.reopened": N_("An official's account was reopened"),
    "account.password_changed": N_("An account got a new password"),
    "account.locked": N_("Sign-in to an account was paused after failed tries"),
    "membership.granted": N_("An official was given a role"),
    "membership.ended": N_("An official's role was ended"),
    "membership.restored": N_("An official's role goes on after all"),
    "absence.entered": N_("Leave of an official was entered"),
    "absence.ended": N_("Leave of an official was ended or taken back"),
    "deputy.entered": N_("An official was named to stand in for a colleague"),
    "deputy.ended": N_("An official no longer stands in for a colleague"),
    "factor.added": N_("A second factor was set up for an account"),
    "factor.removed": N_("A second factor of an account was removed"),
    "factor.reset": N_("An administrator removed the second factors of an account"),
    "factor.recovery_used": N_("Somebody signed in with a recovery code"),
    "factor.copied": N_("A passkey was refused: it seems to be a copy"),
    "session.ended": N_("Signed-in browsers of an account were signed out"),
    "account.link_made": N_("A one-time link to choose a password was made"),
    "account.identity_linked": N_("An account was linked with an outside sign-in"),
    "client.added": N_("Another system was connected"),
    "client.changed": N_("What another system may do was changed"),
    "client.secret_changed": N_("Another system was given a new secret"),
    "client.revoked": N_("Another system was disconnected"),
    "client.signed_in": N_("An official signed in to another system"),
    "personal.read": N_("Personal data were opened for a stated purpose"),
    "role.saved": N_("What a role may do was changed"),
    "token.issued": N_("An access key for a program was made"),
    "token.moved": N_("An access key for a program was limited to a new unit"),
    "token.revoked": N_("An access key for a program was withdrawn"),
}
