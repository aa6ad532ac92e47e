"""Addresses of the ledger: all public."""

from django.urls import path

from thanglong.core.ledger import views

app_name = "ledger"
urlpatterns = [
    path("ledger/", views.overview, name="overview"),
    path("ledger/head.json", views.head, name="head"),
    path("ledger/consistency.json", views.consistency, name="consistency"),
    path("ledger/entry/<int:entry_id>/", views.entry, name="entry"),
    path("ledger/entry/<int:entry_id>.json", views.entry_json, name="entry-json"),
]
