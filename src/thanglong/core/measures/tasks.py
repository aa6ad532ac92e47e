"""Background work of measures."""

from thanglong.core.measures import service
from thanglong.kit import bus


@bus.task("measures.work")
def work() -> None:
    """Compute what changed."""
    service.work()


@bus.task("measures.close")
def close() -> None:
    """Enter the figures of ended periods into the ledger."""
    service.close_periods()


@bus.task("measures.check")
def check() -> None:
    """Raise and clear alerts of figures outside their band."""
    service.check()


bus.every(3, "measures.work")
bus.every(60, "measures.close")
bus.every(60, "measures.check")
