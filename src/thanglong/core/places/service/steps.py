"""What all steps of a reorganisation share: permission, loading, the ledger entry, and who was faster."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import NewEntry, ObjectRef
from thanglong.core.places.repository import reforms, rows, snapshot
from thanglong.core.places.rules import plans
from thanglong.core.places.service import reading, weighing
from thanglong.core.places.service.writing import MANAGE
from thanglong.core.places.types import Reorganisation
from thanglong.kit import clock, ports
from thanglong.kit.errors import N_, Conflict, NotFound
from thanglong.kit.ports import Actor
from thanglong.kit.reorganising import UnitChange


def require(actor: Actor) -> None:
    """A reform is the whole city's business."""
    try:
        top = reading.city().id
    except NotFound:
        top = None
    ports.require(actor, MANAGE, top)


def look(actor: Actor) -> None:
    """Whoever keeps units anywhere may look at what is planned."""
    ports.require(actor, MANAGE)


def load(id: UUID) -> Reorganisation:
    """One reorganisation; NotFound."""
    found = reforms.get(id)
    if found is None:
        raise NotFound(N_("There is no such reorganisation."))
    return found


def digest(value: Any) -> str:
    """Hex SHA-256 of a JSON value."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def enter(actor: Actor, verb: str, reform: Reorganisation, before: Reorganisation | None, **facts: Any) -> None:
    """A ledger entry about one step."""
    act = reform.plan.act
    shown = {
        "number": act.number, "effective_on": str(act.effective_on), "old": len(plans.grouped(reform.plan.parts)),
        "new": len(plans.targets(reform.plan)), **facts,
    }  # fmt: skip
    ledger.append_many(
        [
            NewEntry(
                actor=actor,
                verb=f"reorganisation.{verb}",
                ref=ObjectRef("reorganisation", str(reform.id)),
                before=_state(before) if before else None,
                after=_state(reform),
                facts=shown,
            )
        ]
    )


def _state(reform: Reorganisation) -> dict[str, Any]:
    text = reforms.plan_text(reform.plan)
    return {"state": reform.state.value, "version": reform.version, "plan": hashlib.sha256(text.encode()).hexdigest()}


def faster(reform: Reorganisation) -> Conflict:
    """Somebody else changed it first: who and when."""
    who = reform.ended_by or reform.decided_by or reform.drafted_by
    return Conflict(
        N_("%(who)s was faster: the reorganisation changed at %(when)s. Look at it as it is now."),
        who=who, when=f"{clock.local(reform.changed_at):%H:%M %d/%m/%Y}",
    )  # fmt: skip


def step(
    actor: Actor, verb: str, before: Reorganisation, after: Reorganisation, memo: Any = None, **facts: Any
) -> None:
    more = {} if memo is None else {"memo": orjson.dumps(memo).decode()}
    if not reforms.move(after, before.version, **more):
        raise faster(load(before.id))
    enter(actor, verb, after, before, **facts)


def stored_digest(units: Sequence[UUID]) -> str:
    """What the tables hold of some units, as a digest."""
    return digest(sorted(reforms.states_text(rows.full_states(units))))


def change_in(reform: Reorganisation) -> UnitChange:
    """The change as followers see it, worked out against the units as they are now."""
    history = snapshot.current()
    return weighing.change_of(reform.id, weighing.ground(reform.plan, history), history)
