"""Addresses of places: the public pages and data, and the desk where units are kept."""

from django.urls import path

from thanglong.core.places.views import api, desk, public, reforms

app_name = "places"
urlpatterns = [
    path("units/", public.units, name="units"),
    path("units/<uuid:unit_id>/", public.unit, name="unit"),
    path("desk/places/", desk.places, name="desk"),
    path("desk/places/new/", desk.create, name="create"),
    path("desk/places/<uuid:unit_id>/change/", desk.change, name="change"),
    path("desk/places/<uuid:unit_id>/close/", desk.close, name="close"),
    path("desk/places/reforms/", reforms.reforms, name="reforms"),
    path("desk/places/reforms/new/", reforms.new, name="reform-new"),
    path("desk/places/reforms/step/", reforms.step, name="reform-step"),
    path("api/places/address", api.address, name="api-address"),
    path("api/places", api.units, name="api-units"),
    path("api/places/at", api.at, name="api-at"),
    path("api/places/units.geojson", api.outlines, name="api-outlines"),
    path("api/places/<uuid:unit_id>", api.unit, name="api-unit"),
]
