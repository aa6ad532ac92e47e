"""Addresses as people write them: old or new names of units, with or without marks, abbreviated."""

from datetime import date
from uuid import UUID

from thanglong.core.places.repository import snapshot
from thanglong.core.places.repository.snapshot import History
from thanglong.core.places.rules import addresses as rules
from thanglong.core.places.types import LOCAL_KINDS, FoundAddress, Unit, UnitKind
from thanglong.kit import clock
from thanglong.kit.text import fold

MOST = 20


def find_address(text: str, on: date | None = None, limit: int = 5) -> list[FoundAddress]:
    """What an address may mean, the best reading first; several when it is ambiguous, none when it names no unit.

    Old names lead to the units of ``on`` (today) that took over, all of them where the old unit was divided; both
    spellings are given. A past district in the text decides between wards of one name.
    """
    written = rules.parse(text[:300])
    if not written.parts:
        return []
    history = snapshot.current()
    day = on or clock.today()
    readings: dict[UUID, tuple[int, int]] = {}
    for index, part in enumerate(written.parts):
        for unit_id, score in _units(history, part).items():
            if score < readings.get(unit_id, (99, 0))[0]:
                readings[unit_id] = (score, index)
    local = {unit: found for unit, found in readings.items() if _kind(history, unit) in LOCAL_KINDS}
    above = {unit for unit in readings if _kind(history, unit) is UnitKind.DISTRICT}
    chosen = local or {unit: found for unit, found in readings.items() if unit in above}
    found = [
        _reading(history, unit, written, index, score, above, day) for unit, (score, index) in chosen.items()
    ]  # fmt: skip
    found.sort(key=lambda item: (item.score, item.named.valid_to is not None, item.text))
    best = found[0].score if found else 0
    # readings clearly worse than the best one only confuse
    return [item for item in found if item.score <= best + rules.NEAR][: min(limit, MOST)]


def _kind(history: History, unit: UUID) -> UnitKind:
    return history.states[unit][-1].kind


def _units(history: History, part: rules.Part) -> dict[UUID, int]:
    """Units that bore a name, with a score (0 best): marks, then tone placement and case, then bare letters.

    A kind that is written (P., Xã) has to be the unit's, give or take ward and township.
    """
    found: dict[UUID, int] = {}
    for key, cost in ((part.spelled, 0), (part.folded, 2)):
        for unit_id, name_kind in history.plain_names.get(key, ()):
            if part.kinds and name_kind not in part.kinds:
                continue
            penalty = cost + (0 if part.kinds else 1) + part.cost
            if penalty < found.get(unit_id, 99):
                found[unit_id] = penalty
    return found


def _reading(
    history: History, unit_id: UUID, written: rules.Written, index: int, score: int, above: set[UUID], day: date
) -> FoundAddress:
    part = written.parts[index]
    states = history.states[unit_id]
    keys = {part.spelled, part.folded}
    named = next((s for s in reversed(states) if fold(s.short_name) in keys or fold(s.name) in keys), states[-1])
    parents = [history.last(top, named.valid_from) for top in history.on(named.valid_from).ancestors(unit_id)]
    district = next((unit for unit in parents if unit and unit.kind is UnitKind.DISTRICT), None)
    if above:
        score += -2 if district is not None and district.id in above else 4
    elif named.valid_to is not None and named.valid_to < day:
        score += 1
    units = _today(history, unit_id, day)
    rest = ", ".join(written.parts[at].raw for at in range(index) if not written.parts[at].is_above(above, history))
    rest = ", ".join(part for part in (written.rest, rest) if part)
    house, street = rules.house_and_street(rest)
    return FoundAddress(
        rest, house, street, named, units, district,
        _line(rest, units[0] if units else named, history, day),
        _line(rest, named, history, named.valid_from, district), max(score, 0),
    )  # fmt: skip


def _today(history: History, unit_id: UUID, day: date) -> tuple[Unit, ...]:
    """The units of a day that hold what a unit held, the largest share first."""
    state = history.last(unit_id, day)
    if state is not None and state.valid_on(day):
        return (state,)
    shares: dict[UUID, float] = {unit_id: 1.0}
    for _ in range(12):
        following: dict[UUID, float] = {}
        for unit, share in shares.items():
            after = history.successors.get(unit, [])
            if not after or unit in history.on(day).units:
                following[unit] = following.get(unit, 0.0) + share
            for row in after if unit not in history.on(day).units else ():
                part = row.share_population or row.share_area or 1.0 / len(after)
                following[row.new] = following.get(row.new, 0.0) + share * part
        if following == shares:
            break
        shares = following
    order = sorted(shares, key=lambda unit: (-shares[unit], str(unit)))
    units = history.on(day).units
    return tuple(units[unit] for unit in order if unit in units)


def _line(rest: str, unit: Unit, history: History, day: date, district: Unit | None = None) -> str:
    """An address as it is written on a day: rest, unit, district where there was one, city."""
    cities = history.on(max(day, unit.valid_from)).cities
    top = cities[0].short_name if cities else ""
    return ", ".join(part for part in (rest, unit.name, district.name if district else "", top) if part)
