from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "thanglong.core.cases"
    label = "cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from thanglong.core.cases import tasks  # noqa: F401
        from thanglong.core.cases.service.definitions import check
        from thanglong.kit import registry

        registry.health.add("cases", registry.Health(check))
