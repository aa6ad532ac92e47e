"""What time itself does: escalation steps, and actions the platform takes when nobody answers."""

import logging
from dataclasses import replace
from uuid import UUID

from django.db import transaction

from thanglong.core.cases.repository import queue, rows
from thanglong.core.cases.rules import clock as timing
from thanglong.core.cases.service import writing
from thanglong.core.cases.service.acting import act
from thanglong.core.cases.service.opening import check_at
from thanglong.core.cases.service.opinions import sweep_late
from thanglong.core.cases.service.pausing import end_pause
from thanglong.core.cases.types import Case, CaseEscalated, CaseType
from thanglong.kit import bus, clock
from thanglong.kit.errors import Conflict
from thanglong.kit.ports import SYSTEM

log = logging.getLogger(__name__)


def sweep(limit: int = 500) -> int:
    """Do what is due now, each case in its own transaction; how many cases were looked at. Safe to run twice."""
    ids = queue.to_check(clock.now(), limit)
    for case_id in ids:
        try:
            with transaction.atomic():
                _look(case_id)
        except Conflict:
            log.info("case %s moved while its time was up; looking again later", case_id)
    return len(ids) + sweep_late(limit)


def _look(case_id: UUID) -> None:
    case, case_type = writing.load(case_id)
    now = clock.now()
    if case.paused_until is not None and case.paused_until <= now:
        case = end_pause(case, case_type)
    auto = case_type.state(case.state).auto
    if auto is not None and timing.after(case.state_since, auto.after) <= now:
        act(SYSTEM, case.id, auto.action, {}, version=case.version)
        return
    while (
        not case.kind.closed
        and case.due_at is not None
        and (moment := timing.escalation_at(case_type, case.data, case.opened_at, case.due_at, case.level)) is not None
        and moment <= now
    ):
        case = _escalate(case, case_type)
    rows.set_check(case.id, check_at(case_type, case))


def _escalate(case: Case, case_type: CaseType) -> Case:
    step = case_type.escalations[case.level]
    now = clock.now()
    after = replace(case, level=case.level + 1, version=case.version + 1)
    entry = writing.enter(SYSTEM, "escalated", case, after, now, facts={"level": after.level, "notify": step.notify})
    if not rows.update_case(case.id, case.version, {"level": after.level, "ledger_entry": entry}):
        raise writing.conflict(case_type, case.id)
    text = step.text or writing.sentence(case_type, "escalated")
    params = {"unit": writing.unit_name(case.unit), "number": case.number}
    writing.tell(SYSTEM, "escalated", after, text, params, now, entry, before=case, public=step.public)
    bus.publish(CaseEscalated(case.id, case.number, case.type, case.unit, after.level, step.notify, now))
    return replace(after, ledger_entry=entry)
