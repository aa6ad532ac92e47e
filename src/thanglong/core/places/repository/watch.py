"""Whether what this process has in memory may still be the truth.

The version row is read once per request (inside :func:`pinned`), elsewhere at most every :data:`PAUSE` seconds per
process, and on every look inside a transaction that has changed the places itself: such a transaction sees its own
work, and nobody else does before it commits.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import connection

from thanglong.kit import clock

PAUSE = 0.05


class _Mine(threading.local):
    changed = False


_mine = _Mine()
_fresh_until = 0.0


@dataclass(slots=True)
class Pin:
    """What a block has read; None: nothing yet, or the block has changed the places since."""

    kept: Any = None


_pin: ContextVar[Pin | None] = ContextVar("thanglong_places", default=None)


@contextmanager
def pinned() -> Iterator[None]:
    """Read the version row at most once in this block (one request, one task): all of it sees the same places.

    A change made inside the block is seen by the block at once.
    """
    if _pin.get() is not None:
        yield
        return
    token = _pin.set(Pin())
    try:
        yield
    finally:
        _pin.reset(token)


def pin() -> Pin | None:
    """The pin of the block this runs in."""
    return _pin.get()


def _unpin() -> None:
    held = _pin.get()
    if held is not None:
        held.kept = None


def touched() -> None:
    """This thread's transaction has changed the places."""
    _mine.changed = True
    _unpin()


def committed() -> None:
    """This thread's change is now everybody's."""
    global _fresh_until
    _mine.changed = False
    _fresh_until = 0.0
    _unpin()


def must_look() -> bool:
    """Whether the version row has to be read before memory is trusted."""
    if _mine.changed:
        if not connection.in_atomic_block:  # rolled back
            committed()
        return True
    return clock.monotonic() >= _fresh_until


def looked() -> None:
    """The version row has just been read."""
    global _fresh_until
    if not _mine.changed:
        _fresh_until = clock.monotonic() + PAUSE


def alone() -> bool:
    """Whether what this thread reads may differ from what others may see."""
    return _mine.changed
