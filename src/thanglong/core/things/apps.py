from django.apps import AppConfig

from thanglong.kit import registry
from thanglong.kit.errors import N_


class ThingsConfig(AppConfig):
    name = "thanglong.core.things"
    label = "things"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from thanglong.core.ledger import service as ledger
        from thanglong.core.things import service, tasks  # noqa: F401
        from thanglong.core.things.service.reorganising import Places

        registry.followers.add("things", Places())
        registry.health.add("things", registry.Health(service.health, process="live"))
        ledger.phrases.add("things.day_closed", N_("A day of the things' history was closed into a file."))
        ledger.phrases.add(
            "things.day_dropped", N_("The file of a past day of the things was deleted: its time was over.")
        )
        for verb, text in (
            ("things.context_hosted", N_("A @context document was put into the city database.")),
            ("things.context_deleted", N_("A @context document was deleted from the city database.")),
            ("things.context_reloaded", N_("A @context document of the city database was fetched anew.")),
            ("things.subscribed", N_("A subscription to changes in the city database was made.")),
            ("things.subscription_changed", N_("A subscription to changes in the city database was changed.")),
            ("things.snapshot_made", N_("A snapshot of the city database was made.")),
            ("things.snapshot_changed", N_("A snapshot of the city database was changed.")),
            ("things.snapshot_deleted", N_("A snapshot of the city database was deleted.")),
            ("things.source_registered", N_("A source of things elsewhere was registered.")),
            ("things.source_changed", N_("The registration of a source of things elsewhere was changed.")),
            ("things.source_withdrawn", N_("The registration of a source of things elsewhere was withdrawn.")),
            ("things.unsubscribed", N_("A subscription to changes in the city database was deleted.")),
        ):
            ledger.phrases.add(verb, text)
        registry.pages.add(
            "things",
            registry.Page("centre", "things:types", N_("City database"), "data", order=80, action="things.view"),
        )
