"""What people set and saw: corrections and alerts."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from thanglong.core.measures import models
from thanglong.core.measures.models import MeasureValue
from thanglong.core.measures.types import Alert, Correction


def _correction(row: models.Correction) -> Correction:
    return Correction(
        row.pk,
        row.measure,
        row.unit,
        row.period,
        row.before,
        row.value,
        row.reason,
        row.by_label,
        row.at,
        row.ledger_entry,
    )


def corrections(measure: str) -> dict[tuple[UUID, date], Correction]:
    """The corrections of a measure that hold, by unit and period."""
    rows = models.Correction.objects.filter(measure=measure, withdrawn_at__isnull=True)
    return {(row.unit, row.period): _correction(row) for row in rows}


def correct(fresh: Correction, by: UUID | None) -> Correction:
    """Enter a correction; one that held for the same figure is withdrawn."""
    withdraw(fresh.measure, fresh.unit, fresh.period, fresh.at)
    row = models.Correction.objects.create(
        measure=fresh.measure, unit=fresh.unit, period=fresh.period, before=fresh.before, value=fresh.value,
        reason=fresh.reason, by=by, by_label=fresh.by, at=fresh.at, ledger_entry=fresh.ledger_entry,
    )  # fmt: skip
    return _correction(row)


def withdraw(measure: str, unit: UUID, period: date, at: datetime) -> bool:
    """End the correction of a figure; whether there was one. Its period has to be closed anew."""
    MeasureValue.objects.filter(measure=measure, unit=unit, period=period).update(ledger_entry=None)
    rows = models.Correction.objects.filter(measure=measure, unit=unit, period=period, withdrawn_at__isnull=True)
    return rows.update(withdrawn_at=at) > 0


def _alert(row: models.Alert) -> Alert:
    return Alert(
        row.pk, row.measure, row.unit, row.period, row.side, row.value, row.raised_at, row.cleared_at, row.seen_by,  # type: ignore[arg-type]
        row.seen_at, row.note,
    )  # fmt: skip


def open_alerts(measure: str | None = None) -> list[Alert]:
    """Alerts that stand, newest first."""
    rows = models.Alert.objects.filter(cleared_at__isnull=True).order_by("-raised_at", "-pk")
    return [_alert(row) for row in (rows.filter(measure=measure) if measure else rows)]


def alert(id: int) -> Alert | None:
    """One alert."""
    row = models.Alert.objects.filter(pk=id).first()
    return _alert(row) if row else None


def raise_alert(measure: str, unit: UUID, period: date, side: str, value: float, at: datetime) -> Alert:
    """Enter an alert."""
    row = models.Alert.objects.create(measure=measure, unit=unit, period=period, side=side, value=value, raised_at=at)
    return _alert(row)


def clear_alerts(ids: Iterable[int], at: datetime) -> None:
    """Note that figures are back inside their band."""
    models.Alert.objects.filter(pk__in=list(ids)).update(cleared_at=at)


def see_alert(id: int, by: str, note: str, at: datetime) -> None:
    """Note who has seen an alert and what he says to it."""
    models.Alert.objects.filter(pk=id).update(seen_by=by, seen_at=at, note=note)
