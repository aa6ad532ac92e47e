"""Background work of places."""

from thanglong.core.places import service


def enforce() -> None:
    """Bring into force the reorganisations whose day has come."""
    service.enforce_due()
