"""The plug of the road network."""

from django.apps import AppConfig


class RoadsConfig(AppConfig):
    name = "thanglong.domains.roads"
    label = "roads"

    def ready(self) -> None:
        from thanglong.domains.roads import demo, service
        from thanglong.kit import registry

        for key, features in (
            ("parks", service.park_features),
            ("water", service.water_features),
            ("roads", service.road_features),
            ("water_labels", service.water_label_features),
        ):
            registry.tile_layers.add(key, registry.TileLayer(key, features, service.version))
        registry.demo.add("roads", registry.DemoStep(build=demo.build, order=20))
