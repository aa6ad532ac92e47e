"""What a unit's week is made of: a handful of queries, each bounded."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q, Sum

from thanglong.core.cases import models
from thanglong.core.cases.repository.rows import to_case
from thanglong.core.cases.types import Case, Finished, Pace

MAX_ROWS = 20_000


def opened(unit: UUID, since: datetime, until: datetime) -> list[datetime]:
    """When the unit's cases of a span were opened."""
    rows = models.Case.objects.filter(unit=unit, opened_at__gte=since, opened_at__lt=until)
    return list(rows.values_list("opened_at", flat=True)[:MAX_ROWS])


def finished(unit: UUID, since: datetime, until: datetime) -> list[Finished]:
    """The cases that the unit finished within a span."""
    rows = models.Case.objects.filter(unit=unit, closed_at__gte=since, closed_at__lt=until).order_by("closed_at")
    columns = ("opened_at", "responded_at", "due_at", "closed_at", "rating", "reopened")
    return [Finished(*row) for row in rows.values_list(*columns)[:MAX_ROWS]]


def open_figures(unit: UUID, now: datetime, end: datetime) -> tuple[int, int, int, int]:
    """Open, late, due today and waiting cases of a unit."""
    rows = models.Case.objects.filter(unit=unit, closed_at__isnull=True)
    found = rows.aggregate(
        all=Count("id"),
        late=Count("id", filter=Q(kind="open", due_at__lt=now)),
        today=Count("id", filter=Q(kind="open", due_at__gte=now, due_at__lte=end)),
        waiting=Count("id", filter=Q(kind="waiting")),
    )
    return found["all"], found["late"], found["today"], found["waiting"]


def hands(unit: UUID, now: datetime, end: datetime) -> list[tuple[UUID, str, int, int, int]]:
    """Per person in charge: id, name, open cases, late ones, due by the end of today."""
    rows = models.Case.objects.filter(unit=unit, closed_at__isnull=True, assignee__isnull=False).order_by()
    groups = rows.values_list("assignee", "assignee_label").annotate(
        n=Count("id"),
        late=Count("id", filter=Q(kind="open", due_at__lt=now)),
        today=Count("id", filter=Q(kind="open", due_at__gte=now, due_at__lte=end)),
    )
    return list(groups)


def urgent(unit: UUID, now: datetime, limit: int) -> list[Case]:
    """The unit's open cases that need its head: late, escalated or reopened, the latest first."""
    rows = models.Case.objects.filter(unit=unit, closed_at__isnull=True, kind="open")
    rows = rows.filter(Q(due_at__lt=now) | Q(reopened__gt=0) | Q(level__gt=0))
    return [to_case(row) for row in rows.order_by("due_at", "id")[:limit]]


def paces(units: Iterable[UUID], since: datetime, until: datetime) -> list[Pace]:
    """How fast and how well units finished their cases of a span, in one grouped query."""
    length = ExpressionWrapper(F("closed_at") - F("opened_at"), output_field=DurationField())
    rows = (
        models.Case.objects.filter(unit__in=list(units), closed_at__gte=since, closed_at__lt=until)
        .order_by()
        .values_list("unit")
        .annotate(
            n=Count("id"),
            good=Count("id", filter=Q(due_at__isnull=True) | Q(due_at__gte=F("closed_at"))),
            again=Count("id", filter=Q(reopened__gt=0)),
            rated=Count("rating"),
            stars=Sum("rating"),
            mean=Avg(length),
        )
    )
    return [
        Pace(unit, n, good, again, rated, stars or 0, mean or timedelta())
        for unit, n, good, again, rated, stars, mean in rows
    ]
