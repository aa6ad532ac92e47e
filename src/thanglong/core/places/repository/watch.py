"""Whether what this process has in memory may still be the truth.

The version row is read at most every :data:`PAUSE` seconds per process, and on every look inside a transaction that has
changed the places itself: such a transaction sees its own work, and nobody else does before it commits.
"""

import threading

from django.db import connection

from thanglong.kit import clock

PAUSE = 0.05


class _Mine(threading.local):
    changed = False


_mine = _Mine()
_fresh_until = 0.0


def touched() -> None:
    """This thread's transaction has changed the places."""
    _mine.changed = True


def committed() -> None:
    """This thread's change is now everybody's."""
    global _fresh_until
    _mine.changed = False
    _fresh_until = 0.0


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
