"""What a reform of units asks of the tables of cases: open work by unit, moved many rows at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from thanglong.core.cases import models
from thanglong.core.cases.repository.rows import EVENT, to_case
from thanglong.core.cases.types import Case
from thanglong.stores import bulk, upsert

CHUNK = 1000


def counts(units: Iterable[UUID]) -> tuple[int, int, int, int]:
    """Of these units: open cases, those of them without a place, closed cases, and opinions still asked for."""
    rows = models.Case.objects.filter(unit__in=list(units)).aggregate(
        open=Count("id", filter=Q(closed_at__isnull=True)),
        bare=Count("id", filter=Q(closed_at__isnull=True, lon__isnull=True)),
        closed=Count("id", filter=Q(closed_at__isnull=False)),
    )
    asked = models.Opinion.objects.filter(state="asked", unit__in=list(units)).count()
    return rows["open"], rows["bare"], rows["closed"], asked


def open_cases(unit: UUID) -> Iterator[list[Case]]:
    """The open cases of a unit in chunks, in the order in which they were opened.

    In this order, because the word index of SQLite collects what is written to ascending rows and writes it out at
    once; a row out of order makes it write out everything before.
    """
    found = models.Case.objects.filter(unit=unit, closed_at__isnull=True).order_by("opening", "id")
    ids = list(found.values_list("id", flat=True))
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        rows = models.Case.objects.select_for_update().filter(pk__in=chunk, unit=unit, closed_at__isnull=True)
        yield [to_case(row) for row in rows.order_by("opening", "id")]


def move(cases: Sequence[Case], events: Sequence[Mapping[str, Any]]) -> None:
    """Write unit, assignee, version and ledger entry of cases anew, and add their events."""
    columns = ("unit", "assignee", "assignee_label", "version", "ledger_entry")
    upsert.change(
        models.Case, columns,
        [(case.unit, case.assignee, case.assignee_label, case.version, case.ledger_entry, case.id) for case in cases],
    )  # fmt: skip
    bulk.insert(models.Event, EVENT, ([event[name] for name in EVENT] for event in events))


def asked(units: Iterable[UUID]) -> list[tuple[UUID, UUID, UUID, float | None, float | None]]:
    """Opinions still asked of these units: id, unit, case, and the case's place."""
    rows = models.Opinion.objects.filter(state="asked", unit__in=list(units)).order_by("id")
    return list(rows.values_list("id", "unit", "case_id", "case__lon", "case__lat"))


def ask_instead(opinion: UUID, case_id: UUID, unit: UUID) -> bool:
    """Ask another unit; False (and the question withdrawn) when that unit is asked about this case already."""
    if models.Opinion.objects.filter(case_id=case_id, unit=unit, state="asked").exists():
        models.Opinion.objects.filter(pk=opinion).update(state="withdrawn")
        return False
    models.Opinion.objects.filter(pk=opinion).update(unit=unit)
    return True
