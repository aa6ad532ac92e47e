"""Numbers such as PA-26-000123: unique, ascending, and without a gap that a roll-back could leave.

The number is taken in the case's own transaction. On SQLite there is one writer anyway: one counter row. On PostgreSQL
a single row would make every writer of a type wait for the commit of the one before, so numbers are dealt in lanes: a
writer locks any free lane (SKIP LOCKED) and takes its next number; a lane that runs out, or a writer that finds all
lanes locked, takes a block of ``BLOCK`` numbers from lane 0, locked only then. A roll-back gives the number back.
"""

from django.db import connection
from django.db.models import F

from thanglong.core.cases.models import Counter
from thanglong.stores import bulk

BLOCK = 50


def text(prefix: str, year: int, number: int) -> str:
    """The number as people read it: PA-26-000123."""
    return f"{prefix}-{year % 100:02d}-{number:06d}"


def _head(prefix: str, year: int) -> Counter:
    """Lane 0, locked until the transaction ends."""
    rows = Counter.objects.select_for_update().filter(prefix=prefix, year=year, lane=0)
    head = rows.first()
    if head is None:
        Counter.objects.bulk_create([Counter(prefix=prefix, year=year)], ignore_conflicts=True)
        head = rows.get()
    return head


def take_block(prefix: str, year: int, count: int) -> int:
    """Reserve ``count`` consecutive numbers; the first of them."""
    first = bulk.take_next(Counter, "next", count, prefix=prefix, year=year, lane=0)
    if first is not None:
        return first
    Counter.objects.bulk_create([Counter(prefix=prefix, year=year)], ignore_conflicts=True)
    return take_block(prefix, year, count)


def take(prefix: str, year: int) -> int:
    """The next number, in the caller's transaction."""
    if not connection.features.has_select_for_update_skip_locked:
        return take_block(prefix, year, 1)
    lane = (
        Counter.objects.select_for_update(skip_locked=True)
        .filter(prefix=prefix, year=year, lane__gt=0, next__lt=F("end"))
        .order_by("lane")
        .first()
    )
    if lane is not None:
        Counter.objects.filter(pk=lane.pk).update(next=lane.next + 1)
        return lane.next
    return _refill(prefix, year)


def _refill(prefix: str, year: int) -> int:
    """Deal a new block to an empty lane, or to a new one."""
    head = _head(prefix, year)
    first = head.next
    empty = (
        Counter.objects.select_for_update(skip_locked=True)
        .filter(prefix=prefix, year=year, lane__gt=0, next__gte=F("end"))
        .first()
    )
    if empty is not None:
        Counter.objects.filter(pk=empty.pk).update(next=first + 1, end=first + BLOCK)
        Counter.objects.filter(pk=head.pk).update(next=first + BLOCK)
    else:
        # lane 0 keeps in ``end`` how many lanes there are
        Counter(prefix=prefix, year=year, lane=head.end + 1, next=first + 1, end=first + BLOCK).save(force_insert=True)
        Counter.objects.filter(pk=head.pk).update(next=first + BLOCK, end=head.end + 1)
    return first
