"""The plug of the web frame: its own pages in the rooms' navigation."""

from django.apps import AppConfig

from thanglong.kit import registry
from thanglong.kit.errors import N_


class WebConfig(AppConfig):
    name = "thanglong.web"
    label = "web"

    def ready(self) -> None:
        from thanglong.web import finding

        registry.searchers.add("web.cases", registry.Searcher(N_("Cases"), finding.find_cases, order=10))
        registry.searchers.add("web.places", registry.Searcher(N_("Places"), finding.find_places, order=30))
        registry.pages.add("web.search", registry.Page("portal", "web:search", N_("Look up"), "track", order=40))
        registry.pages.add(
            "web.map", registry.Page("centre", "web:centre", N_("Overview"), "map", order=10, action="centre.view")
        )
