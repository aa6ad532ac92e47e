"""The query builder: a form that becomes an NGSI-LD request, and what that request answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import shapely
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from thanglong.core.places import service as places
from thanglong.core.things import service
from thanglong.core.things.rules import asking as rules
from thanglong.core.things.rules.asking import Asked, Row, Wish
from thanglong.core.things.service import asking
from thanglong.core.things.service.asking import Answer
from thanglong.core.things.types import EPOCH, Entity, position
from thanglong.core.things.views.common import actor_of, in_words, link_of, name_of, tabs, title_of, value_of
from thanglong.kit.errors import Fault, Invalid, NotFound
from thanglong.kit.ports import Actor

MOST_COLUMNS, MOST_PAST_ROWS, MOST_TEXT = 5, 400, 200_000
CONDITIONS = tuple(f"row{number}" for number in range(rules.MOST_ROWS))
FIELDS = ("more", "place", "metres", "unit", "order", "since", "until", "last", *CONDITIONS)
"""Entries with a place for what is wrong with them."""
ROUNDED = 6


@dataclass(frozen=True, slots=True)
class Cell:
    """One value in the answer's table."""

    text: str
    link: str = ""


@require_safe
def ask(request: HttpRequest) -> HttpResponse:
    """The query builder; a plain GET form, whose parts are renewed at once where scripts run."""
    actor = actor_of(request)
    known = sorted(service.types(actor), key=lambda facts: (-facts.count, facts.name))
    wish = rules.wish_of(dict(request.GET.lists()))
    if not wish.kind and known:
        wish = replace(wish, kind=known[0].name)
    names = service.attributes(actor, wish.kind) if wish.kind else []
    outline = _outline(wish.unit) if wish.place == "unit" else None
    asked = rules.asked(wish, outline)
    faults = list(asked.faults)
    answer = None
    if wish.kind and not faults:
        try:
            answer = _answer(actor, asked)
        except Invalid as error:
            faults += [Fault("", fault.text, fault.params) for fault in error.faults]
    context = {
        "wish": wish,
        "types": sorted(((title_of(facts.name), facts) for facts in known), key=lambda row: row[0].lower()),
        "names": names,
        "operators": [(key, gettext(text)) for key, text in rules.OPERATORS.items()],
        "units": [(str(unit.id), unit.name) for unit in places.wards()],
        "rows": _rows(wish, faults, "add" in request.GET),
        "wrong": _wrong(faults),
        "fields": ",".join(f"#wrong-{name}" for name in FIELDS),
        "map": {"pick": {"lon": "#ask-lon", "lat": "#ask-lat"}, "zoom": 11, "follow": False, **_around()},
        "tabs": tabs(actor, "ask"),
        **_request(request, actor, asked),
        **_shown(wish, asked, answer, request.GET),
    }  # fmt: skip
    return render(request, "things/ask.html", context)


def _answer(actor: Actor, asked: Asked) -> Answer:
    if asked.past:
        return asking.gone_by(actor, asked.parameters, settings.THINGS_TEMPORAL_MOST)
    return asking.present(actor, asked.parameters)


def _rows(wish: Wish, faults: Sequence[Fault], more: bool) -> list[dict[str, Any]]:
    """The conditions and at least one empty one, each with what is wrong with it."""
    rows = list(wish.rows)
    if (not rows or more) and len(rows) < rules.MOST_ROWS:
        rows.append(Row())
    wrong = _wrong(faults)
    return [{"n": n, "row": row, "wrong": wrong.get(f"row{n}", "")} for n, row in enumerate(rows)]


def _wrong(faults: Sequence[Fault]) -> dict[str, str]:
    found: dict[str, str] = {}
    for fault in faults:
        found.setdefault(fault.field or "whole", gettext(fault.text) % dict(fault.params))
    return found


def _outline(unit: str) -> dict[str, Any] | None:
    """A unit's outline as GeoJSON, its decimals cut to ten centimetres; None where there is none."""
    try:
        shape = places.boundary(UUID(unit))
    except (ValueError, NotFound):
        return None
    if shape is None:
        return None
    found: dict[str, Any] = json.loads(shapely.to_geojson(shapely.set_precision(shape, 10**-ROUNDED)))
    return found


def _around() -> dict[str, Any]:
    bounds = _bounds(places.version())
    return {"bounds": list(bounds)} if bounds else {}


@lru_cache(maxsize=2)
def _bounds(version: int) -> tuple[float, ...]:
    shape = places.outline()
    return tuple(shape.bounds) if shape is not None else ()


def _request(request: HttpRequest, actor: Actor, asked: Asked) -> dict[str, Any]:
    """The request as text, as a command line, and whether it needs a key."""
    call = rules.call_of(asked)
    host = f"{request.scheme}://{request.get_host()}"
    return {"call": call, "curl": call.curl(host, actor.id is not None), "address": f"{host}{call.address}"}


def _shown(wish: Wish, asked: Asked, answer: Answer | None, query: QueryDict) -> dict[str, Any]:
    """The answer as table, JSON or map, and the way to its neighbours."""
    if answer is None:
        return {"answer": None}
    size = int(asked.parameters["limit"])
    last = wish.offset + len(answer.shown)
    found: dict[str, Any] = {
        "answer": answer,
        "first": wish.offset + 1,
        "last": last,
        "before": str(max(0, wish.offset - size)) if wish.offset else "",
        "after": str(wish.offset + size) if last < answer.total and answer.shown else "",
        "views": [(view, _with_view(query, view)) for view in ("table", "json", "map")],
    }
    if wish.view == "json":
        text = json.dumps(answer.shown, ensure_ascii=False, indent=2)
        return {**found, "text": text[:MOST_TEXT], "cut": len(text) > MOST_TEXT}
    if wish.view == "map" and not asked.past:
        return {**found, "marks": _marks(answer.entities)}
    return {**found, **(_past_table(answer) if asked.past else _table(answer.entities, wish))}


def _with_view(query: QueryDict, view: str) -> str:
    changed = query.copy()
    changed["view"] = view
    return changed.urlencode()


def _table(entities: Sequence[Entity], wish: Wish) -> dict[str, Any]:
    """Columns: what was picked or asked about, else the attributes most entities of the page have."""
    seen: dict[str, int] = {}
    for entity in entities:
        for name in entity:
            if name not in ("id", "type", "name", "scope"):
                seen[name] = seen.get(name, 0) + 1
    wanted = [row.attribute for row in wish.rows if row.attribute in seen]
    if wish.order in seen:
        wanted.append(wish.order)
    common = sorted(seen, key=lambda name: -seen[name])
    limit = rules.PAGE if wish.parts == "only" else MOST_COLUMNS
    columns = list(dict.fromkeys([*wanted, *common]))[:limit]
    rows = [(entity["id"], name_of(entity), [_cell(entity.get(name)) for name in columns]) for entity in entities]
    return {"columns": columns, "table": rows}


def _cell(attribute: Any) -> Cell:
    first = attribute[0] if isinstance(attribute, list) and attribute else attribute
    if not isinstance(first, Mapping):
        return Cell("" if first is None else in_words(first))
    return Cell(value_of(first), link_of(first))


def _past_table(answer: Answer) -> dict[str, Any]:
    """One row an instance, the newest of each attribute first."""
    rows = [
        (one.id, name, EPOCH + timedelta(microseconds=item.moment), value_of(item.content))
        for one in answer.evolutions
        for name, items in one.instances.items()
        for item in reversed(items)
    ]
    return {"past_rows": rows[:MOST_PAST_ROWS], "past_cut": len(rows) > MOST_PAST_ROWS}


def _marks(entities: Sequence[Entity]) -> dict[str, Any] | None:
    """Properties of the map island with a mark for each entity that lies at a point; None without any."""
    spots = [(entity, position(entity)) for entity in entities]
    marks = [
        {
            "id": entity["id"], "lon": at[0], "lat": at[1], "icon": "pin", "shape": "circle", "state": "normal",
            "title": name_of(entity), "url": f"/centre/things/entity/{entity['id']}/",
        }
        for entity, at in spots
        if at is not None
    ]  # fmt: skip
    if not marks:
        return None
    lons, lats = [mark["lon"] for mark in marks], [mark["lat"] for mark in marks]
    room = 0.003
    bounds = [min(lons) - room, min(lats) - room, max(lons) + room, max(lats) + room]
    return {"marks": marks, "bounds": bounds, "follow": False}
