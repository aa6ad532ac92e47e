from django.apps import AppConfig

from thanglong.kit import bus


class PeopleConfig(AppConfig):
    name = "thanglong.core.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from thanglong.core.people import tasks

        bus.task("people.prune")(tasks.prune)
        bus.every(3600, "people.prune")
