from django.apps import AppConfig

from thanglong.kit import registry
from thanglong.kit.errors import N_


class ThingsConfig(AppConfig):
    name = "thanglong.core.things"
    label = "things"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from thanglong.core.things import service

        registry.health.add("things", registry.Health(service.health, process="live"))
        registry.pages.add(
            "things",
            registry.Page("centre", "things:types", N_("City database"), "data", order=80, action="things.view"),
        )
