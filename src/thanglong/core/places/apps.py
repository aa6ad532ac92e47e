from django.apps import AppConfig

from thanglong.kit import bus, registry
from thanglong.kit.errors import N_
from thanglong.kit.registry import DemoStep, Page, TileLayer


class PlacesConfig(AppConfig):
    name = "thanglong.core.places"
    label = "places"

    def ready(self) -> None:
        from thanglong.core.ledger import service as ledger
        from thanglong.core.places import demo, service, tasks

        bus.task("places.enforce")(tasks.enforce)
        bus.every(60, "places.enforce")
        bus.task("places.follow")(tasks.follow)
        bus.every(3600, "places.follow")
        bus.blocks.append(service.pinned)
        version = service.map_version
        registry.tile_layers.add("city", TileLayer("city", service.city_outline, version))
        registry.tile_layers.add("units", TileLayer("units", service.unit_polygons, version, minzoom=7))
        registry.tile_layers.add("unit_labels", TileLayer("unit_labels", service.unit_labels, version, minzoom=5))
        registry.pages.add("places", Page("desk", "places:desk", N_("Units"), "building", 60, "places.manage"))
        registry.demo.add("places", DemoStep(build=demo.build, order=10))
        for verb, phrase in PHRASES.items():
            ledger.phrases.add(verb, phrase)


PHRASES = {
    "act.recorded": N_("A legal act was recorded."),
    "unit.created": N_("A unit was entered."),
    "unit.changed": N_("A unit was changed."),
    "unit.closed": N_("A unit was closed."),
    "unit.succeeded": N_("A unit was taken over by another."),
    "unit.restored": N_("A unit is what it was before an act that was undone."),
    "unit.withdrawn": N_("A unit that was to be founded was withdrawn."),
    "reorganisation.drafted": N_("A reorganisation of units was drafted."),
    "reorganisation.changed": N_("The draft of a reorganisation was changed."),
    "reorganisation.discarded": N_("The draft of a reorganisation was given up."),
    "reorganisation.decided": N_("A reorganisation of units was decided."),
    "reorganisation.in_force": N_("A reorganisation of units came into force."),
    "reorganisation.undone": N_("A reorganisation of units was undone before its day."),
    "reorganisation.reviewed": N_("Somebody looked at what a reorganisation had moved."),
}
