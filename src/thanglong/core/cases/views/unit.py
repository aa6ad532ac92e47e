"""The unit's week on one page, for its head; prints on one sheet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from thanglong.core.cases import service
from thanglong.core.cases.service.writing import unit_name
from thanglong.core.cases.types import Finished, Pace, UnitWeek
from thanglong.kit import clock
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import Actor

WIDTH, HEIGHT, BASE = 262.0, 90.0, 104.0
FEW = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a small chart, in SVG units as text (templates must not localise coordinates)."""

    x: str
    y: str
    height: str
    width: str
    css: str
    label: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A line of the comparison: our value among like units."""

    title: str
    note: str
    value: float | None
    digits: int
    unit: str
    dots: Sequence[str]
    mine: str
    middle: str
    best_name: str
    best: float | None
    rank: int
    of: int
    few: bool


def _bars(
    columns: Sequence[tuple[str, Sequence[tuple[str, int]]]], width: float
) -> tuple[list[Bar], list[tuple[str, str]], int]:
    """Grouped bars, their labels with positions, and the top of the scale."""
    top = max([value for _, values in columns for _, value in values] + [4])
    step = 272 / max(len(columns), 1)
    bars, labels = [], []
    for index, (label, values) in enumerate(columns):
        left = index * step + (step - width * len(values)) / 2
        for place, (css, value) in enumerate(values):
            height = HEIGHT * value / top
            bars.append(
                Bar(
                    f"{left + place * width:.1f}",
                    f"{BASE - height:.1f}",
                    f"{height:.1f}",
                    f"{width - 2:.1f}",
                    css,
                    label,
                )
            )
        labels.append((f"{index * step + step / 2:.1f}", label))
    return bars, labels, top


def _share(cases: Sequence[Finished]) -> float | None:
    return 100 * sum(case.in_time for case in cases) / len(cases) if cases else None


def _line(values: Sequence[float | None]) -> tuple[str, str, str]:
    """Path of a share's line (60 to 100), and the last point's position."""
    step = WIDTH / max(len(values) - 1, 1)

    def y(value: float) -> float:
        return BASE - HEIGHT * (max(value, 60) - 60) / 40

    points = [(index * step, y(value)) for index, value in enumerate(values) if value is not None]
    if not points:
        return "", "", ""
    path = "M" + "L".join(f"{x:.1f} {at:.1f}" for x, at in points)
    return path, f"{points[-1][0]:.1f}", f"{points[-1][1]:.1f}"


def _days(week: UnitWeek) -> list[tuple[str, Sequence[tuple[str, int]]]]:
    names = [
        gettext("Mon"),
        gettext("Tue"),
        gettext("Wed"),
        gettext("Thu"),
        gettext("Fri"),
        gettext("Sat"),
        gettext("Sun"),
    ]
    first = clock.day_of(week.start)
    opened = [(clock.day_of(moment) - first).days for moment in week.opened]
    closed = [(clock.day_of(case.closed_at) - first).days for case in week.finished if case.closed_at >= week.start]
    return [(name, (("b1", opened.count(index)), ("b2", closed.count(index)))) for index, name in enumerate(names)]


def _answers(
    cases: Sequence[Finished],
) -> tuple[float | None, list[tuple[str, Sequence[tuple[str, int]]]], float | None]:
    """Median hours to the first answer, its histogram by hours, and the share within eight hours."""
    hours = [(case.responded_at - case.opened_at) / timedelta(hours=1) for case in cases if case.responded_at]
    if not hours:
        return None, [], None
    columns: list[tuple[str, Sequence[tuple[str, int]]]] = []
    for index in range(12):
        low, high = index, index + 1 if index < 11 else float("inf")
        label = str(index) if index in (0, 4, 8) else "11+" if index == 11 else ""
        columns.append((label, (("b2" if index < 8 else "bw", sum(low <= value < high for value in hours)),)))
    return median(hours), columns, 100 * sum(value <= 8 for value in hours) / len(hours)


def _strip(
    week: UnitWeek, title: str, note: str, unit: str, digits: int, direction: int,
    read: Callable[[Pace], float | None], count: Callable[[Pace], int],
) -> Strip:  # fmt: skip
    values = {pace.unit: value for pace in week.similar if (value := read(pace)) is not None and count(pace) > 0}
    mine = values.get(week.unit)
    low, high = min(values.values(), default=0.0), max(values.values(), default=1.0)
    room = (high - low) or 1.0

    def place(value: float) -> str:
        share = (value - low) / room
        return f"{4 + 92 * (share if direction > 0 else 1 - share):.1f}"

    best = max(values, key=lambda key: direction * values[key], default=None)
    own = next((pace for pace in week.similar if pace.unit == week.unit), None)
    return Strip(
        title=title, note=note, value=mine, digits=digits, unit=unit,
        dots=[place(value) for key, value in values.items() if key != week.unit],
        mine=place(mine) if mine is not None else "",
        middle=place(median(values.values())) if values else "",
        best_name=unit_name(best), best=values[best] if best else None,
        rank=1 + sum(direction * value > direction * mine for value in values.values()) if mine is not None else 0,
        of=len(values), few=own is None or count(own) < FEW,
    )  # fmt: skip


def strips(week: UnitWeek) -> list[Strip]:
    """The comparison with like units over four weeks."""
    return [
        _strip(week, gettext("In time"), gettext("finished before the promised moment"), "%", 1, 1,
               lambda p: 100 * p.in_time / p.finished if p.finished else None, lambda p: p.finished),
        _strip(week, gettext("Satisfaction"), gettext("of those who answered"), "/5", 1, 1,
               lambda p: p.rating_sum / p.rated if p.rated else None, lambda p: p.rated),
        _strip(week, gettext("Time to finish"), gettext("mean, nights and weekends included"), gettext("h"), 1, -1,
               lambda p: p.mean / timedelta(hours=1) if p.finished else None, lambda p: p.finished),
        _strip(week, gettext("Opened again"), gettext("the reporter was not content"), "%", 1, -1,
               lambda p: 100 * p.reopened / p.finished if p.finished else None, lambda p: p.finished),
    ]  # fmt: skip


def _stars(cases: Sequence[Finished]) -> tuple[float | None, int, list[tuple[int, int, str]]]:
    ratings = [case.rating for case in cases if case.rating]
    rows = [
        (star, ratings.count(star), f"{ratings.count(star) / max(len(ratings), 1):.3f}") for star in (5, 4, 3, 2, 1)
    ]
    return (sum(ratings) / len(ratings) if ratings else None), len(ratings), rows


def page(week: UnitWeek) -> dict[str, Any]:
    """What the template needs."""
    this = [case for case in week.finished if case.closed_at >= week.start]
    bars, labels, top = _bars(_days(week), 14)
    weekly = []
    for index in range(12):
        low = week.start - timedelta(weeks=11 - index)
        weekly.append(_share([case for case in week.finished if low <= case.closed_at < low + timedelta(weeks=1)]))
    path, x, y = _line(weekly)
    middle, columns, within = _answers(this)
    answer_bars, answer_labels, _ = _bars(columns, 20)
    mean, rated, stars = _stars(this)
    most = max((hand.open for hand in week.hands), default=1)
    return {
        "week": week,
        "received": len(week.opened),
        "done": len(this),
        "bars": bars,
        "bar_labels": labels,
        "bar_top": top,
        "in_time": _share(this),
        "in_time_path": path,
        "in_time_x": x,
        "in_time_y": y,
        "target_label": f"{BASE - HEIGHT * 35 / 40 + 14:.1f}",
        "target_y": f"{BASE - HEIGHT * 35 / 40:.1f}",
        "stars_mean": mean,
        "stars_n": rated,
        "stars": stars,
        "answer_median": middle,
        "answer_bars": answer_bars,
        "answer_labels": answer_labels,
        "answer_within": within,
        "strips": strips(week),
        "hands": [(hand, f"{hand.open / most:.3f}") for hand in sorted(week.hands, key=lambda hand: -hand.open)],
        "week_number": clock.day_of(week.start).isocalendar().week,
        "last_day": week.end - timedelta(days=1),
        "before": (clock.day_of(week.start) - timedelta(days=7)).isoformat(),
        "after": (clock.day_of(week.start) + timedelta(days=7)).isoformat() if week.end <= week.now else "",
        "few": len(this) < FEW,
    }


def _asked(request: HttpRequest, actor: Actor) -> tuple[UUID, date | None]:
    try:
        unit = UUID(request.GET["unit"]) if request.GET.get("unit") else actor.unit
        day = datetime.strptime(request.GET["week"], "%Y-%m-%d").date() if request.GET.get("week") else None  # noqa: DTZ007
    except ValueError:
        raise NotFound() from None
    if unit is None:
        raise NotFound()
    return unit, day


@require_GET
def week(request: HttpRequest) -> HttpResponse:
    """The week of the asker's unit, or of ``?unit=`` within reach; ``?week=`` any day of it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    unit, day = _asked(request, actor)
    shown = page(service.unit_week(actor, unit, day))
    return render(request, "cases/unit.html", shown | {"unit_title": unit_name(unit), "unit_id": unit})
