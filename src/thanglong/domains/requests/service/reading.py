"""Reading reports: the public list and map, one report, figures, alarms, search, and Open311's windows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from thanglong.domains.requests.repository import reports
from thanglong.domains.requests.rules import CATEGORIES, FAMILIES, category, read
from thanglong.domains.requests.service import words
from thanglong.domains.requests.service.syncing import state_word
from thanglong.domains.requests.types import OPEN_STATES, Category, Family, ListFilter, Report, State
from thanglong.kit import clock, ports
from thanglong.kit.errors import NotFound
from thanglong.kit.paging import Page
from thanglong.kit.ports import Actor
from thanglong.solve import matching

MAX_POINTS = 10_000
PAGE = 50
LEAST_SURE = 0.3
Point = Mapping[str, Any]


def report(number: str) -> Report:
    """One report as the public sees it; NotFound."""
    found = reports.one(number=number)
    if found is None:
        raise NotFound()
    return found


def report_of(case: UUID) -> Report | None:
    """The report of a case, or None."""
    return reports.one(case=case)


def _cursor(text: str) -> tuple[datetime, str] | None:
    moment, _, number = text.partition("|")
    try:
        return (datetime.fromisoformat(moment), number) if number else None
    except ValueError:
        return None


def listed(wanted: ListFilter, after: str = "", limit: int | None = None) -> Page[Report]:
    """A page of the public list, newest first."""
    limit = limit or PAGE
    found = reports.page(wanted, _cursor(after), min(limit, 200) + 1)
    more = len(found) > limit
    found = found[:limit]
    following = f"{found[-1].opened_at.isoformat()}|{found[-1].number}" if more else None
    return Page(found, following)


def counts(wanted: ListFilter) -> int:
    """How many reports a filter finds."""
    return reports.count(wanted)


def list_version() -> str:
    """A token that changes whenever list or map may change."""
    number, at = reports.stamp()
    return f"{number}-{at.timestamp() if at else 0:.3f}"


def map_points(wanted: ListFilter, limit: int = MAX_POINTS) -> list[Point]:
    """The newest reports with a place as GeoJSON features; ``state`` is normal, notice, urgent or silent."""
    now = clock.now()
    names: dict[UUID, str] = {}
    features: list[Point] = []
    for number, key, state, urgent, due_at, title, lon, lat, unit, opened_at in reports.points(wanted, limit):
        kind = category(key)
        if unit not in names:
            names[unit] = words.unit_name(unit)
        word = state_word(state)
        late = word == "open" and due_at is not None and due_at < now
        features.append(
            {
                "type": "Feature",
                "id": number,
                "geometry": {"type": "Point", "coordinates": [lon, lat]},
                "properties": {
                    "id": number,
                    "title": title,
                    "meta": f"{words.said(kind.title) if kind else key} · {names[unit]}",
                    "url": f"/reports/{number}/",
                    "icon": kind.icon if kind else "report",
                    "state": "silent"
                    if word != "open"
                    else "urgent"
                    if urgent and late
                    else "notice"
                    if late
                    else "normal",
                    "status": word,
                    "category": key,
                    "opened": opened_at.isoformat(),
                },
            }
        )
    return features


def categories() -> tuple[Category, ...]:
    """The categories of reports; their texts are message ids."""
    return CATEGORIES


def category_of(key: str) -> Category | None:
    """The category of a key, or None."""
    return category(key)


def family_title(family: Family) -> str:
    """The message id of a family's name."""
    return FAMILIES[family]


def find_category(actor: Actor, text: str, limit: int) -> Iterable[Mapping[str, Any]]:
    """Ways to report what a text is about, for the one search line."""
    for guess in read(text, limit).guesses:
        kind = category(guess.category)
        if kind is not None and guess.confidence >= LEAST_SURE:
            yield {
                "title": gettext("Report: %(what)s") % {"what": words.said(kind.title)},
                "meta": words.said(kind.description),
                "url": f"/report/?category={kind.key}",
                "icon": kind.icon,
            }


def nearby(lon: float, lat: float, radius_m: float, limit: int) -> Iterable[Mapping[str, Any]]:
    """Open reports around a place, the newest first."""
    wanted = ListFilter(state="open", box=matching.box(lon, lat, radius_m))
    for item in listed(wanted, limit=limit).items:
        late = item.due_at is not None and item.due_at < clock.now()
        kind = category(item.category)
        yield {
            "title": item.subject, "meta": f"{words.category_title(item.category)} · {words.unit_name(item.unit)}",
            "url": f"/reports/{item.number}/", "icon": kind.icon if kind else "report",
            "lon": item.lon, "lat": item.lat,
            "state": "urgent" if item.urgent and late else "notice" if late or item.urgent else "normal",
            "shape": "diamond" if item.urgent else "triangle",
        }  # fmt: skip


def open_count() -> tuple[int, int]:
    """(open reports, of which late)."""
    return reports.count(ListFilter(state="open")), reports.count(ListFilter(state="late"))


def done_share(days: int = 7) -> tuple[float | None, int]:
    """(share done in time, reports done) of the last days; None when nothing was done."""
    in_time, done = reports.done_in_time(clock.now() - timedelta(days=days))
    return (in_time / done if done else None), done


def alarms(actor: Actor) -> Iterable[Mapping[str, Any]]:
    """Dangerous reports past their time in the actor's reach, as the centre's alarms."""
    reach = ports.reach(actor, "cases.view")
    for item in reports.urgent_late():
        if item.unit not in reach:
            continue
        yield {
            "key": f"request-{item.number}",
            "text": gettext("%(what)s, dangerous and not made safe in time: %(where)s. %(unit)s has it.")
            % {
                "what": words.category_title(item.category),
                "where": item.address or item.subject,
                "unit": words.unit_name(item.unit),
            },
            "place": [item.lon, item.lat] if item.lon is not None else None,
            "since": item.due_at,
            "level": "urgent",
            "action_text": gettext("Open the report"),
            "action_url": f"/desk/cases/{item.number}/",
        }


def search(text: str, limit: int = 5) -> list[Report]:
    """Reports by number or words, newest first."""
    return list(listed(ListFilter(text=text), limit=limit).items)


def find(actor: Actor, text: str, limit: int) -> Iterable[Mapping[str, Any]]:
    """Reports for the one search line."""
    for item in search(text, limit):
        yield {
            "title": item.subject,
            "meta": f"{item.number} · {words.unit_name(item.unit)}",
            "url": f"/reports/{item.number}/",
            "icon": "report",
        }


def requests_slice(
    *, numbers: Sequence[str] = (), codes: Sequence[str] = (), statuses: Sequence[str] = (),
    since: datetime | None = None, until: datetime | None = None, start: int = 0, limit: int = 1000,
) -> list[Report]:  # fmt: skip
    """Reports for Open311, newest first: by number, which overrides all else, or by category, status and opening."""
    states: list[str] = []
    if statuses and set(statuses) != {"open", "closed"}:
        is_open = "open" in statuses
        states = [state for state in State if (state in OPEN_STATES) == is_open]
    return reports.slice_of(ListFilter(since=since, until=until), numbers, start, limit, codes, states)


def updates(since: datetime, until: datetime, limit: int = 1000) -> list[Report]:
    """Reports that changed between two moments, oldest change first."""
    return reports.late_updates(since, until, limit)
