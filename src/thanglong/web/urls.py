"""Addresses of the frame: home, search, centre, help, switches and the small files of a site's root."""

from django.urls import path

from thanglong.web import tiles
from thanglong.web.views import centre, portal, root, system

app_name = "web"
urlpatterns = [
    path("", portal.home, name="home"),
    path("search", portal.search, name="search"),
    path("help/", portal.help_page, name="help"),
    path("theme/", root.theme, name="theme"),
    path("language/", root.language, name="language"),
    path("centre/", centre.overview, name="centre"),
    path("centre/list/", centre.listing, name="centre-list"),
    path("centre/alarms/", centre.alarms, name="centre-alarms"),
    path("centre/tiles/", centre.tiles, name="centre-tiles"),
    path("centre/replay.json", centre.replay, name="centre-replay"),
    path("centre/layers/<slug:key>.geojson", centre.layer, name="centre-layer"),
    path("centre/layers/<slug:key>/clusters.json", centre.clusters, name="centre-clusters"),
    path("desk/system/", system.overview, name="system"),
    path("desk/system/jobs/<int:job_id>/again/", system.try_again, name="system-try-again"),
    path("desk/system/jobs/<int:job_id>/drop/", system.drop, name="system-drop"),
    path("tiles/base/<int:z>/<int:x>/<int:y>.mvt", tiles.tile, name="tile"),
    path("healthz", root.healthz, name="healthz"),
    path("healthz/web", root.healthz, name="healthz-web"),
    path("robots.txt", root.robots, name="robots"),
    path("favicon.ico", root.favicon, name="favicon"),
    path("manifest.webmanifest", root.webmanifest, name="webmanifest"),
    path("service-worker.js", root.service_worker, name="service-worker"),
]
