"""Reading figures: for everyone where the measure is public, else for those who may see measures."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from thanglong.core.measures import repository, rules
from thanglong.core.measures.service import tallying
from thanglong.core.measures.service.catalogue import measure
from thanglong.core.measures.service.computing import as_value
from thanglong.core.measures.types import CityFigure, Explanation, Figure, Input, Measure
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
    actor: Actor, key: str, *, units: Iterable[UUID] | None = None, first: date | None = None, last: date | None = None
) -> list[Figure]:
    """A measure's figures by period and unit."""
    readable(actor, key)
    return repository.figures(key, units=units, first=first, last=last)


def known_periods(key: str) -> list[date]:
    """The periods with figures, newest first."""
    return repository.known_periods(key)


def city_series(actor: Actor, key: str, first: date, last: date) -> list[CityFigure]:
    """The whole city, one figure a period, from the units' figures."""
    item = readable(actor, key)
    found: dict[date, list[Figure]] = {}
    for figure in repository.figures(key, first=first, last=last):
        found.setdefault(figure.period, []).append(figure)
    series = []
    for period in rules.periods(first, last, item.period):
        figures = found.get(period, [])
        value, numerator, denominator, n = rules.total(item, [as_value(figure) for figure in figures])
        entries = {figure.ledger_entry for figure in figures}
        entry = entries.pop() if len(entries) == 1 else None
        series.append(
            CityFigure(
                period,
                value,
                numerator,
                denominator,
                n,
                rules.interval(item, numerator, denominator),
                len(figures),
                entry,
            )
        )
    return series


def together(item: Measure, figures: Sequence[Figure]) -> list[Figure]:
    """Figures of several periods as one a unit, dated by the last; what can be added is added, never averaged."""
    by_unit: dict[UUID, list[Figure]] = {}
    for figure in figures:
        by_unit.setdefault(figure.unit, []).append(figure)
    found = []
    for unit, parts in by_unit.items():
        if len(parts) == 1:
            found.append(parts[0])
            continue
        value, numerator, denominator, n = rules.total(item, [as_value(part) for part in parts])
        found.append(
            Figure(
                item.key,
                unit,
                max(part.period for part in parts),
                value,
                numerator,
                denominator,
                n,
                max(part.computed_at for part in parts),
                rules.digest(part.digest for part in parts),
            )
        )
    return found


def _span(item: Measure, period: date, span: int, unit: UUID | None = None) -> list[Figure]:
    first = rules.following(period, item.period, 1 - span)
    return repository.figures(item.key, units=None if unit is None else [unit], first=first, last=period)


def ranking(actor: Actor, key: str, period: date, span: int = 1) -> list[Figure]:
    """The units' figures of ``span`` periods up to ``period``, best first; those with too few records at the end."""
    item = readable(actor, key)
    figures = together(item, _span(item, period, span))

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
