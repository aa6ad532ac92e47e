from django.apps import AppConfig


class OidcConfig(AppConfig):
    name = "thanglong.surfaces.oidc"
    label = "oidc"
