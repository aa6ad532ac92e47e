"""The plug of the 115."""

from django.apps import AppConfig


class EmergencyConfig(AppConfig):
    name = "thanglong.domains.emergency"
    label = "emergency"

    def ready(self) -> None:
        from thanglong.domains.emergency import demo, measures, service
        from thanglong.kit import registry
        from thanglong.kit.errors import N_

        measures.register()
        registry.layers.add("ambulances", registry.Layer(
            "ambulances", "emergency", N_("Ambulances"), "ambulance", ("Ambulance",), "state",
            {"free": "normal", "called": "urgent", "driving": "urgent", "on_scene": "notice", "transporting": "notice",
             "at_hospital": "normal", "returning": "normal", "out_of_service": "silent"}, "circle", 20,
        ))  # fmt: skip
        registry.layers.add("hospitals", registry.Layer(
            "hospitals", "emergency", N_("Hospitals"), "hospital", ("Hospital",), "state",
            {"open": "normal", "busy": "notice", "full": "urgent"}, "square", 21, minzoom=10,
        ))  # fmt: skip
        registry.layers.add("ambulance_stations", registry.Layer(
            "ambulance_stations", "emergency", N_("Ambulance stations"), "station", ("AmbulanceStation",), "state",
            {"open": "normal"}, "square", 22, shown=False, minzoom=11,
        ))  # fmt: skip
        registry.tiles.add(
            "ambulances_free",
            registry.Tile("centre", N_("Ambulances free"), "ambulance", service.free_ambulances, order=20),
        )
        registry.alarms.add("emergency", registry.Alarms(service.alarms, order=10))
        registry.demo.add("emergency", registry.DemoStep(demo.build, demo.tick, order=42))
