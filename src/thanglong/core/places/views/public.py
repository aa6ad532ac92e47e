"""What everybody may look up: all units, and the page of one."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.places import service
from thanglong.core.places.types import LOCAL_KINDS, Unit, UnitKind
from thanglong.core.places.views import asking, drawing
from thanglong.kit import clock


def display_name(unit: Unit) -> str:
    """The name in the reader's language; the Vietnamese name stays the official one."""
    return unit.name_en if get_language() == "en" and unit.name_en else unit.name


@require_safe
def units(request: HttpRequest) -> HttpResponse:
    """All wards and communes of today, and a search over every name a unit ever had."""
    text = request.GET.get("q", "").strip()[:100]
    found = service.search(text, limit=30) if text else []
    wards = service.wards()
    context = {
        "q": text,
        "found": found,
        "groups": _by_letter(wards),
        "count": len(wards),
        "map": {"bounds": drawing.bounds(), "zoom": 9} if wards else None,
        "approximate": any(unit.boundary_approximate for unit in wards),
    }
    return render(request, "places/units.html", context)


def _by_letter(units: list[Unit]) -> list[tuple[str, list[Unit]]]:
    groups: dict[str, list[Unit]] = {}
    for unit in units:
        groups.setdefault(unit.short_name[:1].upper(), []).append(unit)
    return sorted(groups.items(), key=lambda item: drawing.letter_order(item[0]))


@require_safe
def unit(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """One unit: what it is called and was called, where it lies, whom it followed, who followed it."""
    return render(request, "places/unit.html", details(service.unit(unit_id)))


def details(state: Unit) -> dict[str, Any]:
    """Everything a page tells about one unit in one state."""
    day = clock.today()
    past = state.valid_to is not None and state.valid_to < day
    entries = ledger.entries(ObjectRef("unit", str(state.id)))
    return {
        "unit": state,
        "name": display_name(state),
        "kind": gettext(asking.KIND_WORDS[state.kind]),
        "past": past,
        "future": state.valid_from > day,
        "parents": [service.unit(parent) for parent in reversed(service.ancestors(state.id, state.valid_from))],
        "history": _history(state.id),
        "act": service.act(state.act) if state.act else None,
        "before": _shared(service.predecessors(state.id), "old"),
        "after": _shared(service.successors(state.id), "new"),
        "outline": drawing.outline(state.id),
        "map": _map(state),
        "local": state.kind in LOCAL_KINDS,
        "density": state.population / state.area_km2 if state.population and state.area_km2 else None,
        "office": state.kind is UnitKind.OFFICE,
        "entry": entries[-1].id if entries else None,
        "under": _under(state),
    }


def _under(state: Unit) -> list[Unit]:
    day = clock.today() if state.valid_on(clock.today()) else state.valid_from
    return service.children(state.id, day)


def _history(unit_id: UUID) -> list[dict[str, Any]]:
    """Newest first: each state with its legal basis and what it changed against the one before."""
    rows: list[dict[str, Any]] = []
    before: Unit | None = None
    for state in service.states(unit_id):
        above = service.unit(state.parent, state.valid_from) if state.parent else None
        act = service.act(state.act) if state.act else None
        renamed = before is not None and before.name != state.name
        rows.append({"state": state, "above": above, "act": act, "renamed": renamed, "first": before is None})
        before = state
    return rows[::-1]


def _shared(rows: list[Any], side: str) -> list[dict[str, Any]]:
    """The other units of successions, with the share of the old unit in percent where it was divided."""
    result = []
    for row in rows:
        share = row.share_population if row.share_population is not None else row.share_area
        other = service.unit(row.new if side == "new" else row.old)
        part = None if share is None or share > 0.995 else max(1, round(share * 100))
        result.append({"unit": other, "part": part, "name": display_name(other)})
    return result


def _map(state: Unit) -> dict[str, Any] | None:
    """What the map island needs; None when there is nothing to point at."""
    box = drawing.bounds(state.id)
    if box is None and state.lon is None:
        return None
    seat = {"lon": state.lon, "lat": state.lat} if state.lon is not None else None
    props: dict[str, Any] = {"pin": seat, "zoom": 14}
    if box is not None:
        props |= {"bounds": box, "outline": drawing.shape(state.id)}
    return props
