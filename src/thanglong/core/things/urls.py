"""Addresses of the city database's pages in the centre."""

from django.urls import path

from thanglong.core.things import views

app_name = "things"
urlpatterns = [
    path("centre/things/", views.types, name="types"),
    path("centre/things/subscriptions/", views.subscriptions, name="subscriptions"),
    path("centre/things/attributes/", views.attributes, name="attributes"),
    path("centre/things/ask/", views.ask, name="ask"),
    path("centre/things/registrations/", views.registrations, name="registrations"),
    path("centre/things/contexts/", views.contexts, name="contexts"),
    path("centre/things/contexts/<str:id>/", views.change_context, name="change-context"),
    path("centre/things/type/<path:kind>/", views.entities, name="entities"),
    path("centre/things/entity/<path:id>/", views.entity, name="entity"),
]
