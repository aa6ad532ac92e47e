"""A decided reorganisation comes into force, or is undone before its day; what is left to be looked at."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.places.repository import reforms, rows, snapshot
from thanglong.core.places.service.steps import change_in, faster, load, look, require, step, stored_digest
from thanglong.core.places.service.writing import changed, entry
from thanglong.core.places.types import (
    ActState,
    NewUnit,
    Reorganisation,
    Reorganised,
    Review,
)
from thanglong.kit import bus, clock, registry
from thanglong.kit.errors import N_, Conflict, NotFound
from thanglong.kit.ids import new_id
from thanglong.kit.ports import SYSTEM, Actor
from thanglong.kit.reorganising import UnitChange

MOST_REVIEWS = 500


# ── effect and undoing ──────────────────────────────────────────────────────────────────────────────────────────────


def enforce(actor: Actor, reform: Reorganisation) -> Reorganisation:
    """Bring a decided reorganisation into force: open work moves. Call inside ``rows.change()``; idempotent."""
    before = load(reform.id)
    if before.state is not ActState.DECIDED or before.plan.act.effective_on > clock.today():
        return before
    change = change_in(before)
    moved: dict[str, int] = {}
    for key, follower in registry.followers.items():
        done = follower.in_force(change, actor)
        moved[key] = done.moved
        reforms.add_reviews(before.id, key, done.reviews, new_id)
    now = clock.now()
    after = replace(before, state=ActState.IN_FORCE, version=before.version + 1, changed_at=now, in_force_at=now)
    step(actor, "in_force", before, after, moved=moved)
    changed()
    bus.publish(Reorganised(after.id, after.state.value))
    return load(after.id)


def enforce_due() -> int:
    """Bring into force what is due today; how many. The worker's task, safe to run at any time and twice."""
    due = reforms.due(clock.today())
    for id in due:
        with rows.change():
            enforce(SYSTEM, load(id))
    return len(due)


def follow_up() -> int:
    """What came into units that had ended (a case reopened years later) follows, too; rows moved. Idempotent."""
    moved = 0
    for id in reforms.with_state(ActState.IN_FORCE):
        change = change_in(load(id))
        late = [(key, follower) for key, follower in registry.followers.items() if follower.waiting(change)]
        if not late:
            continue
        with rows.change():
            for key, follower in late:
                if follower.waiting(change):
                    done = follower.in_force(change, SYSTEM)
                    reforms.add_reviews(id, key, done.reviews, new_id)
                    moved += done.moved
    return moved


def undo(actor: Actor, id: UUID, *, version: int) -> Reorganisation:
    """Take a decision back before its day: the units are what they were, to the last byte.

    Conflict from the day of effect on, or when something was built on the decision since.
    """
    require(actor)
    with rows.change():
        before = load(id)
        if before.state is ActState.UNDONE and before.version == version + 1:
            return before
        if before.version != version:
            raise faster(before)
        if before.state is not ActState.DECIDED or before.plan.act.effective_on <= clock.today():
            raise Conflict(
                N_("Only a decided act whose day has not come can be undone. Draw up a further act instead.")
            )
        memo = reforms.memo(id)
        _refuse_if_built_on(memo)
        change = change_in(before)
        for key, follower in reversed(list(registry.followers.items())):
            follower.undone(change, actor, memo["notes"].get(key))
        _restore(actor, before, memo)
        now = clock.now()
        after = replace(before, state=ActState.UNDONE, version=version + 1, act=None, changed_at=now, ended_at=now,
                        ended_by=actor.label)  # fmt: skip
        step(actor, "undone", before, after)
        changed()
        bus.publish(Reorganised(id, after.state.value))
    return after


def _refuse_if_built_on(memo: Any) -> None:
    founded = {UUID(unit) for unit in memo["founded"]}
    pairs = {(UUID(old), UUID(new)) for old, new in memo["pairs"]}
    history = snapshot.current()
    same = stored_digest([UUID(unit) for unit in memo["touched"]]) == memo["digest"]
    leaning = any(
        state.parent in founded for unit, states in history.states.items() for state in states if unit not in founded
    )
    others = any(
        (row.old in founded or row.new in founded) and (row.old, row.new) not in pairs for row in history.successions
    )
    if not same or leaning or others:
        raise Conflict(N_("Units of this act were changed since. Undo the later change first."))


def _restore(actor: Actor, reform: Reorganisation, memo: Any) -> None:
    states = reforms.states_of(memo["before"])
    founded = [UUID(unit) for unit in memo["founded"]]
    now = rows.full_states([*states, *founded])
    rows.replace_states([NewUnit(unit, history) for unit, history in states.items()])
    reforms.withdraw(founded, [(UUID(old), UUID(new)) for old, new in memo["pairs"]], reform.act)
    entries = [entry(actor, "unit.restored", unit, now[unit], history) for unit, history in states.items()]
    entries += [entry(actor, "unit.withdrawn", unit, now[unit], []) for unit in founded]
    ledger.append_many(entries)


# ── afterwards ──────────────────────────────────────────────────────────────────────────────────────────────────────


def reviews(actor: Actor, id: UUID, limit: int = MOST_REVIEWS) -> list[Review]:
    """What a reorganisation placed by a rule of thumb and nobody has looked at yet."""
    look(actor)
    return reforms.reviews(id, limit)


def waiting(actor: Actor, id: UUID) -> dict[str, int]:
    """Work that still runs behind an act in force: rows to go, per follower (its title)."""
    look(actor)
    reform = load(id)
    if reform.state is not ActState.IN_FORCE:
        return {}
    change = change_in(reform)
    counts = {key: follower.waiting(change) for key, follower in registry.followers.items()}
    return {key: count for key, count in counts.items() if count}


def finish_review(actor: Actor, review_id: UUID) -> Review:
    """Note that somebody has looked at a row; the second one to say so changes nothing."""
    require(actor)
    with transaction.atomic():
        known = reforms.review(review_id)
        if known is None:
            raise NotFound()
        reform_id, item = known
        done = replace(item, done_at=clock.now(), done_by=actor.label)
        if item.done_at is None and reforms.finish_review(item, clock.now(), actor.label):
            facts = {"kind": item.kind, "item": str(item.id)}
            ledger.append(actor, "reorganisation.reviewed", ObjectRef("reorganisation", str(reform_id)), facts=facts)
            return done
        return item


def change_now(id: UUID) -> UnitChange | None:
    """The change of an act in force, for work that follows behind it; None when it is not in force."""
    reform = reforms.get(id)
    return change_in(reform) if reform is not None and reform.state is ActState.IN_FORCE else None
