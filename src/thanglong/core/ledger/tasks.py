"""Background work of the ledger."""

from thanglong.core.ledger import service


def seal() -> None:
    """Give waiting entries their place under a signed head, and publish it."""
    service.seal_and_publish()


def stamp() -> None:
    """Have the newest head stamped by the time-stamping authority, when one is set and an hour has passed."""
    service.stamp()


def health() -> str | None:
    """None when sealing keeps up, else why not."""
    return service.backlog()
