"""Background work of places."""

from thanglong.core.places import service


def enforce() -> None:
    """Bring into force the reorganisations whose day has come."""
    service.enforce_due()


def follow() -> None:
    """Move what has come into units that had ended."""
    service.follow_up()
