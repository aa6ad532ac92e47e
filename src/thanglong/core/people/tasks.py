"""Background work of people."""

from thanglong.core.people import service


def prune() -> None:
    """Forget failed sign-ins of days ago."""
    service.forget_old_failures()
