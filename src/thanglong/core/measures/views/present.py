"""A measure's figures as pages show them: series, ranking, map, comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from thanglong.core.measures import rules, service
from thanglong.core.measures.types import CityFigure, Figure, Measure, PeriodKind
from thanglong.core.measures.views import choice as choosing
from thanglong.core.measures.views.choice import Asked, Choice
from thanglong.core.places import service as places
from thanglong.kit import clock
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import Actor

PERIODS = {"day": 60, "month": 24, "quarter": 12, "year": 10}
EDGE = 5


def period_text(period: date, kind: str) -> str:
    """``10/2026``, ``Quarter 4/2026``, ``2026``, or ``19/11`` for days."""
    if kind == "quarter":
        return gettext("Quarter %(n)s/%(year)s") % {"n": (period.month + 2) // 3, "year": period.year}
    if kind == "year":
        return str(period.year)
    return f"{period.month}/{period.year}" if kind == "month" else f"{period.day}/{period.month}"


def span_text(period: date, kind: str, span: int) -> str:
    """The period, or ``12 months to 10/2026``."""
    if span == 1:
        return period_text(period, kind)
    text = gettext("%(n)s months to %(last)s") if kind == "month" else gettext("%(n)s days to %(last)s")
    return text % {"n": span, "last": period_text(period, kind)}


def _city(item: Measure, figures: Sequence[Figure]) -> CityFigure | None:
    """The city's figure over several periods."""
    if not figures:
        return None
    value, numerator, denominator, n = rules.total(item, [rules.as_value(figure) for figure in figures])
    units = len({figure.unit for figure in figures})
    return CityFigure(
        figures[-1].period, value, numerator, denominator, n, rules.interval(item, numerator, denominator), units, None
    )


def unit_name(unit: UUID) -> str:
    """A unit's short name for tables."""
    try:
        return places.unit(unit).short_name
    except NotFound:
        return str(unit)[:8]


def unit_text(item: Measure) -> str:
    """The measure's unit in the reader's language."""
    return gettext(item.unit) if item.unit else ""


@dataclass(frozen=True, slots=True)
class RankRow:
    """A unit in the ranking; positions are percentages as text for the drawing."""

    rank: int | None
    unit: UUID
    name: str
    figure: Figure
    dot: str
    left: str
    width: str
    worse: bool
    small: bool


def _scale(figures: Sequence[Figure], item: Measure) -> tuple[float, float]:
    known = [figure.value for figure in figures if figure.value is not None]
    if item.target is not None:
        known.append(item.target)
    low, high = min(known, default=0.0), max(known, default=1.0)
    return low, (high - low) or 1.0


def rank_rows(item: Measure, figures: Sequence[Figure]) -> list[RankRow]:
    """The ranking with its intervals; units with too few records have no place."""
    low, room = _scale([figure for figure in figures if not figure.small(item.small)] or figures, item)

    def at(value: float) -> float:
        return min(max(100 * (value - low) / room, 0), 100)

    rows = []
    for place, figure in enumerate(figures, 1):
        span = rules.interval(item, figure.numerator, figure.denominator)
        left, right = (at(span[0]), at(span[1])) if span else (0.0, 0.0)
        value = figure.value
        small = figure.small(item.small) or value is None
        worse = value is not None and item.target is not None and item.direction * value < item.direction * item.target
        rows.append(
            RankRow(
                None if small else place,
                figure.unit,
                unit_name(figure.unit),
                figure,
                f"{at(value or 0):.1f}",
                f"{left:.1f}",
                f"{right - left:.1f}",
                worse,
                small,
            )
        )
    return rows


def ends(rows: Sequence[RankRow]) -> tuple[Sequence[RankRow], int, Sequence[RankRow]]:
    """The best, how many lie between, and the worst of those with a place."""
    placed = [row for row in rows if row.rank is not None]
    if len(placed) <= 2 * EDGE + 2:
        return placed, 0, []
    return placed[:EDGE], len(placed) - 2 * EDGE, placed[-EDGE:]


def map_props(item: Measure, url: str) -> Mapping[str, Any]:
    """The map island coloured by the figures that ``url`` answers."""
    box = _bounds()
    return {
        "interactive": True,
        "tools": True,
        "layers": [],
        "units": {"values": url},
        **({"bounds": box} if box else {}),
    }


def _bounds() -> list[float] | None:
    points = [(unit.lon, unit.lat) for unit in places.wards() if unit.lon is not None and unit.lat is not None]
    if not points:
        return None
    return [min(x for x, _ in points), min(y for _, y in points), max(x for x, _ in points), max(y for _, y in points)]


def map_values(item: Measure, figures: Sequence[Figure], link: str) -> dict[str, Any]:
    """Band, words and address by unit, for the map."""
    borders = borders_of(item, figures)
    found = {}
    for figure in figures:
        words = gettext("%(n)s records: too few to compare") if figure.small(item.small) else gettext("%(n)s records")
        said = "–" if figure.value is None else f"{figure.value:.{item.decimals}f} {unit_text(item)}"
        found[str(figure.unit)] = {
            "band": rules.band(item, borders, figure.value, figure.n),
            "title": unit_name(figure.unit),
            "text": f"{said}, {words % {'n': figure.n}}",
            "url": link % figure.unit,
        }
    return found


def borders_of(item: Measure, figures: Sequence[Figure]) -> list[float]:
    """The borders of the map's bands."""
    return rules.edges(
        item, [figure.value for figure in figures if figure.value is not None and not figure.small(item.small)]
    )


def legend(item: Measure, figures: Sequence[Figure]) -> dict[str, Any]:
    """Borders and counts of the six bands, worst first."""
    borders = borders_of(item, figures)
    bands = [rules.band(item, borders, figure.value, figure.n) for figure in figures]
    marks = [
        (f"{100 * (place + 1) / 6:.2f}", border, item.target is not None and place == 3)
        for place, border in enumerate(borders)
    ]
    return {
        "counts": [bands.count(band) for band in range(6)],
        "marks": marks,
        "small": bands.count(-1),
        "some": bool(borders),
    }


def chart_props(
    item: Measure, series: Sequence[CityFigure], kind: PeriodKind, own: Sequence[Figure] = (), name: str = ""
) -> dict[str, Any]:
    """The chart island of a series with target and interval; ``open``: its last period is still running."""
    lows = [round(point.interval[0], 2) if point.interval else None for point in series]
    highs = [round(point.interval[1], 2) if point.interval else None for point in series]
    lines = [{"name": gettext("The city"), "data": [_round(point.value) for point in series]}]
    if name:
        by_period = {figure.period: figure.value for figure in own}
        lines = [{"name": name, "data": [_round(by_period.get(point.period)) for point in series]}, *lines]
    return {
        "kind": "line",
        "title": gettext(item.title),
        "unit": unit_text(item),
        "x": [period_text(point.period, kind) for point in series],
        "open": bool(series) and running(series[-1].period, kind),
        "series": lines,
        "target": item.target,
        "zero": item.unit != "%",
        "table": "#series-table",
        **({"band": {"low": lows, "high": highs}} if any(point.interval for point in series) and not name else {}),
    }


def running(period: date, kind: PeriodKind) -> bool:
    """Whether a period is not over yet, so that its figure is not the last word."""
    return period >= rules.period_of(clock.today(), kind)


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def strip(item: Measure, figures: Sequence[Figure], unit: UUID | None) -> dict[str, Any] | None:
    """All units as dots on one line, better to the right."""
    known = [figure for figure in figures if figure.value is not None and not figure.small(item.small)]
    if len(known) < 3:
        return None
    low, room = _scale(known, item)

    def at(value: float) -> str:
        share = (value - low) / room
        return f"{2 + 96 * (share if item.direction > 0 else 1 - share):.1f}"

    mine = next((figure for figure in known if figure.unit == unit), None)
    return {
        "dots": [at(figure.value or 0) for figure in known if figure is not mine],
        "mine": at(mine.value or 0) if mine else "",
        "middle": at(median(figure.value or 0 for figure in known)),
        "target": at(item.target) if item.target is not None else "",
        "n": len(known),
    }


def page(actor: Actor, item: Measure, wish: Asked) -> dict[str, Any]:
    """What the pages of one measure share."""
    choice = choosing.choose(actor, item, wish)
    kind, period, known, unit = choice.kind, choice.period, choice.known, wish.unit
    first = max(rules.following(max(known, default=period), kind, 1 - PERIODS[kind]), min(known, default=period))
    series = service.city_series(actor, item.key, first, max(known, default=period), kind)
    figures = choosing.figures(actor, item, choice)
    own = _own(actor, item, choice, unit, first)
    name = unit_name(unit) if unit else ""
    shown = next((figure for figure in figures if figure.unit == unit), None)
    point = next((point for point in series if point.period == period), None)
    if choice.span > 1 and not unit:
        since = choosing.own_periods(item, choice)[0]
        point = _city(item, service.values(actor, item.key, first=since, last=period))
    rows = rank_rows(item, figures)
    best, between, worst = ends(rows)
    return {
        "measure": item,
        "title": gettext(item.title),
        "about": gettext(item.about) if item.about else "",
        "unit_text": unit_text(item),
        "choice": choice,
        "kinds": choosing.links(actor, item, choice),
        "period": period,
        "period_text": span_text(period, kind, choice.span),
        "step_text": period_text(period, kind),
        "span": choice.span,
        "older": _neighbour(known, period, 1),
        "newer": _neighbour(known, period, -1),
        "unfinished": running(period, kind),
        "point": point,
        "figure": shown,
        **_headline(item, choice, series, point, shown, unit),
        "series": [(period_text(one.period, kind), one, running(one.period, kind)) for one in series][::-1],
        "chart": chart_props(item, series, kind, own, name),
        "rows": rows,
        "best": best,
        "between": between,
        "worst": worst,
        "legend": legend(item, figures),
        "strip": strip(item, figures, unit),
        "unit_id": unit,
        "unit_name": name,
    }


def _own(actor: Actor, item: Measure, choice: Choice, unit: UUID | None, first: date) -> list[Figure]:
    if unit is None:
        return []
    return service.values(actor, item.key, units=[unit], first=first, kind=choice.kind, geography=choice.geography)


def _headline(
    item: Measure,
    choice: Choice,
    series: Sequence[CityFigure],
    point: CityFigure | None,
    shown: Figure | None,
    unit: UUID | None,
) -> dict[str, Any]:
    """The value in large, against the target and the period before (not of a running one: it is not the last word)."""
    value = shown.value if shown else point.value if point and not unit else None
    before = next((one for one in series if one.period == rules.following(choice.period, choice.kind, -1)), None)
    compared = not unit and choice.span == 1 and not running(choice.period, choice.kind)
    change = value - before.value if compared and value is not None and before and before.value is not None else None
    aimed = value is not None and item.target is not None
    return {
        "value": value,
        "gap": abs(value - item.target) if value is not None and item.target is not None else None,
        "reached": aimed and item.direction * (value or 0) >= item.direction * (item.target or 0),
        "change": change,
        "half": (point.interval[1] - point.interval[0]) / 2 if point and point.interval and not unit else None,
    }


def _neighbour(known: Sequence[date], period: date, step: int) -> str:
    place = known.index(period) + step if period in known else -1
    return known[place].isoformat() if 0 <= place < len(known) else ""
