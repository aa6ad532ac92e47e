"""The plug of the 114."""

from django.apps import AppConfig


class FireConfig(AppConfig):
    name = "thanglong.domains.fire"
    label = "fire"

    def ready(self) -> None:
        from thanglong.domains.fire import demo, measures, service
        from thanglong.kit import registry
        from thanglong.kit.errors import N_

        measures.register()
        registry.layers.add("engines", registry.Layer(
            "engines", "fire", N_("Fire engines"), "fire", ("FireEngine",), "state",
            {"free": "normal", "called": "urgent", "driving": "urgent", "on_scene": "urgent", "returning": "normal",
             "out_of_service": "silent"}, "circle", 25,
        ))  # fmt: skip
        registry.layers.add("fire_stations", registry.Layer(
            "fire_stations", "fire", N_("Fire stations"), "station", ("FireStation",), "state", {"open": "normal"},
            "square", 26, shown=False, minzoom=11,
        ))  # fmt: skip
        registry.layers.add("hydrants", registry.Layer(
            "hydrants", "fire", N_("Hydrants"), "hydrant", ("FireHydrant",), "state",
            {"working": "normal", "out_of_order": "notice"}, "circle", 27, shown=False, minzoom=13,
        ))  # fmt: skip
        registry.alarms.add("fire", registry.Alarms(service.alarms, order=15))
        registry.demo.add("fire", registry.DemoStep(demo.build, demo.tick, order=43))
