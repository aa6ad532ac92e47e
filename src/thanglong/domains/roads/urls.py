"""Addresses of the road network: ways and times as data, closures, tiles of live speed, the page in the centre."""

from django.urls import path

from thanglong.domains.roads.views import api, page, tiles

app_name = "roads"
urlpatterns = [
    path("api/roads/route", api.route, name="route"),
    path("api/roads/times", api.times, name="times"),
    path("api/roads/nearest", api.nearest, name="nearest"),
    path("api/roads/isochrone", api.isochrone, name="isochrone"),
    path("api/roads/closures", api.closures, name="closures"),
    path("api/roads/closures/<str:id>/open", api.reopen, name="reopen"),
    path("tiles/roads/<int:z>/<int:x>/<int:y>.mvt", tiles.tile, name="tile"),
    path("centre/roads/", page.page, name="page"),
]
