"""Taking an action: who may, what is missing, who was faster, and everything that follows in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from thanglong.core.cases.repository import followers, rows
from thanglong.core.cases.rules import clock as timing
from thanglong.core.cases.rules import forms, moves, pauses
from thanglong.core.cases.service import guarding, writing
from thanglong.core.cases.service.catalogue import run_hooks
from thanglong.core.cases.service.opening import check_at
from thanglong.core.cases.service.people import is_reporter
from thanglong.core.cases.types import Action, Case, CaseClosed, CaseMoved, CaseType, Document, StepContext
from thanglong.kit import bus, clock, ports
from thanglong.kit.errors import N_, Conflict, Denied, Fault, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import Actor


def act(
    actor: Actor,
    case_id: UUID,
    action: str,
    data: Mapping[str, Any],
    *,
    version: int,
    documents: Sequence[UUID] = (),
    secret: str = "",
    at: datetime | None = None,
) -> Case:
    """Take ``action`` on the case as it was at ``version``.

    ``secret`` proves the reporter. Raises Denied or NotSignedIn, Conflict (who did what when), Invalid (all faults).
    """
    case, case_type = writing.load(case_id)
    step = case_type.action(action)
    if step is None:
        raise NotFound()
    _check_who(actor, case, step, secret)
    if case.version != version:
        raise writing.conflict(case_type, case.id)
    if case.state not in step.sources:
        raise Conflict(N_("This step is not possible in the present state of the case."))
    given = rows.documents_by_id(documents)
    if len(given) != len(set(documents)):
        raise Invalid([Fault("documents", writing.MISSING)])
    now = max(at or clock.now(), case.state_since)  # a machine whose clock was set back does not undo time
    values = _check_input(actor, case, case_type, step, data, given, now)
    with transaction.atomic():
        return apply(actor, case, case_type, step, values, given, now)


def _check_who(actor: Actor, case: Case, step: Action, secret: str) -> None:
    reporter = step.reporter and is_reporter(actor, case.id, secret)

    def permitted(permission: str) -> bool:
        return ports.plugged.access.allowed(actor, permission, case.unit)

    if not moves.may_take(step, permitted=permitted, reporter=reporter, system=actor.kind == "system"):
        raise NotSignedIn() if actor.id is None else Denied()


def _check_input(
    actor: Actor,
    case: Case,
    case_type: CaseType,
    step: Action,
    data: Mapping[str, Any],
    given: Sequence[Document],
    now: datetime,
) -> dict[str, Any]:
    values, faults = forms.clean(step, data)
    if actor.kind == "system":
        return values
    faults += guarding.by_list(step)
    faults += forms.document_faults(step, given)
    faults += guarding.standing_faults(case_type, case, step, now=now)
    if not faults:
        faults = guarding.guard_faults(actor, case, step, values, given)
    if faults:
        raise Invalid(faults)
    return values


def changes(
    case: Case,
    case_type: CaseType,
    step: Action,
    values: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    left: int | None,
) -> Case:
    """The case after the step, pure: state, clock, effects. ``left``: seconds that a stopped clock had left."""
    state = case_type.state(step.target or case.state)
    moved = state.key != case.state
    due_at, level = case.due_at, case.level
    paused = "" if state.kind.closed else case.paused
    if state.stops_clock or paused:
        due_at = None
    elif pauses.stands(case_type, case) and left is not None:
        due_at = timing.resume(case_type, case.data, now, left)
    closed_at = case.closed_at if not moved else (case.closed_at or now) if state.kind.closed else None
    if {"restart", "reopen"} & set(step.effects) and not (state.stops_clock or paused):
        due_at, level = _restarted(case, case_type, step, now)
    written = {field.into: values[field.key] for field in step.fields if field.into and field.key in values}
    assignee, label = case.assignee, case.assignee_label
    if "claim" in step.effects and actor.kind == "person":
        assignee, label = actor.id, actor.label
    if "release" in step.effects:
        assignee, label = None, ""
    return replace(
        case,
        state=state.key,
        kind=state.kind,
        state_since=now if moved else case.state_since,
        due_at=due_at,
        closed_at=closed_at,
        level=level,
        assignee=assignee,
        assignee_label=label,
        reopened=case.reopened + ("reopen" in step.effects),
        rating=values.get("rating", case.rating) if "rate" in step.effects else case.rating,
        responded_at=case.responded_at or (now if actor.kind in ("person", "client") else None),
        version=case.version + 1,
        paused=paused,
        paused_until=case.paused_until if paused else None,
        data={**case.data, **written} if written else case.data,
    )


def _restarted(case: Case, case_type: CaseType, step: Action, now: datetime) -> tuple[datetime | None, int]:
    """Due moment and rung of a clock that begins again, or goes on with what was left when the case was closed."""
    if "resume" in step.effects and case.closed_at is not None and case.due_at is not None:
        left = timing.left(case_type, case.data, case.closed_at, case.due_at)
        return timing.resume(case_type, case.data, now, max(left, 0)), case.level
    return timing.due(case_type, case.data, now), 0


def row_changes(case_type: CaseType, case: Case) -> dict[str, Any]:
    """The columns that a step may change."""
    return {
        "state": case.state,
        "kind": case.kind.value,
        "state_since": case.state_since,
        "due_at": case.due_at,
        "closed_at": case.closed_at,
        "level": case.level,
        "assignee": case.assignee,
        "assignee_label": case.assignee_label,
        "reopened": case.reopened,
        "rating": case.rating,
        "responded_at": case.responded_at,
        "check_at": check_at(case_type, case),
        "unit": case.unit,
        "data": dict(case.data),
        "paused": case.paused,
        "paused_until": case.paused_until,
    }


def clock_moves(case: Case, after: Case, case_type: CaseType, now: datetime, **said: str) -> None:
    """Write down that the clock stops or goes on; ``said``: reason, basis, note, by."""
    stops, stopped = pauses.stands(case_type, after), pauses.stands(case_type, case)
    reason = said.pop("reason", after.state)
    if stops and not stopped:
        left = timing.left(case_type, case.data, now, case.due_at) if case.due_at else None
        if not rows.clock_segments(case.id):
            rows.switch_clock(case.id, True, case.opened_at, "", None)
        rows.switch_clock(case.id, False, now, reason, left, **said)
    elif stopped and not stops:
        rows.switch_clock(case.id, True, now, reason, None, **said)


def apply(
    actor: Actor,
    case: Case,
    case_type: CaseType,
    step: Action,
    values: Mapping[str, Any],
    given: Sequence[Document],
    now: datetime,
    *,
    more: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    private: Mapping[str, str] | None = None,
) -> Case:
    """Take a checked step, in the caller's transaction. ``more``: further columns; ``facts``, ``private``: the
    ledger's.
    """
    left = rows.remaining(case.id) if pauses.stands(case_type, case) else None
    after = replace(changes(case, case_type, step, values, actor, now, left), **(more or {}))
    known = {"action": step.key, "from": case.state, "to": after.state, **writing.digests(given), **(facts or {})}
    entry = writing.enter(actor, "moved", case, after, now, facts=known, private=private)
    columns = {**row_changes(case_type, after), **(more or {}), "ledger_entry": entry}
    if after.kind.closed != case.kind.closed:
        columns["documents_until"] = documents_until(case_type, after)
    if not rows.update_case(case.id, case.version, columns):
        raise writing.conflict(case_type, case.id)
    clock_moves(case, after, case_type, now)
    documents = [document.id for document in given]
    writing.take_documents(case.id, documents)
    params = sentence_params(case_type, step, after, values, writing.unit_name(case.unit))
    text = step.text or writing.sentence(case_type, "acted")
    writing.tell(
        actor, "acted", after, text, params, now, entry,
        action=step.key, before=case, public=step.public, data=values, documents=documents,
    )  # fmt: skip
    _publish(case, after, case_type, step, now)
    after = replace(after, ledger_entry=entry)
    run_hooks(StepContext(actor, step.key, case, after, values, given, now))
    return after


def documents_until(case_type: CaseType, case: Case) -> datetime | None:
    """When the files of a closed case are to be erased (None: they are kept, or the case is open)."""
    days = case_type.retention.documents_days
    return case.closed_at + timedelta(days=days) if case.closed_at and days is not None else None


def _publish(case: Case, after: Case, case_type: CaseType, step: Action, now: datetime) -> None:
    bus.publish(CaseMoved(case.id, case.number, case.type, case.unit, step.key, case.state, after.state, now))
    if after.kind.closed != case.kind.closed:
        until = now + timedelta(days=case_type.keep_personal_days) if after.kind.closed else None
        followers.keep_until(case.id, until)
    if after.kind.closed and not case.kind.closed:
        bus.publish(CaseClosed(case.id, case.number, case.type, case.unit, after.state, now))


def sentence_params(
    case_type: CaseType, step: Action, case: Case, values: Mapping[str, Any], unit: str
) -> dict[str, Any]:
    """What a timeline sentence may say: unit, number, the action's title and its public entries."""
    params: dict[str, Any] = {"unit": unit, "number": case.number, "action": step.title}
    for field in forms.fields_of(step):
        if field.public and field.key in values:
            params[field.key] = dict(field.choices).get(values[field.key], values[field.key])
        else:
            params.setdefault(field.key, "")
    return params
