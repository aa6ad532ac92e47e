"""Cases as measures count them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from thanglong.core.cases import models
from thanglong.core.cases.types import CaseFacts, Footprint
from thanglong.kit import clock

Moment = Literal["opened_at", "responded_at", "closed_at"]
COLUMNS = (
    "id", "number", "type", "unit", "subject", "opened_at", "responded_at", "due_at", "closed_at", "kind", "rating",
    "reopened", "ledger_entry", "returned", "avoidable",
)  # fmt: skip


def facts(
    types: Sequence[str], by: Moment, start: datetime, end: datetime, units: Iterable[UUID] | None
) -> Iterable[CaseFacts]:
    """Cases whose moment ``by`` lies in [start, end), in the order of unit and moment."""
    rows = models.Case.objects.filter(type__in=types, **{f"{by}__gte": start, f"{by}__lt": end})
    if units is not None:
        rows = rows.filter(unit__in=list(units))
    for row in rows.order_by("unit", by, "id").values_list(*COLUMNS).iterator(chunk_size=5000):
        yield CaseFacts(*row)


def footprints(cases: Sequence[UUID]) -> set[Footprint]:
    """Every (type, unit, day) at which something happened to these cases."""
    rows = models.Event.objects.filter(case_id__in=cases).values_list("case__type", "case__unit", "unit", "at")
    found: set[Footprint] = set()
    days: dict[datetime, date] = {}
    for type_key, now_unit, unit, at in rows:
        day = days.setdefault(at, clock.day_of(at))
        found.add(Footprint(type_key, now_unit, day))
        if unit is not None:
            found.add(Footprint(type_key, unit, day))
    return found
