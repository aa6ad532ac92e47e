"""Rows of reports: writing one, many, finding near ones, listing, counting."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Q, QuerySet

from thanglong.domains.requests import models
from thanglong.domains.requests.repository import photos as photo_rows
from thanglong.domains.requests.types import DONE_STATES, OPEN_STATES, ListFilter, Report, State
from thanglong.kit import clock
from thanglong.kit.text import fold

_SHOWN = [
    "number",
    "category",
    "family",
    "unit",
    "subject",
    "text",
    "address",
    "lon",
    "lat",
    "coarse",
    "urgent",
    "thing",
    "rule",
    "note",
    "opened_at",
    "first_at",
    "resolved_at",
    "closed_at",
    "due_at",
    "updated_at",
    "followers",
    "transfers",
    "reopened",
    "satisfaction",
]


def to_report(row: models.Report, photos: tuple[Any, ...] = ()) -> Report:
    """A row as the public sees it."""
    values = {name: getattr(row, name) for name in _SHOWN}
    return Report(case=row.case, state=State(row.state), photos=photos, **values)


def insert(values: Mapping[str, Any], exact: tuple[float, float] | None) -> None:
    """A new report; ``exact`` is its real place when the shown one is coarse."""
    row = models.Report.objects.create(**values)
    if exact is not None:
        models.Place.objects.create(report=row, lon=exact[0], lat=exact[1])


def insert_many(rows: Sequence[Mapping[str, Any]], places: Mapping[UUID, tuple[float, float]]) -> None:
    """Many generated reports at once."""
    models.Report.objects.bulk_create([models.Report(**row) for row in rows], batch_size=500)
    models.Place.objects.bulk_create(
        [models.Place(report_id=case, lon=lon, lat=lat) for case, (lon, lat) in places.items()], batch_size=500
    )


def has(case: UUID) -> bool:
    """Whether a case has a public row."""
    return models.Report.objects.filter(case=case).exists()


def update(case: UUID, values: Mapping[str, Any], version: int | None = None) -> bool:
    """Change columns; with ``version`` only when the row is not newer. Whether a row was changed."""
    rows = models.Report.objects.filter(case=case)
    if version is not None:
        rows = rows.filter(version__lte=version)
        values = {**values, "version": version}
    return rows.update(**values) > 0


def one(*, case: UUID | None = None, number: str = "") -> Report | None:
    """A report with its photos by case id or number, or None."""
    row = models.Report.objects.filter(case=case) if case else models.Report.objects.filter(number=number)
    found = row.first()
    return to_report(found, photo_rows.shown([found.case]).get(found.case, ())) if found else None


def exact_place(case: UUID) -> tuple[float, float] | None:
    """The real place of a report shown coarsely, or None."""
    return models.Place.objects.filter(report=case).values_list("lon", "lat").first()


def by_cases(cases: Sequence[UUID]) -> list[Report]:
    """Reports of these cases, without photos, newest first."""
    rows = models.Report.objects.filter(case__in=cases).order_by("-opened_at")
    return [to_report(row) for row in rows]


def near(
    categories: Iterable[str], box: tuple[float, float, float, float], closed_since: datetime, limit: int = 200
) -> list[Report]:
    """Reports of the categories in a box (west, south, east, north) that are open or were closed since a moment."""
    west, south, east, north = box
    rows = models.Report.objects.filter(
        category__in=list(categories), lat__gte=south, lat__lte=north, lon__gte=west, lon__lte=east
    )
    rows = rows.filter(Q(state__in=OPEN_STATES) | Q(resolved_at__gte=closed_since)).exclude(state=State.REFUSED)
    return [to_report(row) for row in rows.order_by("-opened_at")[:limit]]


def _filtered(wanted: ListFilter) -> QuerySet[models.Report]:
    rows = models.Report.objects.all()
    if wanted.category:
        rows = rows.filter(category=wanted.category)
    if wanted.family:
        rows = rows.filter(family=wanted.family)
    if wanted.unit:
        rows = rows.filter(unit=wanted.unit)
    if wanted.since:
        rows = rows.filter(opened_at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(opened_at__lt=wanted.until)
    if wanted.box:
        west, south, east, north = wanted.box
        rows = rows.filter(lat__gte=south, lat__lte=north, lon__gte=west, lon__lte=east)
    if wanted.late or wanted.state == "late":
        rows = rows.filter(state__in=OPEN_STATES, due_at__lt=clock.now())
    elif wanted.state == "open":
        rows = rows.filter(state__in=OPEN_STATES)
    elif wanted.state == "done":
        rows = rows.filter(state__in=DONE_STATES)
    elif wanted.state == "refused":
        rows = rows.filter(state=State.REFUSED)
    for word in wanted.text.split()[:6]:
        # the search column holds number, subject and address without marks
        rows = rows.filter(search__contains=fold(word))
    return rows


def page(wanted: ListFilter, after: tuple[datetime, str] | None, limit: int) -> list[Report]:
    """A page of reports with their first photos, newest first, after (opened_at, number)."""
    rows = _filtered(wanted)
    if after is not None:
        opened, number = after
        rows = rows.filter(Q(opened_at__lt=opened) | Q(opened_at=opened, number__lt=number))
    found = list(rows.order_by("-opened_at", "-number")[:limit])
    photos = photo_rows.shown([row.case for row in found])
    return [to_report(row, photos.get(row.case, ())) for row in found]


def slice_of(wanted: ListFilter, numbers: Sequence[str], start: int, limit: int, codes: Sequence[str],
             states: Sequence[str]) -> list[Report]:  # fmt: skip
    """Reports for Open311: by number, or filtered by categories and states; newest first."""
    rows = models.Report.objects.filter(number__in=numbers) if numbers else _filtered(wanted)
    if not numbers and codes:
        rows = rows.filter(category__in=codes)
    if not numbers and states:
        rows = rows.filter(state__in=states)
    found = list(rows.order_by("-opened_at", "-number")[start : start + limit])
    photos = photo_rows.shown([row.case for row in found])
    return [to_report(row, photos.get(row.case, ())) for row in found]


def count(wanted: ListFilter) -> int:
    """How many reports a filter finds."""
    return _filtered(wanted).count()


def counts_by_state() -> dict[str, int]:
    """How many reports there are in each state."""
    return dict(models.Report.objects.values_list("state").annotate(n=Count("case")).order_by())


def points(wanted: ListFilter, limit: int) -> list[tuple[Any, ...]]:
    """(number, category, state, urgent, due_at, subject, lon, lat, unit, opened_at) for the map, newest first."""
    rows = _filtered(wanted).exclude(lon=None).order_by("-opened_at", "-number")
    return list(
        rows.values_list(
            "number", "category", "state", "urgent", "due_at", "subject", "lon", "lat", "unit", "opened_at"
        )[:limit]
    )


def stamp() -> tuple[int, datetime | None]:
    """(number of reports, newest change): differs whenever the list may differ."""
    found = models.Report.objects.aggregate(n=Count("case"), at=Max("updated_at"))
    return found["n"], found["at"]


def urgent_late(limit: int = 50) -> list[Report]:
    """Open urgent reports past their time, oldest first."""
    rows = models.Report.objects.filter(
        urgent=True, resolved_at__isnull=True, due_at__lt=clock.now(), state__in=OPEN_STATES
    )
    return [to_report(row) for row in rows.order_by("due_at")[:limit]]


def done_in_time(since: datetime) -> tuple[int, int]:
    """(done in time, done) among reports done since a moment."""
    rows = models.Report.objects.filter(resolved_at__gte=since, state__in=DONE_STATES)
    return rows.filter(Q(due_at=None) | Q(resolved_at__lte=F("due_at"))).count(), rows.count()


def newest_texts(limit: int) -> list[tuple[Any, ...]]:
    """(case, category, urgent, lon, lat, thing, opened_at, unit, rule) of the newest reports, for a routing dry run."""
    rows = models.Report.objects.order_by("-opened_at")
    return list(
        rows.values_list("case", "category", "urgent", "lon", "lat", "thing", "opened_at", "unit", "rule")[:limit]
    )


def misroutes() -> list[tuple[str, int, int]]:
    """(rule, reports sent by it, of which handed on)."""
    rows = models.Report.objects.values_list("rule").annotate(
        n=Count("case"), moved=Count("case", filter=Q(transfers__gt=0))
    )
    return sorted(rows.values_list("rule", "n", "moved"))


def late_updates(since: datetime, until: datetime, limit: int) -> list[Report]:
    """Reports that changed between two moments, oldest change first."""
    rows = models.Report.objects.filter(updated_at__gte=since, updated_at__lt=until).order_by("updated_at", "number")
    return [to_report(row) for row in rows[:limit]]


def unfinished(judged_within: timedelta, limit: int = 3000) -> list[Report]:
    """Open reports, and finished ones that may still be judged, oldest first (the demo's running day)."""
    since = clock.now() - judged_within
    rows = models.Report.objects.filter(
        Q(state__in=OPEN_STATES) | Q(state=State.RESOLVED, resolved_at__gte=since, satisfaction=None)
    )
    return [to_report(row) for row in rows.order_by("opened_at")[:limit]]
