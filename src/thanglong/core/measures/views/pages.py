"""The pages: catalogue and measure, in the centre and for everyone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from thanglong.core.measures import rules, service
from thanglong.core.measures.types import CityFigure, Explanation, Measure
from thanglong.core.measures.views import choice as choosing
from thanglong.core.measures.views import people, present
from thanglong.core.measures.views.choice import Choice
from thanglong.kit import clock, ports
from thanglong.kit.errors import Denied, NotFound, NotSignedIn
from thanglong.kit.ports import Actor
from thanglong.kit.text import fold

MAX_INPUTS = 200


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@dataclass(frozen=True, slots=True)
class Card:
    """A measure in the catalogue."""

    measure: Measure
    title: str
    about: str
    unit: str
    point: CityFigure | None
    period: str
    reached: bool
    values: Sequence[float | None]
    computed_at: datetime | None


def _card(actor: Actor, item: Measure) -> Card:
    last = rules.period_of(clock.today(), item.period)
    series = service.city_series(actor, item.key, rules.following(last, item.period, -12), last)
    ended = [point for point in series if point.period < last and point.value is not None]
    point = ended[-1] if ended else next((one for one in reversed(series) if one.value is not None), None)
    reached = bool(
        point
        and point.value is not None
        and item.target is not None
        and item.direction * point.value >= item.direction * item.target
    )
    return Card(
        item, gettext(item.title), gettext(item.about) if item.about else "", present.unit_text(item), point,
        present.period_text(point.period, item.period) if point else "", reached, [one.value for one in series[:-1]],
        service.computed_at(item.key, point.period) if point else None,
    )  # fmt: skip


def _fits(item: Measure, words: str) -> bool:
    """Whether a measure's title, text, key or domain holds every word, accents or not."""
    said = fold(f"{gettext(item.title)} {gettext(item.about) if item.about else ''} {item.key} {item.domain}")
    return all(word in said for word in fold(words).split())


def _catalogue(actor: Actor, items: Sequence[Measure], words: str = "") -> list[tuple[str, list[Card]]]:
    groups: dict[str, list[Card]] = {}
    for item in items:
        if not _fits(item, words):
            continue
        groups.setdefault(item.domain, []).append(_card(actor, item))
    return list(groups.items())


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """All measures, for officials."""
    actor = _actor(request)
    if not ports.reach(actor, "measures.view"):
        raise NotSignedIn() if actor.id is None else Denied()
    words = request.GET.get("q", "").strip()[:100]
    groups = _catalogue(actor, service.definitions(), words)
    return render(request, "measures/catalogue.html", {"groups": groups, "words": words})


@require_safe
def measure(request: HttpRequest, key: str) -> HttpResponse:
    """One measure, for officials: map, series, ranking, and why."""
    actor = _actor(request)
    if not ports.reach(actor, "measures.view"):
        raise NotSignedIn() if actor.id is None else Denied()
    item = service.measure(key)
    wish = choosing.asked(request, item)
    shown = present.page(actor, item, wish)
    choice: Choice = shown["choice"]
    values = f"/api/measures/{item.key}.map.json?{choice.query(room='centre')}"
    more = {
        "map": present.map_props(item, values),
        "alerts": people.alerts(actor, item, wish.unit),
        "corrections": people.corrections(actor, item, wish.unit),
        "may_correct": bool(ports.reach(actor, "measures.manage")),
        "correct_url": people.correct_url(item, choice, wish.unit),
    }
    return render(request, "measures/measure.html", shown | more | _why(actor, item, shown, wish.unit))


def _why(actor: Actor, item: Measure, shown: dict[str, Any], unit: UUID | None) -> dict[str, Any]:
    """The lineage: of the chosen unit, else of the city with an example from its largest visible unit."""
    point, figure = shown["point"], shown["figure"]
    explained: Explanation | None = None
    example = unit
    if example is None:
        reach = ports.reach(actor, "measures.view")
        visible = [row.figure for row in shown["rows"] if row.unit in reach]
        example = max(visible, key=lambda one: one.n).unit if visible else None
    choice: Choice = shown["choice"]
    if example is not None and choice.geography == "then":
        parts = choosing.own_periods(item, choice)
        try:
            explained = service.explain(actor, item.key, example, parts[-1], len(parts))
        except (Denied, NotFound):
            explained = None
    source = figure or point
    numerator = source.numerator if source else None
    denominator = source.denominator if source else None
    inputs = explained.inputs if explained else ()
    return {
        "formula": gettext(item.formula) if item.formula else "",
        "numerator_text": gettext(item.numerator) if item.numerator else "",
        "denominator_text": gettext(item.denominator) if item.denominator else "",
        "numerator": numerator,
        "denominator": denominator,
        "share": f"{min(max(numerator / denominator, 0), 1):.4f}" if numerator is not None and denominator else "",
        "n": source.n if source else 0,
        "closing_entry": source.ledger_entry if source else None,
        "explained": explained,
        "explained_unit": present.unit_name(example) if example else "",
        "inputs": inputs[:MAX_INPUTS],
        "inputs_more": max(len(inputs) - MAX_INPUTS, 0),
        "sample": inputs[0] if inputs else None,
    }


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """All public measures, for everyone."""
    public = [item for item in service.definitions() if item.public]
    return render(request, "measures/figures.html", {"groups": _catalogue(_actor(request), public)})


@require_safe
def figure(request: HttpRequest, key: str) -> HttpResponse:
    """One public measure, for everyone."""
    item = service.measure(key)
    if not item.public:
        raise NotFound()
    actor, wish = _actor(request), choosing.asked(request, item)
    shown = present.page(actor, item, wish)
    choice: Choice = shown["choice"]
    values = f"/api/measures/{item.key}.map.json?{choice.query()}"
    point, one = shown["point"], shown["figure"]
    source = one or point
    more = {
        "map": present.map_props(item, values),
        "corrections": people.corrections(actor, item, wish.unit),
        "formula": gettext(item.formula) if item.formula else "",
        "numerator": source.numerator if source else None,
        "denominator": source.denominator if source else None,
        "numerator_text": gettext(item.numerator) if item.numerator else "",
        "denominator_text": gettext(item.denominator) if item.denominator else "",
        "closing_entry": source.ledger_entry if source else None,
    }
    return render(request, "measures/figure.html", shown | more)
