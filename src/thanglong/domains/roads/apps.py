"""The plug of the road network."""

from django.apps import AppConfig


class RoadsConfig(AppConfig):
    name = "thanglong.domains.roads"
    label = "roads"

    def ready(self) -> None:
        from thanglong.core.ledger import service as ledger
        from thanglong.domains.roads import demo, service, tasks  # noqa: F401
        from thanglong.kit import registry
        from thanglong.kit.errors import N_

        ledger.phrases.add("roads.replaced", N_("Another road network was put in place"))
        ledger.phrases.add("roads.closed", N_("A street was closed"))
        ledger.phrases.add("roads.reopened", N_("A closed street was opened"))
        ledger.kinds.add("roads", N_("the road network"))
        ledger.kinds.add("closure", N_("a closed street"))
        registry.pages.add(
            "roads",
            registry.Page("centre", "roads:page", N_("Streets"), "map", 40, "things.view"),
        )

        registry.layers.add("speeds", registry.Layer(
            "speeds", "roads", N_("Streets by live speed"), "jam", order=9, shown=False,
            tiles="/tiles/roads/{z}/{x}/{y}.mvt", ways="/api/roads",
        ))  # fmt: skip
        for key, features in (
            ("parks", service.park_features),
            ("water", service.water_features),
            ("roads", service.road_features),
            ("water_labels", service.water_label_features),
        ):
            registry.tile_layers.add(key, registry.TileLayer(key, features, service.version))
        registry.demo.add("roads", registry.DemoStep(build=demo.build, order=20))
