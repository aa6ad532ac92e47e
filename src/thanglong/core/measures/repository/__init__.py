"""Every query of measures."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from thanglong.core.measures.models import Cursor, Dirty, MeasureValue
from thanglong.core.measures.types import Figure, Value

CHUNK = 500


def atomic() -> transaction.Atomic:
    """One transaction."""
    return transaction.atomic()


def to_figure(row: MeasureValue) -> Figure:
    """The figure of a row."""
    return Figure(
        row.measure, row.unit, row.period, row.value, row.numerator, row.denominator, row.n, row.computed_at,
        row.digest, row.ledger_entry,
    )  # fmt: skip


def figures(
    measure: str, *, units: Iterable[UUID] | None = None, first: date | None = None, last: date | None = None
) -> list[Figure]:
    """Figures of a measure by period and unit."""
    rows = MeasureValue.objects.filter(measure=measure).order_by("period", "unit")
    if units is not None:
        rows = rows.filter(unit__in=list(units))
    if first is not None:
        rows = rows.filter(period__gte=first)
    if last is not None:
        rows = rows.filter(period__lte=last)
    return [to_figure(row) for row in rows]


def figure(measure: str, unit: UUID, period: date) -> Figure | None:
    """One figure."""
    row = MeasureValue.objects.filter(measure=measure, unit=unit, period=period).first()
    return to_figure(row) if row else None


def known_periods(measure: str) -> list[date]:
    """The periods for which a measure has figures, newest first."""
    rows = MeasureValue.objects.filter(measure=measure).order_by("-period")
    return list(rows.values_list("period", flat=True).distinct())


def computed_at(measure: str, period: date) -> datetime | None:
    """When the newest figure of a period was computed."""
    rows = MeasureValue.objects.filter(measure=measure, period=period)
    newest: datetime | None = rows.aggregate(newest=Max("computed_at"))["newest"]
    return newest


def save(measure: str, values: Sequence[tuple[Value, str]], at: datetime) -> None:
    """Insert or replace figures; a replaced figure loses its ledger entry, because it is another figure now."""
    rows = [
        MeasureValue(
            measure=measure, unit=value.unit, period=value.period, value=value.value, numerator=value.numerator,
            denominator=value.denominator, n=value.n, computed_at=at, digest=digest, ledger_entry=None,
        )
        for value, digest in values
    ]  # fmt: skip
    MeasureValue.objects.bulk_create(
        rows,
        batch_size=CHUNK,
        update_conflicts=True,
        unique_fields=["measure", "unit", "period"],
        update_fields=["value", "numerator", "denominator", "n", "computed_at", "digest", "ledger_entry"],
    )


def remove(measure: str, period: date, units: Iterable[UUID]) -> None:
    """Drop figures behind which nothing stands any more."""
    MeasureValue.objects.filter(measure=measure, period=period, unit__in=list(units)).delete()


def mark(cells: Iterable[tuple[str, UUID, date]]) -> None:
    """Note figures that have to be computed again."""
    rows = [Dirty(measure=measure, unit=unit, period=period) for measure, unit, period in cells]
    Dirty.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)


def take_dirty(limit: int) -> list[tuple[str, UUID, date]]:
    """Take up to ``limit`` cells to compute, in the caller's transaction; the oldest notes first."""
    rows = list(Dirty.objects.order_by("id")[:limit])
    Dirty.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return [(row.measure, row.unit, row.period) for row in rows]


def cursor(name: str) -> int:
    """How far a log was followed."""
    return Cursor.objects.filter(name=name).values_list("seq", flat=True).first() or 0


def set_cursor(name: str, seq: int) -> None:
    """Note how far a log was followed."""
    Cursor.objects.update_or_create(name=name, defaults={"seq": seq})


def open_periods(measure: str, before: date, limit: int = 24) -> list[date]:
    """Periods that begin before a day and hold a figure without a ledger entry, oldest first."""
    rows = MeasureValue.objects.filter(measure=measure, period__lt=before, ledger_entry__isnull=True)
    return list(rows.order_by("period").values_list("period", flat=True).distinct()[:limit])


def close(measure: str, period: date, entry: int) -> None:
    """Note the ledger entry of a period's figures."""
    MeasureValue.objects.filter(measure=measure, period=period).update(ledger_entry=entry)
