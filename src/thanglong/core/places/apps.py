from django.apps import AppConfig

from thanglong.kit import registry


class PlacesConfig(AppConfig):
    name = "thanglong.core.places"
    label = "places"

    def ready(self) -> None:
        from thanglong.core.places import demo

        registry.demo.add("places", registry.DemoStep(build=demo.build, order=10))
