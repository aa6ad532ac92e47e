from django.apps import AppConfig

from thanglong.kit import bus, registry
from thanglong.kit.errors import N_


class LedgerConfig(AppConfig):
    name = "thanglong.core.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from thanglong.core.ledger import service, tasks

        bus.task("ledger.seal")(tasks.seal)
        bus.every(1.0, "ledger.seal")
        service.phrases.add("demo.loaded", N_("The demo city was made."))
        registry.health.add("ledger", registry.Health(tasks.health))
