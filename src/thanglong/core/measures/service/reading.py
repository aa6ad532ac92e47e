"""Reading figures: for everyone where the measure is public, else for those who may see measures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from thanglong.core.measures import repository, rules
from thanglong.core.measures.service import tallying
from thanglong.core.measures.service.catalogue import measure
from thanglong.core.measures.service.correcting import overlay
from thanglong.core.measures.types import CityFigure, Explanation, Figure, Geography, Input, Measure, PeriodKind
from thanglong.core.places import service as places
from thanglong.kit import clock, ports
from thanglong.kit.errors import Denied, NotFound, NotSignedIn
from thanglong.kit.ports import Actor


def readable(actor: Actor, key: str) -> Measure:
    """The measure, when the asker may read its figures."""
    item = measure(key)
    if not item.public and not ports.reach(actor, "measures.view"):
        raise NotSignedIn() if actor.id is None else Denied()
    return item


def values(
    actor: Actor,
    key: str,
    *,
    units: Iterable[UUID] | None = None,
    first: date | None = None,
    last: date | None = None,
    kind: PeriodKind | None = None,
    geography: Geography = "then",
) -> list[Figure]:
    """A measure's figures by period and unit, corrections put in.

    ``kind``: a coarser period than the measure's own. ``geography``: the units as they were then, or the past counted
    for the units of now. For measures of persons, figures of too few are withheld from who may not see measures.
    """
    item = readable(actor, key)
    wanted = None if units is None else list(units)
    direct = wanted if geography == "then" else None
    kind = kind or item.period
    if first is not None:
        first = rules.period_of(first, kind)
    if last is not None and kind != item.period:
        last = rules.following(rules.period_of(last, kind), kind) - timedelta(days=1)
    figures = overlay(item, repository.figures(key, units=direct, first=first, last=last))
    if geography == "now":
        figures = rules.rebased(item, figures, shares({figure.unit for figure in figures}))
        if wanted is not None:
            figures = [figure for figure in figures if figure.unit in wanted]
    return published(actor, item, rules.by_kind(item, figures, kind), kind, geography)


def shares(units: Iterable[UUID]) -> Mapping[UUID, Mapping[UUID, float]]:
    """For units that exist no more: which units of now took them over, by the shares of the acts (see
    ``places.service.correspondence``)."""
    today = clock.today()
    found: dict[UUID, Mapping[UUID, float]] = {}
    for unit in units:
        try:
            last = places.states(unit)[-1].valid_to
        except NotFound:
            continue
        parts = places.correspondence(last, today).get(unit) if last is not None and last < today else None
        if parts:
            found[unit] = parts
    return found


def published(
    actor: Actor, item: Measure, figures: list[Figure], kind: PeriodKind, geography: Geography = "then"
) -> list[Figure]:
    """The figures as this reader may see them: those of too few persons without their numbers."""
    if not item.least or not figures or ports.reach(actor, "measures.view"):
        return figures
    first, last = date(figures[0].period.year, 1, 1), date(figures[-1].period.year, 12, 31)
    months = repository.figures(item.key, first=first, last=last)
    if geography == "now":
        months = rules.rebased(item, months, shares({figure.unit for figure in months}))
    gone = rules.withheld(item, months, kind)

    def shown(figure: Figure) -> Figure:
        period = rules.period_of(figure.period, "month") if kind == "day" else figure.period
        if (figure.unit, period) not in gone:
            return figure
        return replace(figure, value=None, numerator=None, denominator=None, n=0, digest="", hidden=True)

    return [shown(figure) for figure in figures]


def known_periods(key: str) -> list[date]:
    """The periods with figures, newest first."""
    return repository.known_periods(key)


def computed_at(key: str, period: date) -> datetime | None:
    """When the newest figure of a period was computed; None without figures."""
    return repository.computed_at(key, period)


def city_series(actor: Actor, key: str, first: date, last: date, kind: PeriodKind | None = None) -> list[CityFigure]:
    """The whole city, one figure a period, from the units' figures."""
    item = readable(actor, key)
    kind = kind or item.period
    end = rules.following(rules.period_of(last, kind), kind) - timedelta(days=1)
    found: dict[date, list[Figure]] = {}
    for figure in overlay(item, repository.figures(key, first=rules.period_of(first, kind), last=end)):
        found.setdefault(rules.period_of(figure.period, kind), []).append(figure)
    return [_city(item, period, found.get(period, [])) for period in rules.periods(first, last, kind)]


def _city(item: Measure, period: date, figures: Sequence[Figure]) -> CityFigure:
    value, numerator, denominator, n = rules.total(item, [rules.as_value(figure) for figure in figures])
    entries = {figure.ledger_entry for figure in figures}
    entry = entries.pop() if len(entries) == 1 else None
    units = len({figure.unit for figure in figures})
    span = rules.interval(item, numerator, denominator)
    return CityFigure(period, value, numerator, denominator, n, span, units, entry)


def together(item: Measure, figures: Sequence[Figure]) -> list[Figure]:
    """Figures of several periods as one a unit, dated by the last; what can be added is added, never averaged."""
    by_unit: dict[UUID, list[Figure]] = {}
    for figure in figures:
        by_unit.setdefault(figure.unit, []).append(figure)
    return [
        parts[0] if len(parts) == 1 else rules.summed(item, parts, unit, max(part.period for part in parts))
        for unit, parts in by_unit.items()
    ]


def _span(item: Measure, period: date, span: int, unit: UUID | None = None) -> list[Figure]:
    first = rules.following(period, item.period, 1 - span)
    units = None if unit is None else [unit]
    return overlay(item, repository.figures(item.key, units=units, first=first, last=period))


def ranking(
    actor: Actor,
    key: str,
    period: date,
    span: int = 1,
    *,
    kind: PeriodKind | None = None,
    geography: Geography = "then",
) -> list[Figure]:
    """The units' figures of one period, best first; those with too few records at the end.

    ``span`` own periods up to ``period`` are taken together (not for a reader from whom figures of few persons are
    withheld: two spans that overlap would give them away), or one period of a coarser ``kind``.
    """
    item = readable(actor, key)
    if item.least and not ports.reach(actor, "measures.view"):
        span = 1
    if span > 1:
        figures = _span(item, period, span)
        if geography == "now":
            figures = rules.rebased(item, figures, shares({figure.unit for figure in figures}))
        figures = together(item, figures)
    else:
        figures = values(actor, key, first=period, last=period, kind=kind, geography=geography)

    def order(figure: Figure) -> tuple[bool, float, str]:
        value = figure.value if figure.value is not None else 0.0
        return figure.small(item.small) or figure.value is None, -item.direction * value, str(figure.unit)

    return sorted(figures, key=order)


def _digest(item: Measure, part: Sequence[Input], period: date) -> str:
    if item.records is None:
        return rules.digest(entry.id for entry in part)
    pairs = [(clock.day_of(entry.at), UUID(entry.id), entry.counted) for entry in part]
    return tallying.digest_of(item, pairs, period)


def explain(actor: Actor, key: str, unit: UUID, period: date, span: int = 1) -> Explanation:
    """Why a unit's figure is what it is: the figure, the records behind it, and whether they still give its digest.

    Needs ``measures.view`` in the unit, because records are named.
    """
    item = measure(key)
    ports.require(actor, "measures.view", unit)
    figures = _span(item, period, span, unit)
    if not figures:
        raise NotFound()
    inputs: list[Input] = []
    matches = True
    for figure in reversed(figures):
        part = item.inputs(unit, figure.period)
        matches = matches and _digest(item, part, figure.period) == figure.digest
        inputs += part
    return Explanation(item, together(item, figures)[0], tuple(inputs), matches)
