"""The plug of the web frame: its own pages in the rooms' navigation."""

from django.apps import AppConfig

from thanglong.kit import registry
from thanglong.kit.errors import N_


class WebConfig(AppConfig):
    name = "thanglong.web"
    label = "web"

    def ready(self) -> None:
        registry.pages.add("web.search", registry.Page("portal", "web:search", N_("Look up"), "track", order=40))
        registry.pages.add(
            "web.map", registry.Page("centre", "web:centre", N_("Overview"), "map", order=10, action="centre.view")
        )
