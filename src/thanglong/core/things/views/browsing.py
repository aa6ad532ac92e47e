"""Types with their counts, their attributes, entities of a type, one entity with its place and its past."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from thanglong.core.things import service
from thanglong.core.things.rules import chart_of, unit_of
from thanglong.core.things.types import Sample, Term, ThingQuery, plain, position
from thanglong.core.things.views.common import actor_of, in_words, link_of, name_of, tabs, title_of
from thanglong.kit import clock
from thanglong.kit.errors import N_, NotFound

PAGE = 50
DAYS = (1, 7, 30)
"""Spans of the past a reader can choose."""
MOST_SAMPLES, MOST_LISTED = 2000, 100
KINDS = {
    "Property": N_("value"),
    "GeoProperty": N_("place"),
    "Relationship": N_("link"),
    "LanguageProperty": N_("text in several languages"),
    "ListProperty": N_("list"),
    "ListRelationship": N_("list of links"),
    "JsonProperty": N_("JSON"),
    "VocabProperty": N_("term"),
}
"""What people call the kinds of attributes."""


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """One attribute as the entity's page shows it."""

    name: str
    value: str
    unit: str
    observed_at: Any
    link: str
    selected: bool


@require_safe
def types(request: HttpRequest) -> HttpResponse:
    """All types the reader may see."""
    actor = actor_of(request)
    rows = [(title_of(facts.name), facts) for facts in service.types(actor)]
    rows.sort(key=lambda row: -row[1].count)
    total = sum(facts.count for _, facts in rows)
    return render(request, "things/types.html", {"rows": rows, "total": total, "tabs": tabs(actor, "types")})


@require_safe
def attributes(request: HttpRequest) -> HttpResponse:
    """The attributes that the entities of one type have, or of all: how many have it, and of which kind it is."""
    actor, kind = actor_of(request), request.GET.get("type", "")
    known = service.types(actor)
    kinds = [facts.name for facts in known]
    if kind and kind not in kinds:
        raise NotFound
    having: dict[str, list[str]] = {}
    for one in [kind] if kind else kinds:
        for name in service.attributes(actor, one):
            having.setdefault(name, []).append(one)
    rows = [
        {
            "name": name,
            "kinds": ", ".join(gettext(KINDS.get(one, one)) for one in service.attribute_kinds(actor, name, types)),
            "count": service.attribute_count(actor, name, types),
            "types": [(one, title_of(one)) for one in types],
        }
        for name, types in sorted(having.items(), key=lambda item: item[0].lower())
    ]
    context = {
        "rows": rows,
        "kind": kind,
        "title": title_of(kind) if kind else "",
        "choices": sorted(((title_of(one), one) for one in kinds), key=lambda item: item[0].lower()),
        "tabs": tabs(actor, "attributes"),
    }
    return render(request, "things/attributes.html", context)


@require_safe
def entities(request: HttpRequest, kind: str) -> HttpResponse:
    """Entities of one type, fifty a page, found by name or id."""
    actor, text, after = actor_of(request), request.GET.get("search", "").strip()[:100], request.GET.get("after", "")
    found = service.query(actor, _search(kind, text, after))
    if text and not found and not after:
        found = service.query(actor, ThingQuery([kind], id_pattern=re.escape(text), limit=PAGE + 1))
    rows = [
        {"id": item["id"], "name": name_of(item), "state": _state(item), "position": position(item)}
        for item in found[:PAGE]
    ]
    context = {
        "kind": kind,
        "title": title_of(kind),
        "rows": rows,
        "search": text,
        "next": rows[-1]["id"] if len(found) > PAGE else "",
        "total": None if text else service.count(actor, ThingQuery([kind])),
        "tabs": tabs(actor, "types"),
    }
    return render(request, "things/entities.html", context)


def _search(kind: str, text: str, after: str) -> ThingQuery:
    if text.startswith("urn:"):
        return ThingQuery([kind], id_prefix=text, after=after, limit=PAGE + 1)
    where = Term("name", "~=", f"(?i){re.escape(text)}") if text else None
    return ThingQuery([kind], where=where, after=after, limit=PAGE + 1)


def _state(entity: Mapping[str, Any]) -> str:
    for name in entity:
        if name in ("status", "state") or name.endswith(("State", "Status")):
            return service.state_word(plain(entity, name))
    return ""


@require_safe
def entity(request: HttpRequest, id: str) -> HttpResponse:
    """One entity: its attributes now, where it is, one attribute over the last days."""
    actor = actor_of(request)
    found = service.get(actor, id)
    names = [name for name in found if name not in ("id", "type", "scope", "expiresAt")]
    chosen = request.GET.get("attribute", "") or next((name for name in names if _moves(found[name])), "")
    if chosen and chosen not in names:
        raise NotFound
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(one) for one in DAYS} else 7
    kinds = service.types_of(found)
    past = service.history(
        actor, id, chosen, clock.now() - timedelta(days=days), None, MOST_SAMPLES, newest=True
    ) if chosen else []  # fmt: skip
    context = {
        "id": id,
        "kind": kinds[0],
        "title": title_of(kinds[0]),
        "name": name_of(found),
        "rows": [_row(found, name, chosen) for name in names],
        "map": _map(found),
        "chosen": chosen,
        "days": days,
        "spans": [(one, ngettext("%(n)s day", "%(n)s days", one) % {"n": one}) for one in DAYS],
        "api": f"/ngsi-ld/v1/entities/{quote(id, safe=':')}",
        "tabs": tabs(actor, "types"),
        **_past(chosen, past),
    }
    return render(request, "things/entity.html", context)


def _moves(attribute: Any) -> bool:
    instance = attribute[0] if isinstance(attribute, list) else attribute
    value = instance.get("value")
    return "observedAt" in instance and isinstance(value, (int, float)) and not isinstance(value, bool)


def _row(entity: Mapping[str, Any], name: str, chosen: str) -> AttributeRow:
    attribute = entity[name]
    instance = attribute[0] if isinstance(attribute, list) else attribute
    return AttributeRow(
        name,
        in_words(plain(entity, name)),
        unit_of(instance),
        service.moment_of(instance),
        link_of(instance),
        name == chosen,
    )


def _map(entity: Mapping[str, Any]) -> dict[str, Any] | None:
    """Properties of the map island: a pin at a point, else the outline of a shape; None without a place."""
    at = position(entity)
    if at is not None:
        return {"pin": {"lon": at[0], "lat": at[1]}, "zoom": 15.5, "follow": False}
    shape = plain(entity, "location")
    spots = _spots(shape.get("coordinates")) if isinstance(shape, Mapping) else []
    if not spots:
        return None
    west, east = min(lon for lon, _ in spots), max(lon for lon, _ in spots)
    south, north = min(lat for _, lat in spots), max(lat for _, lat in spots)
    return {"outline": shape, "bounds": [west, south, east, north], "follow": False}


def _spots(coordinates: Any) -> list[tuple[float, float]]:
    """All positions of a GeoJSON geometry's coordinates."""
    if not isinstance(coordinates, list) or not coordinates:
        return []
    if isinstance(coordinates[0], (int, float)):
        return [(float(coordinates[0]), float(coordinates[1]))]
    return [spot for part in coordinates for spot in _spots(part)]


def _past(attribute: str, samples: Sequence[Sample]) -> dict[str, Any]:
    rows = [(item.moment, in_words(plain({"a": item.instance}, "a"))) for item in samples[::-1][:MOST_LISTED]]
    return {
        "samples": rows,
        "chart": chart_of(attribute, samples),
        "most": MOST_LISTED if len(samples) > MOST_LISTED else 0,
        "cut": MOST_SAMPLES if len(samples) == MOST_SAMPLES else 0,
    }
