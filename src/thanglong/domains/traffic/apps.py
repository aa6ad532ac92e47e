"""The plug of traffic."""

from django.apps import AppConfig


class TrafficConfig(AppConfig):
    name = "thanglong.domains.traffic"
    label = "traffic"

    def ready(self) -> None:
        from thanglong.domains.traffic import demo, service
        from thanglong.kit import registry
        from thanglong.kit.errors import N_

        registry.layers.add("junctions", registry.Layer(
            "junctions", "traffic", N_("Junctions"), "signal", ("TrafficSignal",), "state",
            {"working": "normal", "flashing": "notice", "dark": "urgent", "offline": "silent"}, "circle", 10, True,
            minzoom=10,
        ))  # fmt: skip
        registry.layers.add("flows", registry.Layer(
            "flows", "traffic", N_("Traffic on main roads"), "detector", ("TrafficFlowObserved",), "state",
            {"free": "normal", "slow": "notice", "jam": "urgent"}, "triangle", 11, True, minzoom=11,
            line="stretch",
        ))  # fmt: skip
        registry.tiles.add(
            "junctions_fault",
            registry.Tile("centre", N_("Junctions on fault"), "signal", service.junctions_on_fault, order=30),
        )
        registry.tiles.add("mean_speed", registry.Tile("centre", N_("Mean speed"), "jam", service.mean_speed, order=35))
        registry.alarms.add("traffic", registry.Alarms(service.alarms, order=30))
        registry.demo.add("traffic", registry.DemoStep(demo.build, demo.tick, order=40))
