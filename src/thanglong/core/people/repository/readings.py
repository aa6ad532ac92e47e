"""Rows of the log of personal data read."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from thanglong.core.people import models
from thanglong.core.people.types import Purpose, Reading
from thanglong.kit.ids import new_id


def add(
    subject: str, what: str, reader: UUID, role: str, unit: UUID | None, purpose: Purpose, note: str, at: datetime
) -> None:
    """Insert one."""
    models.Reading.objects.create(
        id=new_id(), subject=subject, what=what, reader=reader, role=role, unit=unit, purpose=purpose, note=note, at=at
    )


def stated(subject: str, what: str, reader: UUID, since: datetime) -> bool:
    """Whether a purpose was stated since."""
    rows = models.Reading.objects.filter(subject=subject, what=what, reader=reader, at__gte=since)
    return rows.exclude(purpose=Purpose.HANDLING).exists()


def seen(subject: str, what: str, reader: UUID, since: datetime) -> bool:
    """Whether a look of the same reader is recorded since."""
    return models.Reading.objects.filter(subject=subject, what=what, reader=reader, at__gte=since).exists()


def of(subjects: Sequence[str], limit: int) -> list[Reading]:
    """The newest first."""
    rows = models.Reading.objects.filter(subject__in=list(subjects)).order_by("-at", "-id")[:limit]
    return [
        Reading(row.at, row.what, row.role, row.unit, Purpose(row.purpose), row.note, row.reader, row.subject)
        for row in rows
    ]


def prune(before: datetime) -> int:
    """Forget what is older; how many."""
    return models.Reading.objects.filter(at__lt=before).delete()[0]
