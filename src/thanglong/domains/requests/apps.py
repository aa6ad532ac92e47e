"""The plug: case type, pages, map layer, tiles, alarms, search, measures, listeners, demo."""

from django.apps import AppConfig


class RequestsConfig(AppConfig):
    name = "thanglong.domains.requests"
    label = "requests"
    default_auto_field = "django.db.models.BigAutoField"
