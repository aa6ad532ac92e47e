"""Figures of one day's units counted for another day's: whose part went where, and how sure the answer is."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal
from uuid import UUID

from thanglong.core.places import rules
from thanglong.core.places.repository import snapshot
from thanglong.core.places.repository.snapshot import History
from thanglong.core.places.types import Rebased, Succession
from thanglong.kit.errors import N_
from thanglong.solve import shares as solve

Method = Literal["share", "population", "area", "largest"]
Shares = dict[UUID, dict[UUID, float]]

STATEMENTS: Mapping[str, str] = {
    "share": N_("Divided units were split by the shares of the act: residents where known, else area."),
    "population": N_("Divided units were split by where their residents live."),
    "area": N_("Divided units were split by area."),
    "largest": N_("Each divided unit was counted whole for the one that took its largest part."),
    "same": N_("The units are the same on both days."),
}
BACKWARD = N_("Figures of the units of %(from_date)s for those of %(to_date)s, going back. %(how)s")
FORWARD = N_("Figures of the units of %(from_date)s for those of %(to_date)s. %(how)s")


def _share(row: Succession, method: Method) -> float | None:
    if method == "area":
        return row.share_area if row.share_area is not None else row.share_population
    return row.share_population if row.share_population is not None else row.share_area


def _day(row: Succession, history: History) -> date | None:
    """The day a succession took effect: its act's, else the day after the old unit's last."""
    act = history.acts.get(row.act) if row.act else None
    if act is not None:
        return act.effective_on
    last = history.states[row.old][-1].valid_to if row.old in history.states else None
    return last + rules.DAY if last is not None else None


def _steps(history: History, first: date, last: date, method: Method) -> dict[date, Shares]:
    """The changes with ``first`` < day <= ``last``, by day; the shares of each old unit sum to 1.

    What an act left with a unit that lived on stays with it; unknown shares are taken as equal.
    """
    grouped: dict[date, dict[UUID, list[Succession]]] = {}
    for row in history.successions:
        day = _day(row, history)
        if day is not None and first < day <= last:
            grouped.setdefault(day, {}).setdefault(row.old, []).append(row)
    return {
        day: {old: _complete(old, rows, day, history, method) for old, rows in olds.items()}
        for day, olds in sorted(grouped.items())
    }


def _complete(old: UUID, rows: list[Succession], day: date, history: History, method: Method) -> dict[UUID, float]:
    known = [_share(row, method) for row in rows]
    stays = any(state.valid_on(day) for state in history.states.get(old, ()))
    if any(share is None for share in known):
        count = len(rows) + stays
        parts = {row.new: 1.0 / count for row in rows}
    else:
        parts = {row.new: share or 0.0 for row, share in zip(rows, known, strict=True)}
    total = sum(parts.values())
    if stays:
        parts[old] = max(0.0, 1.0 - total)
    elif total > 0:
        parts = {new: share / total for new, share in parts.items()}
    else:
        parts = {row.new: 1.0 / len(rows) for row in rows}
    return {new: share for new, share in parts.items() if share > 0}


def correspondence(from_date: date, to_date: date, method: Method = "share") -> Mapping[UUID, Mapping[UUID, float]]:
    """Which part of each unit of ``from_date`` belongs to which unit of ``to_date``; units that did not change are left
    out. Going back in time the parts are weighed with the old units' residents (or area, as the method says).
    """
    history = snapshot.current()
    key = "correspondence", from_date, to_date, method
    if key not in history.derived:
        if len(history.derived) > 200:
            history.derived.clear()
        history.derived[key] = _correspondence(history, from_date, to_date, method)
    found: Shares = history.derived[key]
    return found


def _correspondence(history: History, from_date: date, to_date: date, method: Method) -> Shares:
    if from_date <= to_date:
        return _forward(history, from_date, to_date, method)
    there = _forward(history, to_date, from_date, method)
    past = history.on(to_date).units
    size = "area_km2" if method == "area" else "population"
    sizes = {unit_id: float(getattr(unit, size) or 0.0) for unit_id, unit in past.items()}
    if not any(sizes.values()):
        other = "population" if size == "area_km2" else "area_km2"
        sizes = {unit_id: float(getattr(unit, other) or 0.0) for unit_id, unit in past.items()}
    # a unit that lives on unchanged in itself but takes others in has to keep its own part
    for new in {new for parts in there.values() for new in parts}:
        if new in past and new not in there:
            there[new] = {new: 1.0}
    back = solve.backward(there, sizes)
    back = {new: parts for new, parts in back.items() if set(parts) != {new}}
    return solve.largest(back) if method == "largest" else back


def _forward(history: History, first: date, last: date, method: Method) -> Shares:
    shares: Shares = {}
    for step in _steps(history, first, last, method).values():
        shares = solve.compose(shares, step)
    known = history.on(first).units
    found = {old: parts for old, parts in shares.items() if old in known}
    return solve.largest(found) if method == "largest" else found


def rebase(
    values: Mapping[UUID, float], from_date: date, to_date: date, method: Method = "share", *, whole: bool = False
) -> Rebased:
    """Sums by unit of ``from_date`` as sums by unit of ``to_date``; the total stays exactly what it was.

    Only for what may be added up: counts, sums; a rate is re-based as numerator and denominator apart. ``whole`` gives
    whole numbers with the same total, by largest remainders. Values of units unknown on ``from_date`` stay as they are.
    """
    shares = correspondence(from_date, to_date, method)
    found, exact = solve.carry(values, shares)
    changed = any(unit in shares for unit in values)
    how = STATEMENTS[method if changed else "same"]
    result: Mapping[UUID, float] = solve.rounded(found, round(sum(values.values()))) if whole else found
    sentence = FORWARD if from_date <= to_date else BACKWARD
    return Rebased(result, exact, sentence, {"from_date": from_date, "to_date": to_date, "how": how})


def heirs(unit: UUID) -> frozenset[UUID]:
    """The units of today to which the business of an ended unit went, at any remove; none for a unit that lives on."""
    history = snapshot.current()
    today = history.on(None).units
    if unit in today:
        return frozenset()
    seen: set[UUID] = set()
    todo = [unit]
    while todo:
        for row in history.successors.get(todo.pop(), ()):
            if row.new not in seen:
                seen.add(row.new)
                if row.new not in today:
                    todo.append(row.new)
    return frozenset(item for item in seen if item in today)


def former(units: Iterable[UUID]) -> frozenset[UUID]:
    """All units that have ended and whose business went, wholly or in part, to one of ``units``, at any remove."""
    history = snapshot.current()
    seen: set[UUID] = set()
    todo = list(units)
    while todo:
        for row in history.predecessors.get(todo.pop(), ()):
            if row.old not in seen:
                seen.add(row.old)
                todo.append(row.old)
    today = history.on(None).units
    return frozenset(unit for unit in seen if unit not in today)
