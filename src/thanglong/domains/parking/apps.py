"""The plug of parking."""

from django.apps import AppConfig


class ParkingConfig(AppConfig):
    name = "thanglong.domains.parking"
    label = "parking"

    def ready(self) -> None:
        from thanglong.domains.parking import demo, service
        from thanglong.kit import registry
        from thanglong.kit.errors import N_

        registry.layers.add("parking", registry.Layer(
            "parking", "parking", N_("Car parks"), "parking", ("OffStreetParking",), "state",
            {"free": "normal", "filling": "notice", "full": "notice", "closed": "silent"}, "square", 60,
            minzoom=11,
        ))  # fmt: skip
        registry.tiles.add(
            "parking_full", registry.Tile("centre", N_("Car parks full"), "parking", service.full_car_parks, order=50)
        )
        registry.nearby.add("parking", registry.Nearby(N_("Car parks"), service.nearby, order=40))
        registry.tiles.add(
            "parking_free",
            registry.Tile("portal", N_("Free parking places now"), "parking", service.free_places, order=50),
        )
        registry.demo.add("parking", registry.DemoStep(demo.build, demo.tick, order=46))
