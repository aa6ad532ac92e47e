"""Rows of confirmation codes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from thanglong.domains.requests import models


def insert(values: Mapping[str, Any]) -> None:
    """A new code."""
    models.Code.objects.create(**values)


def sent_since(since: datetime, *, address: str = "", client: str = "") -> int:
    """How many codes went to an address, or were asked for by one client, since a moment."""
    rows = models.Code.objects.filter(at__gte=since)
    return (rows.filter(address=address) if address else rows.filter(client=client)).count()


def any_for(case: UUID) -> bool:
    """Whether a code was ever sent for a case."""
    return models.Code.objects.filter(case=case).exists()


def take_try(code: UUID, now: datetime, most: int) -> dict[str, Any] | None:
    """Count one try and give the row; None when the code is unknown, used, over its time or tried too often."""
    rows = models.Code.objects.filter(id=code, done_at=None, expires_at__gt=now, tries__lt=most)
    if not rows.update(tries=F("tries") + 1):
        return None
    return row(code)


def done(code: UUID, now: datetime) -> bool:
    """Use a code up; False when somebody used it first."""
    return models.Code.objects.filter(id=code, done_at=None).update(done_at=now) > 0


def row(code: UUID) -> dict[str, Any] | None:
    """All columns of one code, or None."""
    found = models.Code.objects.filter(id=code).values().first()
    return dict(found) if found else None


def sweep(before: datetime) -> int:
    """Forget old codes; how many."""
    return models.Code.objects.filter(expires_at__lt=before).delete()[0]
