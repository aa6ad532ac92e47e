"""Rows that count reports by sender."""

from datetime import datetime

from thanglong.domains.requests import models


def insert(mark: str, at: datetime) -> None:
    """One report of a sender."""
    models.Sending.objects.create(mark=mark, at=at)


def nth_newest(mark: str, since: datetime, most: int) -> datetime | None:
    """When the ``most``-th newest report of a sender since a moment came; None when there were fewer."""
    rows = models.Sending.objects.filter(mark=mark, at__gt=since).order_by("-at").values_list("at", flat=True)
    return next(iter(rows[most - 1 : most]), None)


def sweep(before: datetime) -> int:
    """Forget old rows; how many."""
    return models.Sending.objects.filter(at__lt=before).delete()[0]
