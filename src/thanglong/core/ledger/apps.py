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
        bus.every(1.0, "ledger.seal", apart=True)
        bus.task("ledger.stamp")(tasks.stamp)
        bus.every(60.0, "ledger.stamp")
        service.phrases.add("demo.loaded", N_("The demo city was made."))
        service.phrases.add("ledger.year_opened", N_("A new year of the ledger began."))
        service.phrases.add("ledger.values_erased", N_("Personal values were made unreadable."))
        service.kinds.add("ledger", N_("year of the ledger"))
        registry.health.add("ledger", registry.Health(tasks.health))
