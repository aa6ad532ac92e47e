"""Addresses of OpenID Connect."""

from django.urls import path

from thanglong.surfaces.oidc import incoming, views

app_name = "oidc"
urlpatterns = [
    path(".well-known/openid-configuration", views.configuration, name="configuration"),
    path("signin/oidc/", incoming.start, name="signin"),
    path("signin/oidc/back/", incoming.back, name="signin-back"),
    path("oidc/jwks.json", views.jwks, name="jwks"),
    path("oidc/authorize", views.authorize, name="authorize"),
    path("oidc/token", views.token, name="token"),
    path("oidc/userinfo", views.userinfo, name="userinfo"),
    path("oidc/revoke", views.revoke, name="revoke"),
]
