"""Addresses of the ledger: all public."""

from django.urls import path

from thanglong.core.ledger import views

app_name = "ledger"
urlpatterns = [
    path("ledger/", views.overview, name="overview"),
    path("ledger/head.json", views.head, name="head"),
    path("ledger/consistency.json", views.consistency, name="consistency"),
    path("ledger/growth/", views.growth, name="growth"),
    path("ledger/checkpoint", views.checkpoint, name="checkpoint"),
    path("ledger/tile/<path:name>", views.newest_tile, name="newest-tile"),
    path("ledger/<int:year>/checkpoint", views.checkpoint, name="year-checkpoint"),
    path("ledger/<int:year>/tile/<path:name>", views.tile, name="tile"),
    path("ledger/entry/<int:entry_id>/", views.entry, name="entry"),
    path("ledger/entry/<int:entry_id>.json", views.entry_json, name="entry-json"),
]
