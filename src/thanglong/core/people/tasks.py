"""Background work of people."""

from thanglong.core.people import service


def prune() -> None:
    """Forget failed sign-ins, browsers not seen for a month, codes and links that are over, old readings."""
    service.forget_old_failures()
    service.forget_old_sessions()
    service.forget_old_readings()
    service.forget_old_codes()
