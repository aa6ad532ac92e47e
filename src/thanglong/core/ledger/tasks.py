"""Background work of the ledger."""

from thanglong.core.ledger import service


def seal() -> None:
    """Give waiting entries their place under a signed head."""
    service.seal()


def health() -> str | None:
    """None when sealing keeps up, else why not."""
    return service.backlog()
