"""Taking an action: who may, what is missing, who was faster, and everything that follows in one transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from thanglong.core.cases.repository import followers, rows
from thanglong.core.cases.rules import clock as timing
from thanglong.core.cases.rules import forms, moves
from thanglong.core.cases.service import writing
from thanglong.core.cases.service.catalogue import run_hooks
from thanglong.core.cases.service.opening import check_at
from thanglong.core.cases.service.people import is_reporter
from thanglong.core.cases.types import Action, Case, CaseClosed, CaseMoved, CaseType, Document, StepContext
from thanglong.formats import conditions
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
    now = at or clock.now()
    values = _check_input(actor, case, step, data, given)
    with transaction.atomic():
        after = _apply(actor, case, case_type, step, values, given, now)
        run_hooks(StepContext(actor, step.key, case, after, values, given, now))
    return after


def _check_who(actor: Actor, case: Case, step: Action, secret: str) -> None:
    reporter = step.reporter and is_reporter(actor, case.id, secret)

    def permitted(permission: str) -> bool:
        return ports.plugged.access.allowed(actor, permission, case.unit)

    if not moves.may_take(step, permitted=permitted, reporter=reporter, system=actor.kind == "system"):
        raise NotSignedIn() if actor.id is None else Denied()


def _check_input(
    actor: Actor, case: Case, step: Action, data: Mapping[str, Any], given: Sequence[Document]
) -> dict[str, Any]:
    values, faults = forms.clean(step, data)
    system = actor.kind == "system"
    if not system:
        faults += forms.document_faults(step, given)
    if not faults:
        counts = Counter(document.kind for document in given)
        past = rows.last_actors(case.id) if moves.asks_past(step.guard) else {}
        if not conditions.holds(step.guard, moves.guard_context(case, values, actor, counts, past)):
            faults = [Fault("", step.guard_text or N_("This step is not possible yet."))]
    if faults and not system:
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
    was_stopped = case_type.state(case.state).stops_clock
    due_at, closed_at = case.due_at, case.closed_at
    if moved:
        if state.stops_clock:
            due_at = None
        elif was_stopped and left is not None:
            due_at = timing.resume(case_type, case.data, now, left)
        closed_at = (case.closed_at or now) if state.kind.closed else None
    level = case.level
    if {"restart", "reopen"} & set(step.effects):
        due_at, level = timing.due(case_type, case.data, now), 0
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
        data={**case.data, **written} if written else case.data,
    )


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
    }


def _clock_moves(case: Case, after: Case, case_type: CaseType, now: datetime) -> None:
    stops, stopped = case_type.state(after.state).stops_clock, case_type.state(case.state).stops_clock
    if stops and not stopped:
        left = timing.left(case_type, case.data, now, case.due_at) if case.due_at else None
        if not rows.clock_segments(case.id):
            rows.switch_clock(case.id, True, case.opened_at, "", None)
        rows.switch_clock(case.id, False, now, after.state, left)
    elif stopped and not stops:
        rows.switch_clock(case.id, True, now, after.state, None)


def _apply(
    actor: Actor,
    case: Case,
    case_type: CaseType,
    step: Action,
    values: Mapping[str, Any],
    given: Sequence[Document],
    now: datetime,
) -> Case:
    left = rows.remaining(case.id) if case_type.state(case.state).stops_clock else None
    after = changes(case, case_type, step, values, actor, now, left)
    facts = {"action": step.key, "from": case.state, "to": after.state, **writing.digests(given)}
    entry = writing.enter(actor, "moved", case, after, now, facts=facts)
    if not rows.update_case(case.id, case.version, row_changes(case_type, after) | {"ledger_entry": entry}):
        raise writing.conflict(case_type, case.id)
    _clock_moves(case, after, case_type, now)
    documents = [document.id for document in given]
    writing.take_documents(case.id, documents)
    params = sentence_params(case_type, step, after, values, writing.unit_name(case.unit))
    text = step.text or writing.sentence(case_type, "acted")
    writing.tell(
        actor, "acted", after, text, params, now, entry,
        action=step.key, before=case, public=step.public, data=values, documents=documents,
    )  # fmt: skip
    bus.publish(CaseMoved(case.id, case.number, case.type, case.unit, step.key, case.state, after.state, now))
    if after.kind.closed != case.kind.closed:
        until = now + timedelta(days=case_type.keep_personal_days) if after.kind.closed else None
        followers.keep_until(case.id, until)
    if after.kind.closed and not case.kind.closed:
        bus.publish(CaseClosed(case.id, case.number, case.type, case.unit, after.state, now))
    return replace(after, ledger_entry=entry)


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
