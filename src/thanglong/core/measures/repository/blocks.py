"""Day blocks, and figures written many at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import TextField
from django.db.models.functions import Cast

from thanglong.core.measures.models import DayBlock, MeasureValue
from thanglong.solve import tally
from thanglong.stores.upsert import change, upsert

COLUMNS = (
    "measure",
    "unit",
    "period",
    "value",
    "numerator",
    "denominator",
    "n",
    "computed_at",
    "digest",
    "ledger_entry",
)
KEY = ("measure", "unit", "period")


def blocks(measure: str, first: date, end: date) -> dict[date, tally.Array]:
    """The blocks kept of the days in [first, end)."""
    rows = DayBlock.objects.filter(measure=measure, day__gte=first, day__lt=end).values_list("day", "content")
    return {day: tally.unpack(bytes(content)) for day, content in rows.iterator(chunk_size=500)}


def keep_blocks(found: Mapping[tuple[str, date], tally.Array]) -> None:
    """Write blocks, replacing those of the same measure and day."""
    rows = [(key, day.isoformat(), tally.pack(block)) for (key, day), block in found.items()]
    upsert(DayBlock, ("measure", "day", "content"), ("measure", "day"), rows)


def drop_blocks(before: date) -> int:
    """Drop blocks of days long past; they are made again from the records when a late change asks for them."""
    return DayBlock.objects.filter(day__lt=before).delete()[0]


def forget_blocks(measure: str, since: date) -> None:
    """Drop a measure's blocks since a day, because everything is to be counted anew."""
    DayBlock.objects.filter(measure=measure, day__gte=since).delete()


def write(rows: Sequence[tuple[Any, ...]], known: Mapping[str, tuple[int, str]], at: datetime) -> None:
    """Write figures ``(measure, unit, period, value, numerator, denominator, n, digest)``; unit and period as text.

    ``known`` is what :func:`standing` gave. A figure that is written again loses its ledger entry, because it is
    another figure now.
    """
    new = [(*row[:7], at, row[7], None) for row in rows if row[1] not in known]
    old = [(*row[3:7], at, row[7], None, known[row[1]][0]) for row in rows if row[1] in known]
    upsert(MeasureValue, COLUMNS, KEY, new)
    change(MeasureValue, COLUMNS[3:], old)


def standing(measure: str, period: date) -> dict[str, tuple[int, str]]:
    """Unit (32 hexadecimal digits) -> id and digest of a period's figures as they stand."""
    rows = MeasureValue.objects.filter(measure=measure, period=period)
    found = rows.values_list(Cast("unit", TextField()), "id", "digest")
    return {unit.replace("-", ""): (id, digest) for unit, id, digest in found}


def of_units(measure: str, period: date, units: Iterable[UUID]) -> None:
    """Drop figures behind which nothing stands any more."""
    wanted = list(units)
    for start in range(0, len(wanted), 500):
        MeasureValue.objects.filter(measure=measure, period=period, unit__in=wanted[start : start + 500]).delete()
