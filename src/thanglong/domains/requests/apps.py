"""The plug: case type, pages, map layer, tiles, alarms, search, measures, listeners, demo."""

from collections.abc import Mapping
from typing import Any

from django.apps import AppConfig


class RequestsConfig(AppConfig):
    name = "thanglong.domains.requests"
    label = "requests"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from thanglong.core.cases import service as cases
        from thanglong.core.ledger import service as ledger
        from thanglong.domains.requests import demo, measures, service, tasks  # noqa: F401
        from thanglong.domains.requests.rules import routing
        from thanglong.domains.requests.rules.lifecycle import DEFINITION
        from thanglong.kit import registry
        from thanglong.kit.errors import N_

        cases.decisions.register(routing.MODEL, routing.VERSION, routing.SOURCE)
        cases.register(DEFINITION, service.on_step)
        measures.register()
        ledger.phrases.add("request.photo_hidden", N_("A photo was taken from the public page"))
        ledger.phrases.add("request.photo_shown", N_("A photo was shown again"))
        ledger.phrases.add("request.photo_blurred", N_("Parts of a photo were made unreadable"))
        _show()
        registry.demo.add("requests", registry.DemoStep(demo.build, demo.tick, 60))


def _done() -> Mapping[str, Any]:
    from django.utils.translation import gettext

    from thanglong.domains.requests import service

    share, done = service.done_share()
    note = gettext("%(n)s reports done") % {"n": done}
    if share is None:
        return {"value": None, "unit": "%", "note": note}
    return {"value": round(100 * share, 1), "unit": "%", "note": note, "state": "ok" if share >= 0.85 else "warn"}


def _open() -> Mapping[str, Any]:
    from django.utils.translation import gettext

    from thanglong.domains.requests import service

    count, late = service.open_count()
    return {"value": count, "note": gettext("%(n)s late") % {"n": late}, "state": "warn" if late else "ok"}


def _show() -> None:
    """Enter what the rooms show: pages, map layer, alarms, search, what is near, tiles."""
    from thanglong.domains.requests import service
    from thanglong.kit import registry
    from thanglong.kit.errors import N_

    pages = registry.pages
    pages.add("requests.report", registry.Page("portal", "requests:form", N_("Report a problem"), "report", 10))
    pages.add("requests.list", registry.Page("portal", "requests:list", N_("Reports on the map"), "map", 40))
    pages.add(
        "requests.photos",
        registry.Page("desk", "requests:photos", N_("Photos to check"), "image", 60, "requests.moderate"),
    )
    registry.layers.add(
        "requests",
        registry.Layer(
            "requests",
            "requests",
            N_("Reports"),
            "report",
            state="state",
            shape="diamond",
            order=10,
            url="/reports/map.geojson",
            action="cases.view",
            states={"normal": "normal", "notice": "notice", "urgent": "urgent", "silent": "silent"},
        ),
    )
    registry.alarms.add("requests", registry.Alarms(service.alarms, 20))
    registry.searchers.add("requests", registry.Searcher(N_("Reports"), service.find, 20))
    registry.searchers.add("requests.new", registry.Searcher(N_("Report a problem"), service.find_category, 10))
    registry.nearby.add("requests", registry.Nearby(N_("Reports"), service.nearby, 20))
    for room in ("portal", "centre"):
        registry.tiles.add(
            f"requests.{room}.done",
            registry.Tile(room, N_("Reports done in time, 7 days"), "done", _done, "/reports/?state=done", 10),
        )
        registry.tiles.add(
            f"requests.{room}.open",
            registry.Tile(room, N_("Reports being handled"), "works", _open, "/reports/?state=open", 11),
        )
