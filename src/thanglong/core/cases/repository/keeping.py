"""What is due for erasure."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from thanglong.core.cases import models


def due(now: datetime, limit: int = 100_000) -> list[UUID]:
    """Closed cases whose files' time is over, longest first."""
    rows = models.Case.objects.filter(documents_until__lte=now).order_by("documents_until")
    return list(rows.values_list("id", flat=True)[:limit])


def count_files(cases: Sequence[UUID]) -> int:
    """How many files these cases still have."""
    return models.Document.objects.filter(case_id__in=cases, erased_at__isnull=True).count()


def erase(case_id: UUID, now: datetime) -> list[tuple[str, str, str]]:
    """Note that a case's files are gone; the digests of their bytes (original, view, preview)."""
    rows = models.Document.objects.filter(case_id=case_id, erased_at__isnull=True)
    found = list(rows.values_list("digest", "view", "thumb"))
    rows.update(erased_at=now, view="", thumb="")
    models.Case.objects.filter(pk=case_id).update(documents_until=None)
    return found
