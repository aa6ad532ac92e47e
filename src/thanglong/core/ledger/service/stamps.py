"""Time stamps of an outside authority over signed heads (RFC 3161).

With them not even the city can say later that a head is older than it is. Off unless an authority is set; nothing waits
for it.
"""

from datetime import datetime, timedelta

from thanglong.core.ledger import repository, rules
from thanglong.core.ledger.types import Stamp
from thanglong.kit import clock, ports
from thanglong.kit.errors import NotFound
from thanglong.stores import stamps as authority

EVERY = timedelta(hours=1)


def stamp() -> Stamp | None:
    """Stamp the newest head when the last stamp is an hour old; None when there is nothing to do.

    Unavailable when the authority does not answer: the worker tries again a minute later.
    """
    stamper, head, last = ports.plugged.stamper, repository.head(), repository.newest_stamp()
    if stamper is None or head is None:
        return None
    if last is not None and ((last.year, last.size) == (head.year, head.size) or clock.now() - last.at < EVERY):
        return None
    token = stamper.stamp(rules.signed_text(head))  # outside of any transaction: the network may be slow
    made = Stamp(head.year, head.size, clock.now(), stamper.authority, token)
    with repository.atomic():
        repository.add_stamp(made)
    return made


def newest_stamp() -> Stamp | None:
    """The newest stamp; None when there is none."""
    return repository.newest_stamp()


def stamps(year: int) -> list[Stamp]:
    """The stamps of a year, oldest first."""
    return repository.stamps(year)


def stamped_at(stamp: Stamp, roots: bytes | None = None) -> datetime:
    """The moment that a stamp proves; Unavailable when it does not hold (``roots``: PEM of the authority's roots)."""
    head = repository.head_of(stamp.year, stamp.size)
    if head is None:
        raise NotFound()
    return authority.moment(stamp.token, rules.signed_text(head), roots)
