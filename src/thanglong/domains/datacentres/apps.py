"""The plug of the data centres."""

from django.apps import AppConfig


class DatacentresConfig(AppConfig):
    name = "thanglong.domains.datacentres"
    label = "datacentres"

    def ready(self) -> None:
        from thanglong.domains.datacentres import demo, service
        from thanglong.kit import registry
        from thanglong.kit.errors import N_

        registry.layers.add("datacentres", registry.Layer(
            "datacentres", "datacentres", N_("Data centres"), "server", ("DataCentre",), "state",
            {"normal": "normal", "warm": "notice", "hot": "urgent"}, "square", 80,
        ))  # fmt: skip
        registry.tiles.add(
            "datacentre_load", registry.Tile("centre", N_("Data-centre load"), "server", service.load, order=70)
        )
        registry.alarms.add("datacentres", registry.Alarms(service.alarms, order=20))
        registry.demo.add("datacentres", registry.DemoStep(demo.build, demo.tick, order=44))
