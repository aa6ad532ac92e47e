from django.apps import AppConfig

from thanglong.kit.errors import N_


class MeasuresConfig(AppConfig):
    name = "thanglong.core.measures"
    label = "measures"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from thanglong.core.ledger import service as ledger
        from thanglong.core.measures import demo, tasks  # noqa: F401
        from thanglong.kit import registry

        ledger.phrases.add("measure.closed", N_("The figures of a period were closed."))
        ledger.phrases.add("measure.revised", N_("The figures of a closed period were corrected."))
        ledger.phrases.add("measure.corrected", N_("A figure was set by hand, with a reason."))
        ledger.phrases.add("measure.correction_withdrawn", N_("A figure set by hand was taken back."))
        ledger.phrases.add("measure.alert_seen", N_("Somebody has seen that a figure left its band."))
        pages = registry.pages
        pages.add("measures", registry.Page("centre", "measures", N_("Measures"), "chart", 80, "measures.view"))
        pages.add("figures", registry.Page("portal", "figures", N_("Figures"), "chart", 60))
        from thanglong.core.measures.views.alarms import read

        registry.alarms.add("measures", registry.Alarms(read, 90))
        registry.demo.add("measures", registry.DemoStep(demo.build, None, 90))
