"""The city database as pages: types with their counts, entities of a type, one entity with its past."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from thanglong.core.places import service as places
from thanglong.core.things import service
from thanglong.core.things.rules import chart_of, shown_value, unit_of
from thanglong.core.things.service import subscribing
from thanglong.core.things.types import TITLES, Health, Subscription, Term, ThingQuery, plain, position
from thanglong.kit import clock
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import Actor

PAGE = 50
MOST_ROWS = 200
UNIT = "urn:ngsi-ld:Unit:"
PAST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """One attribute as the entity's page shows it."""

    name: str
    value: str
    unit: str
    observed_at: Any
    link: str
    selected: bool


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def title_of(kind: str) -> str:
    """A type's name in the reader's language, or as it is where nobody has named it."""
    return gettext(TITLES[kind]) if kind in TITLES else kind


@require_safe
def types(request: HttpRequest) -> HttpResponse:
    """All types the reader may see."""
    rows = [(title_of(facts.name), facts) for facts in service.types(_actor(request))]
    rows.sort(key=lambda row: -row[1].count)
    total = sum(facts.count for _, facts in rows)
    may = service.pass_of(_actor(request)).view
    return render(request, "things/types.html", {"rows": rows, "total": total, "may_subscribe": may})


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """One subscription as its page shows it: what it is about, where it goes, how it fares."""

    name: str
    about: str
    to: str
    health: Health
    last: datetime | None
    sent: int
    failed: int
    waiting: int


@require_safe
def subscriptions(request: HttpRequest) -> HttpResponse:
    """Who is told of changes, and whether it arrives."""
    found = subscribing.listing(_actor(request))
    rows = [_subscription_row(item) for item in found[:MOST_ROWS]]
    troubled = sum(subscribing.health(item).kind == "bad" for item in found)
    context = {"rows": rows, "total": len(found), "troubled": troubled, "most": MOST_ROWS}
    return render(request, "things/subscriptions.html", context)


def _subscription_row(item: Subscription) -> SubscriptionRow:
    definition, state = item.definition, item.state
    kinds = [title_of(selector["type"]) for selector in definition.get("entities") or ()]
    about = [*dict.fromkeys(kinds), *definition.get("watchedAttributes", ())]
    return SubscriptionRow(
        definition.get("subscriptionName") or definition.get("description") or item.id,
        ", ".join(about),
        subscribing.place(definition),
        subscribing.health(item),
        datetime.fromisoformat(state["last"]) if "last" in state else None,
        state.get("sent", 0),
        state.get("failed", 0),
        state.get("waiting", 0),
    )


@require_safe
def entities(request: HttpRequest, kind: str) -> HttpResponse:
    """Entities of one type, fifty a page, found by name or id."""
    actor, text, after = _actor(request), request.GET.get("search", "").strip()[:100], request.GET.get("after", "")
    found = service.query(actor, _search(kind, text, after))
    if text and not found and not after:
        found = service.query(actor, ThingQuery([kind], id_pattern=re.escape(text), limit=PAGE + 1))
    rows = [
        {
            "id": item["id"],
            "name": shown_value(plain(item, "name")) or item["id"],
            "state": _state(item),
            "position": position(item),
        }
        for item in found[:PAGE]
    ]
    context = {
        "kind": kind,
        "title": title_of(kind),
        "rows": rows,
        "search": text,
        "next": rows[-1]["id"] if len(found) > PAGE else "",
        "total": None if text else service.count(actor, ThingQuery([kind])),
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
    """One entity: its attributes now, one of them over the last week."""
    actor = _actor(request)
    found = service.get(actor, id)
    names = [name for name in found if name not in ("id", "type")]
    chosen = request.GET.get("attribute", "") or next((name for name in names if _moves(found[name])), "")
    if chosen and chosen not in names:
        raise NotFound
    kinds = service.types_of(found)
    context = {
        "id": id,
        "kind": kinds[0],
        "title": title_of(kinds[0]),
        "name": shown_value(plain(found, "name")) or id,
        "rows": [_row(found, name, chosen) for name in names],
        "position": position(found),
        "chosen": chosen,
        "api": f"/ngsi-ld/v1/entities/{quote(id, safe=':')}",
        **_past(actor, id, chosen),
    }
    return render(request, "things/entity.html", context)


def _moves(attribute: Any) -> bool:
    instance = attribute[0] if isinstance(attribute, list) else attribute
    value = instance.get("value")
    return "observedAt" in instance and isinstance(value, (int, float)) and not isinstance(value, bool)


def _row(entity: Mapping[str, Any], name: str, chosen: str) -> AttributeRow:
    attribute = entity[name]
    instance = attribute[0] if isinstance(attribute, list) else attribute
    target = instance.get("object")
    link = ""
    if isinstance(target, str) and not target.startswith(UNIT):
        link = f"/centre/things/entity/{quote(target, safe=':')}/"
    return AttributeRow(
        name,
        _shown(plain(entity, name)),
        unit_of(instance),
        service.moment_of(instance),
        link,
        name == chosen,
    )


def _shown(value: Any) -> str:
    """A value in words; an administrative unit by its name."""
    if isinstance(value, str) and value.startswith(UNIT):
        try:
            return places.full_name(UUID(value.removeprefix(UNIT)))
        except (ValueError, NotFound):
            return value
    return shown_value(value)


def _past(actor: Actor, id: str, attribute: str) -> dict[str, Any]:
    if not attribute:
        return {"samples": [], "chart": None}
    samples = service.history(actor, id, attribute, clock.now() - PAST, None, 2000, newest=True)
    rows = [(item.moment, shown_value(plain({"a": item.instance}, "a"))) for item in samples[::-1][:100]]
    return {"samples": rows, "chart": chart_of(attribute, samples)}
