"""Stopping the clock and letting it go on: only for reasons the law knows, no longer than it allows, never
backwards.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from thanglong.core.cases.repository import rows
from thanglong.core.cases.rules import clock as timing
from thanglong.core.cases.rules import pauses
from thanglong.core.cases.service import changing
from thanglong.core.cases.service.acting import clock_moves
from thanglong.core.cases.service.opening import check_at
from thanglong.core.cases.types import Case, CasePaused, CaseResumed, CaseType, PauseReason
from thanglong.kit import bus
from thanglong.kit.errors import N_, Conflict, Fault, Invalid
from thanglong.kit.ports import SYSTEM, Actor

REASONS = {
    PauseReason.CITIZEN: N_("waiting for the citizen"),
    PauseReason.BODY: N_("waiting for another body"),
    PauseReason.FEE: N_("waiting for a fee"),
    PauseReason.COURT: N_("waiting for a court"),
    PauseReason.FORCE_MAJEURE: N_("force majeure"),
}
MAX_NOTE = 2000


def suspend(actor: Actor, case_id: UUID, reason: str, note: str = "", *, version: int) -> Case:
    """Stop the clock of an open case for a reason its type knows. Needs ``cases.act``.

    The time left is kept and given back on resumption; when the law's longest time is over the clock goes on by itself.
    Raises Invalid (no such reason, no time left, force majeure without a word), Conflict (stands already).
    """
    with transaction.atomic():
        case, case_type = changing.open_for(actor, case_id, "cases.act", version)
        return pause(actor, case, case_type, reason, note)


def pause(actor: Actor, case: Case, case_type: CaseType, reason: str, note: str = "") -> Case:
    """Stop the clock, in the caller's transaction, after its own check of permission."""
    reason = str(reason)
    known = case_type.pause(reason)
    note = note.strip()[:MAX_NOTE]
    if case.kind.closed or (case.due_at is None and not pauses.stands(case_type, case)):
        raise Conflict(N_("This case has no running clock."))
    if pauses.stands(case_type, case):
        raise Conflict(N_("The clock stands still already."))
    if known is None:
        raise Invalid([Fault("reason", N_("The rules of this case know no such reason."))])
    if reason == PauseReason.FORCE_MAJEURE and not note:
        raise Invalid([Fault("note", N_("Please say what happened."))])
    segments = rows.clock_segments(case.id)
    if pauses.exhausted(known, segments):
        raise Invalid([Fault("reason", N_("The law allows no more time for this reason."))])
    now = changing.now_for(case)
    until = pauses.limit(known, segments, now)
    after = replace(case, paused=reason, paused_until=until, due_at=None)
    columns = {"paused": reason, "paused_until": until, "due_at": None, "check_at": check_at(case_type, after)}
    facts = {"reason": reason, "basis": known.basis, "until": until.isoformat() if until else None}
    done = changing.commit(
        actor, "paused", case, after, case_type, now, columns=columns, facts=facts, public=True,
        params={"reason": REASONS[PauseReason(reason)]}, data={"reason": reason, "basis": known.basis},
        private={"note": note} if note else None,
    )  # fmt: skip
    clock_moves(case, done, case_type, now, reason=reason, basis=known.basis, note=note, by=actor.label)
    bus.publish(CasePaused(case.id, case.number, case.type, case.unit, reason, until, now))
    return done


def resume(actor: Actor, case_id: UUID, note: str = "", *, version: int) -> Case:
    """Let a stopped clock go on with the time it had left. Needs ``cases.act``; Conflict when it is not stopped so."""
    with transaction.atomic():
        case, case_type = changing.open_for(actor, case_id, "cases.act", version)
        return go_on(actor, case, case_type, note.strip()[:MAX_NOTE])


def go_on(actor: Actor, case: Case, case_type: CaseType, note: str = "") -> Case:
    """Let the clock go on, in the caller's transaction; by law not later than the pause could last."""
    if not case.paused:
        raise Conflict(N_("The clock of this case is not stopped."))
    now = changing.now_for(case)
    segments = rows.clock_segments(case.id)
    moment = _moment(now, case, segments[-1].started_at if segments else now)
    left = rows.remaining(case.id)
    after = replace(case, paused="", paused_until=None)
    if not pauses.stands(case_type, after):
        after = replace(after, due_at=timing.resume(case_type, case.data, moment, left) if left is not None else None)
    columns = {"paused": "", "paused_until": None, "due_at": after.due_at, "check_at": check_at(case_type, after)}
    done = changing.commit(
        actor, "resumed", case, after, case_type, now, columns=columns, public=True,
        facts={"reason": case.paused, "from": moment.isoformat(), "due": _iso(after.due_at)}, data={"note": note},
    )  # fmt: skip
    clock_moves(case, done, case_type, moment, reason="", note=note, by=actor.label)
    bus.publish(CaseResumed(case.id, case.number, case.type, case.unit, case.paused, done.due_at, now))
    return done


def _moment(now: datetime, case: Case, since: datetime) -> datetime:
    """When the clock really goes on: now, at the latest when the law's time was over, never before it stopped."""
    return max(min(now, case.paused_until or now), since)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def end_pause(case: Case, case_type: CaseType) -> Case:
    """The platform lets the clock go on when the law's longest time is over."""
    return go_on(SYSTEM, case, case_type)
