from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "thanglong.core.places"
    label = "places"
