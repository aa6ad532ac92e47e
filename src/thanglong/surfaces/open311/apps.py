from django.apps import AppConfig


class Open311Config(AppConfig):
    name = "thanglong.surfaces.open311"
    label = "open311"
