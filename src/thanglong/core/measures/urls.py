from django.urls import path, register_converter

from thanglong.core.measures.views import api, pages, people


class KeyConverter:
    """A measure's key: ``requests.in_time``."""

    regex = r"[a-z0-9_]+(?:\.[a-z0-9_]+)+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(KeyConverter, "measure")

urlpatterns = [
    path("centre/measures/", pages.catalogue, name="measures"),
    path("centre/measures/<measure:key>/", pages.measure, name="measure"),
    path("centre/measures/<measure:key>/correct/", people.correct, name="measure-correct"),
    path("centre/measures/alerts/<int:id>/seen/", people.seen, name="measure-alert-seen"),
    path("figures/", pages.figures, name="figures"),
    path("figures/<measure:key>/", pages.figure, name="figure"),
    path("api/measures.json", api.listing, name="measures-api"),
    path("api/measures/<measure:key>.map.json", api.map_values, name="measure-map"),
    path("api/measures/<measure:key>.json", api.as_json, name="measure-json"),
    path("api/measures/<measure:key>.csv", api.as_csv, name="measure-csv"),
    path("api/measures/<measure:key>.parquet", api.as_parquet, name="measure-parquet"),
]
