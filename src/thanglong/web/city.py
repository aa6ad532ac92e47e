"""Names of places for the frame, from core.places; a house without places yet still shows its pages."""

from uuid import UUID

from django.utils.translation import gettext

from thanglong.kit.errors import ThangLongError


def name() -> str:
    """The city's name, such as ``Hà Nội``."""
    from thanglong.core.places import service

    try:
        return service.city().short_name
    except ThangLongError:
        return gettext("Your city")


def unit_name(unit: UUID) -> str:
    """A unit's full name, such as ``Phường Cửa Nam``; empty when unknown."""
    from thanglong.core.places import service

    try:
        return service.full_name(unit)
    except ThangLongError:
        return ""
