"""The plug of the lighting."""

from django.apps import AppConfig


class LightingConfig(AppConfig):
    name = "thanglong.domains.lighting"
    label = "lighting"

    def ready(self) -> None:
        from thanglong.domains.lighting import demo, service
        from thanglong.kit import registry
        from thanglong.kit.errors import N_

        registry.layers.add("lighting", registry.Layer(
            "lighting", "lighting", N_("Street lamps"), "lamp", ("Streetlight",), "state",
            {"on": "normal", "off": "normal", "fault": "notice", "silent": "silent"}, "circle", 50, True, minzoom=13,
        ))  # fmt: skip
        registry.layers.add("cabinets", registry.Layer(
            "cabinets", "lighting", N_("Lighting cabinets"), "cabinet", ("StreetlightControlCabinet",), "state",
            {"working": "normal", "no_power": "urgent"}, "square", 51, True, minzoom=11,
        ))  # fmt: skip
        registry.tiles.add(
            "lamps_out", registry.Tile("centre", N_("Lamps not burning"), "lamp", service.lamps_out, order=40)
        )
        registry.alarms.add("lighting", registry.Alarms(service.alarms, order=50))
        registry.demo.add("lighting", registry.DemoStep(demo.build, demo.tick, order=45))
