"""Names and the middle of the city for the frame; an installation without places yet still shows its pages."""

from functools import lru_cache
from uuid import UUID

from django.utils.translation import gettext

from thanglong.core.places import service
from thanglong.kit.errors import ThangLongError

HANOI = (105.8342, 21.0278)


def name() -> str:
    """The city's name, such as ``Hà Nội``."""
    try:
        return service.city().short_name
    except ThangLongError:
        return gettext("Your city")


def unit_name(unit: UUID) -> str:
    """A unit's full name, such as ``Phường Cửa Nam``; empty when unknown."""
    try:
        return service.full_name(unit)
    except ThangLongError:
        return ""


@lru_cache(maxsize=2)
def _middle(version: str) -> tuple[float, float]:
    """The mean of the wards' seats, each weighed by how densely it is lived in: where a city's heart is."""
    weight = east = north = 0.0
    for ward in service.wards():
        if ward.lon is None or ward.lat is None or not ward.area_km2:
            continue
        density = ((ward.population or 1) / ward.area_km2) ** 2
        weight, east, north = weight + density, east + density * ward.lon, north + density * ward.lat
    return (round(east / weight, 5), round(north / weight, 5)) if weight else HANOI


def middle() -> tuple[float, float]:
    """Where maps look first: longitude and latitude in degrees."""
    return _middle(service.version())
