"""The work queue, search and lists: one query for a page, one for its counts, whatever the types and units."""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Case as When_
from django.db.models import Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from thanglong.core.cases import models
from thanglong.core.cases.repository.rows import to_case
from thanglong.core.cases.types import Bucket, Case, QueueCounts, QueueFilter, UnitLoad
from thanglong.kit.ports import Reach
from thanglong.kit.text import fold
from thanglong.stores import words

Rows = QuerySet[models.Case]
MAX_WORDS = 6


def within(reach: Reach, rows: Rows | None = None) -> Rows:
    """The cases of the units in reach."""
    rows = models.Case.objects.all() if rows is None else rows
    return rows if reach.everywhere else rows.filter(unit__in=reach.units)


def _bucket(bucket: Bucket, now: datetime, day_end: datetime, mine: UUID | None) -> Q:
    if bucket == "late":
        return Q(kind="open", due_at__lt=now)
    if bucket == "today":
        return Q(kind="open", due_at__gte=now, due_at__lte=day_end)
    if bucket == "soon":
        return Q(kind="open") & (Q(due_at__gt=day_end) | Q(due_at__isnull=True))
    if bucket == "waiting":
        return Q(kind="waiting")
    if bucket == "new":
        return Q(kind="open", assignee__isnull=True)
    return Q(assignee=mine)


def _encode(row: models.Case, closed: bool) -> str:
    moment = row.closed_at if closed else row.due_at
    raw = json.dumps([moment.isoformat() if moment else None, str(row.id)])
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[datetime | None, UUID] | None:
    """Moment and id of the last case of the page before; None for a cursor that is not one of ours."""
    try:
        moment, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return (datetime.fromisoformat(moment) if moment else None), UUID(key)
    except (ValueError, TypeError):
        return None


def _after(rows: Rows, cursor: str, closed: bool) -> Rows:
    position = decode(cursor) if cursor else None
    if position is None:
        return rows
    moment, key = position
    if closed:
        return rows.filter(Q(closed_at__lt=moment) | Q(closed_at=moment, id__gt=key))
    if moment is None:
        return rows.filter(due_at__isnull=True, id__gt=key)
    return rows.filter(Q(due_at__gt=moment) | Q(due_at=moment, id__gt=key) | Q(due_at__isnull=True))


def _matching(rows: Rows, text: str, reach: Reach, limit: int = 1000) -> Rows:
    """The newest ``limit`` of the rows in reach that hold every word, by the word index."""
    asked = fold(text).split()[:MAX_WORDS]
    if not asked:
        return rows
    return rows.filter(opening__in=words.newest(asked, None if reach.everywhere else reach.units, limit))


def page(
    reach: Reach,
    wanted: QueueFilter,
    now: datetime,
    day_end: datetime,
    mine: UUID | None,
    of: Sequence[UUID] = (),
) -> tuple[list[Case], str | None]:
    """One page of the queue, most urgent first, and the cursor of the next; ``of`` narrows it to some units."""
    closed = wanted.bucket == "closed"
    rows = within(reach).filter(closed_at__isnull=not closed)
    if wanted.bucket and not closed:
        rows = rows.filter(_bucket(wanted.bucket, now, day_end, mine))
    for name, given in (("type", wanted.type), ("unit__in", of), ("assignee", wanted.assignee)):
        if given:
            rows = rows.filter(**{name: given})
    rows = _after(_matching(rows, wanted.text, reach), wanted.after, closed)
    order = ("-closed_at", "id") if closed else (F("due_at").asc(nulls_last=True), "id")
    found = list(rows.order_by(*order)[: wanted.limit + 1])
    more = len(found) > wanted.limit
    found = found[: wanted.limit]
    return [to_case(row) for row in found], _encode(found[-1], closed) if more else None


def counts(reach: Reach, now: datetime, day_end: datetime, mine: UUID | None) -> QueueCounts:
    """Open cases per bucket, type and unit, in one grouped query over a covering index."""
    bucket = When_(
        When(kind="waiting", then=Value("waiting")),
        When(due_at__isnull=True, then=Value("soon")),
        When(due_at__lt=now, then=Value("late")),
        When(due_at__lte=day_end, then=Value("today")),
        default=Value("soon"),
    )
    rows = within(reach).filter(closed_at__isnull=True)
    groups = (
        rows.annotate(
            bucket=bucket,
            hand=When_(
                When(kind="open", assignee__isnull=True, then=Value("new")),
                When(assignee=mine, then=Value("mine")) if mine else When(assignee__isnull=True, then=Value("free")),
                default=Value("others"),
            ),
        )
        .order_by()
        .values_list("bucket", "hand", "type", "unit")
        .annotate(n=Count("id"))
    )
    buckets: Counter[str] = Counter({"late": 0, "today": 0, "soon": 0, "waiting": 0, "new": 0, "mine": 0})
    types: Counter[str] = Counter()
    units: Counter[UUID] = Counter()
    for name, hand, type_key, unit, n in groups:
        buckets[name] += n
        types[type_key] += n
        units[unit] += n
        if hand in ("new", "mine"):
            buckets[hand] += n
    return QueueCounts(dict(buckets), dict(types), dict(units))


def search(reach: Reach, text: str, limit: int) -> list[Case]:
    """The case of this very number, else the newest cases whose number, subject or address holds every word."""
    exact = within(reach).filter(number=text.strip().upper()).first()
    if exact is not None:
        return [to_case(exact)]
    rows = _matching(within(reach), text, reach, limit).order_by("-opened_at", "-opening")[:limit]
    return [to_case(row) for row in rows]


def in_box(box: tuple[float, float, float, float], type_key: str, since: datetime | None, limit: int) -> list[Case]:
    """The newest cases in west, south, east, north."""
    west, south, east, north = box
    rows = models.Case.objects.filter(lon__gte=west, lon__lte=east, lat__gte=south, lat__lte=north)
    if type_key:
        rows = rows.filter(type=type_key)
    if since is not None:
        rows = rows.filter(opened_at__gte=since)
    return [to_case(row) for row in rows.order_by("-opened_at")[:limit]]


def listed(
    *,
    types: Iterable[str],
    public_states: Iterable[str],
    units: Iterable[UUID] | None,
    since: datetime | None,
    until: datetime | None,
    kinds: Iterable[str],
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Case]:
    """Cases by type, state, unit and opening time, newest first: lists, open data and Open311."""
    rows = models.Case.objects.filter(type__in=list(types))
    if states := list(public_states):
        rows = rows.filter(state__in=states)
    if units is not None:
        rows = rows.filter(unit__in=list(units))
    if kinds := list(kinds):
        rows = rows.filter(kind__in=kinds)
    if since is not None:
        rows = rows.filter(opened_at__gte=since)
    if until is not None:
        rows = rows.filter(opened_at__lte=until)
    if before is not None:
        rows = rows.filter(Q(opened_at__lt=before[0]) | Q(opened_at=before[0], id__lt=before[1]))
    return [to_case(row) for row in rows.order_by("-opened_at", "-id")[:limit]]


def loads(reach: Reach, now: datetime, since: datetime) -> list[UnitLoad]:
    """Load, lateness and ratings per unit since a moment, in three grouped queries."""
    open_rows = (
        within(reach)
        .filter(closed_at__isnull=True)
        .order_by()
        .values_list("unit")
        .annotate(
            n=Count("id"),
            late=Count("id", filter=Q(kind="open", due_at__lt=now)),
            waiting=Count("id", filter=Q(kind="waiting")),
        )
    )
    closed_rows = (
        within(reach)
        .filter(closed_at__gte=since)
        .order_by()
        .values_list("unit")
        .annotate(
            n=Count("id"),
            good=Count("id", filter=Q(due_at__isnull=True) | Q(due_at__gte=F("closed_at"))),
            rated=Count("rating"),
            stars=Coalesce(Sum("rating"), 0),
        )
    )
    opened_rows = within(reach).filter(opened_at__gte=since).order_by().values_list("unit").annotate(n=Count("id"))
    now_open = {unit: figures for unit, *figures in open_rows}
    closed = {unit: figures for unit, *figures in closed_rows}
    opened: dict[UUID, int] = dict(opened_rows)
    loads = []
    for unit in sorted(now_open.keys() | closed.keys() | opened.keys()):
        total, late, waiting = now_open.get(unit, (0, 0, 0))
        done, in_time, rated, stars = closed.get(unit, (0, 0, 0, 0))
        loads.append(UnitLoad(unit, total, late, waiting, opened.get(unit, 0), done, in_time, rated, stars))
    return loads


def to_check(now: datetime, limit: int) -> list[UUID]:
    """Ids of cases whose time has come: an escalation step or an automatic action."""
    rows = models.Case.objects.filter(check_at__lte=now).order_by("check_at")
    return list(rows.values_list("id", flat=True)[:limit])
