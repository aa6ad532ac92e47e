"""The plug of the web frame: its own pages in the rooms' navigation."""

from django.apps import AppConfig

from thanglong.kit import registry
from thanglong.kit.errors import N_


class WebConfig(AppConfig):
    name = "thanglong.web"
    label = "web"

    def ready(self) -> None:
        from thanglong.core.ledger import service as ledger
        from thanglong.web import finding

        registry.searchers.add("web.cases", registry.Searcher(N_("Cases"), finding.find_cases, order=10))
        registry.searchers.add("web.places", registry.Searcher(N_("Places"), finding.find_places, order=30))
        registry.pages.add(
            "web.system",
            registry.Page("desk", "web:system", N_("Installation"), "server", order=90, action="system.manage"),
        )
        ledger.phrases.add("job.retried", N_("Background work that had failed is tried again."))
        ledger.phrases.add("job.dropped", N_("Background work that had failed was removed."))
        ledger.phrases.add("system.restored", N_("The city was restored from a backup."))
        registry.pages.add("web.search", registry.Page("portal", "web:search", N_("Look up"), "track", order=40))
        registry.pages.add(
            "web.map", registry.Page("centre", "web:centre", N_("Overview"), "map", order=10, action="centre.view")
        )
