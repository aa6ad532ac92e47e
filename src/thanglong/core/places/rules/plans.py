"""A reorganisation on paper: which units end, which live on, how the shares add up, and what is wrong with it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from thanglong.core.places.types import Part, Plan, PlannedUnit, Problem
from thanglong.kit.errors import N_

# shares of one unit may miss 1 by this much, as when they are given in per cent with one decimal
SUM_OFF = 0.005
EXACT = 1e-9


def grouped(parts: Iterable[Part]) -> dict[UUID, list[Part]]:
    """The parts of each old unit."""
    result: dict[UUID, list[Part]] = {}
    for part in parts:
        result.setdefault(part.old, []).append(part)
    return result


def targets(plan: Plan) -> frozenset[UUID]:
    """The units that take something over, or stay."""
    return frozenset(part.new for part in plan.parts) | frozenset(unit.id for unit in plan.units)


def closing(plan: Plan) -> frozenset[UUID]:
    """The units that end on the eve."""
    return (frozenset(part.old for part in plan.parts) | frozenset(plan.abolished)) - targets(plan)


def moves(plan: Plan, shares: Mapping[UUID, Mapping[UUID, float]]) -> dict[UUID, dict[UUID, float]]:
    """Per old unit its parts, scaled to 1; what only stays where it is is left out."""
    result: dict[UUID, dict[UUID, float]] = {}
    for old, parts in shares.items():
        total = sum(parts.values())
        if total > 0 and set(parts) != {old}:
            result[old] = {new: share / total for new, share in parts.items() if share > 0}
    return result


def shares_of(plan: Plan, computed: Mapping[UUID, Mapping[UUID, float]]) -> dict[UUID, dict[UUID, float]]:
    """The shares as given, else as computed; one sole successor takes all."""
    result: dict[UUID, dict[UUID, float]] = {}
    for old, parts in grouped(plan.parts).items():
        if len(parts) == 1 and parts[0].share is None:
            result[old] = {parts[0].new: 1.0}
        elif all(part.share is not None for part in parts):
            result[old] = {part.new: part.share or 0.0 for part in parts}
        else:
            result[old] = {part.new: computed.get(old, {}).get(part.new, 0.0) for part in parts}
    return result


def faults(
    plan: Plan, names: Mapping[UUID, str], shares: Mapping[UUID, Mapping[UUID, float]], unknown: frozenset[UUID]
) -> list[Problem]:
    """What is wrong with a plan by itself. ``names`` of all units concerned; ``unknown`` have no computed shares."""
    problems = _basis(plan)
    if not plan.parts and not plan.abolished and not plan.units:
        problems.append(
            Problem(0, N_("The act changes nothing."), N_("Add at least one pair of an old and a new unit."))
        )
    for (old, new), count in Counter((part.old, part.new) for part in plan.parts).items():
        if count > 1:
            text = N_("%(old)s goes to %(new)s twice.")
            line = max(part.line for part in plan.parts if (part.old, part.new) == (old, new))
            params = {"old": _name(names, old), "new": _name(names, new)}
            problems.append(Problem(line, text, N_("Leave one of the rows out."), params))
    for old, parts in grouped(plan.parts).items():
        problems += _share_faults(old, parts, names, shares.get(old, {}), unknown)
    taking = frozenset(part.new for part in plan.parts)
    for unit in plan.units:
        if unit.founded and unit.id not in taking:
            problems.append(_orphan(unit))
    for unit_id in frozenset(plan.abolished) & frozenset(part.old for part in plan.parts):
        text = N_("%(name)s is abolished and goes to another unit at once.")
        problems.append(Problem(0, text, N_("Choose one of the two."), {"name": _name(names, unit_id)}))
    return problems


def _basis(plan: Plan) -> list[Problem]:
    act, problems = plan.act, []
    if not act.title.strip():
        problems.append(Problem(0, N_("The title of the act is missing."), N_("Enter what the act is called.")))
    if not act.number.strip():
        fix = N_("Enter it as it stands on the act, such as 1656/NQ-UBTVQH15.")
        problems.append(Problem(0, N_("The number of the act is missing."), fix))
    if not act.issuer.strip():
        problems.append(Problem(0, N_("The body that issued the act is missing."), N_("Enter it.")))
    if act.signed_on is None:
        problems.append(Problem(0, N_("The day of signature is missing."), N_("Enter it.")))
    elif act.signed_on > act.effective_on:
        fix = N_("Correct one of the two days.")
        problems.append(Problem(0, N_("The act would take effect before it was signed."), fix))
    return problems


def _orphan(unit: PlannedUnit) -> Problem:
    text = N_("%(name)s would take over nothing.")
    return Problem(0, text, N_("Say which old units go to it, or leave it out."), {"name": unit.name})


def _name(names: Mapping[UUID, str], unit: UUID) -> str:
    return names.get(unit, str(unit))


def _share_faults(
    old: UUID, parts: Sequence[Part], names: Mapping[UUID, str], shares: Mapping[UUID, float], unknown: frozenset[UUID]
) -> list[Problem]:
    params = {"name": _name(names, old)}
    line = parts[0].line
    given = [part.share for part in parts if part.share is not None]
    if any(not 0 < share <= 1 for share in given):
        text = N_("%(name)s: a share is not between 0 and 1.")
        return [Problem(line, text, N_("Write 0.25 for a quarter."), params)]
    if given and len(given) < len(parts):
        text = N_("%(name)s: some shares are given and some are not.")
        return [Problem(line, text, N_("Give all of them, or none to have them computed."), params)]
    total = sum(shares.values())
    if given and abs(total - 1) > SUM_OFF:
        text = N_("%(name)s: the shares add up to %(total)s, not to 1.")
        return [Problem(line, text, N_("Correct the shares."), {**params, "total": f"{total:.4g}"})]
    if not given and len(parts) > 1 and (old in unknown or total <= 0):
        text = N_("%(name)s is divided, and its shares are not known.")
        fix = N_("Give the shares, or bring outlines of the old and the new units.")
        return [Problem(line, text, fix, params)]
    if not given and len(parts) > 1:
        lost = [names.get(part.new, str(part.new)) for part in parts if shares.get(part.new, 0.0) <= 0]
        if lost:
            text = N_("%(name)s: nothing of its outline lies in %(new)s.")
            fix = N_("Check the outlines, leave the pair out, or give the shares.")
            return [Problem(line, text, fix, {**params, "new": ", ".join(lost)})]
    return []
