"""Moving running cases to another version of their type: what a map must say, and what a case becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from thanglong.core.cases.rules.forms import form_faults
from thanglong.core.cases.types import CaseType

Transform = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TypeMap:
    """How cases of one version become cases of another.

    ``states`` names the new state of each old one; a state that is not named keeps its key when the new version has it.
    ``rename`` gives properties of the data new names, ``defaults`` fills what is missing, ``drop`` leaves some out.
    ``otherwise`` is for states the map cannot place: ``refuse`` leaves such cases as they are (and says so), ``stay``
    leaves them on purpose.
    """

    states: Mapping[str, str] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    otherwise: str = "refuse"


def problems(plan: TypeMap, old: CaseType, new: CaseType) -> list[str]:
    """Everything wrong with a map, in English (it is read by whoever writes case types)."""
    olds, news = {state.key for state in old.states}, {state.key: state.kind for state in new.states}
    kinds = {state.key: state.kind for state in old.states}
    found = []
    for source, target in plan.states.items():
        if source not in olds:
            found.append(f"version {old.version} has no state {source!r}")
        elif target not in news:
            found.append(f"version {new.version} has no state {target!r}")
        elif kinds[source].closed != news[target].closed:
            found.append(
                f"{source!r} -> {target!r} would open or close cases: a case is closed by a step, not by a map"
            )
    if plan.otherwise not in ("refuse", "stay"):
        found.append("otherwise must be 'refuse' or 'stay'")
    return found


def target_of(plan: TypeMap, state: str, new: CaseType) -> str | None:
    """The new state of an old one; None when the map cannot place it."""
    known = {item.key for item in new.states}
    wanted = plan.states.get(state, state)
    return wanted if wanted in known else None


def moved_data(plan: TypeMap, data: Mapping[str, Any]) -> dict[str, Any]:
    """A case's data after the map."""
    kept = {plan.rename.get(name, name): value for name, value in data.items() if name not in plan.drop}
    return {**plan.defaults, **kept}


def refusal(plan: TypeMap, old: CaseType, new: CaseType, state: str, data: Mapping[str, Any]) -> str | None:
    """Why a case cannot be moved, or None when it can."""
    target = target_of(plan, state, new)
    if target is None:
        return f"the map does not say where state {state!r} goes"
    closed = {item.key: item.kind.closed for item in old.states}.get(state)
    if closed is not None and closed != new.state(target).kind.closed:
        return f"state {state!r} would be opened or closed"
    faults = form_faults(new.form, moved_data(plan, data))
    if faults:
        return "the data do not fit the new form: " + ", ".join(sorted({fault.field or "?" for fault in faults}))
    return None
