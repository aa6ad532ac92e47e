"""Giving a dossier back: one complete list of faults, answered in one go; a second time only with reason and
approval.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction

from thanglong.core.cases.repository import dossier, rows
from thanglong.core.cases.rules import forms, returns
from thanglong.core.cases.service import acting, changing, guarding, writing
from thanglong.core.cases.service.catalogue import definition
from thanglong.core.cases.service.people import is_reporter
from thanglong.core.cases.types import (
    Action,
    Case,
    CaseReturned,
    CaseType,
    FaultAnswer,
    FaultItem,
    Finding,
    Return,
)
from thanglong.kit import bus, ports
from thanglong.kit.errors import N_, Conflict, Denied, Fault, Invalid, NotFound, NotSignedIn
from thanglong.kit.ids import new_id
from thanglong.kit.ports import Actor

APPROVE = "cases.assign"  # the head's word: who may put people in charge
MAX_TEXT = 2000


def _step(case: Case, case_type: CaseType, effect: str) -> Action:
    for action in case_type.actions:
        if effect in action.effects and case.state in action.sources:
            return action
    raise Conflict(N_("This step is not possible in the present state of the case."))


def suggested_faults(actor: Actor, case_id: UUID) -> list[FaultItem]:
    """What the machine finds wrong with a dossier: the form against its schema, and documents that are missing."""
    case, case_type = writing.load(case_id)
    ports.require(actor, "cases.act", case.unit)
    found = [
        FaultItem(
            "field", fault.field, fault.text % dict(fault.params) if fault.params else fault.text, "", "", "machine"
        )
        for fault in forms.form_faults(case_type.form, case.data)
    ]
    checks = guarding.checklist(case_type, case, rows.documents(case.id), dossier.returns(case.id))
    return found + [
        FaultItem("document", check.kind, N_("It is missing."), check.help, check.basis, "machine")
        for check in checks
        if check.state == "missing"
    ]


def return_case(actor: Actor, case_id: UUID, faults: Sequence[FaultItem], *, version: int, reason: str = "") -> Return:
    """Give a dossier back with everything that is wrong with it. Needs the permission of the type's return step.

    When a fault could have been named in an earlier return, ``reason`` must say why it was not, and the return is only
    proposed until the unit's head approves it (a head's own return is approved at once). Such faults are counted.
    Raises Invalid with every gap of the list, Conflict.
    """
    with transaction.atomic():
        case, case_type = changing.open_for(actor, case_id, "cases.view", version)
        step = _step(case, case_type, "return")
        ports.require(actor, step.permission, case.unit)
        earlier = dossier.returns(case.id)
        if any(item.state == "proposed" for item in earlier):
            raise Conflict(N_("A return of this case waits for the head's word already."))
        sent = [item for item in earlier if item.state in ("sent", "answered")]
        found = returns.list_faults(faults)
        flags = returns.avoidable(faults, len(sent), _changed(sent))
        if any(flags) and not reason.strip():
            found.append(Fault("reason", N_("Please say why this was not named the first time.")))
        if found:
            raise Invalid(found)
        head = ports.plugged.access.allowed(actor, APPROVE, case.unit)
        waits = any(flags) and not head
        now = changing.now_for(case)
        made = Return(
            id=new_id(), case_id=case.id, round=len(sent) + 1, state="proposed" if waits else "sent", at=now,
            by=actor.label, reason=reason.strip()[:MAX_TEXT], approved_by=actor.label if any(flags) and head else "",
            answered_at=None,
            findings=[Finding(new_id(), item, flag) for item, flag in zip(faults, flags, strict=True)],
        )  # fmt: skip
        dossier.add_return(made, step.key, actor.id)
        if waits:
            changing.commit(
                actor, "return_proposed", case, case, case_type, now, facts=_facts(made), private=_private(made)
            )
        else:
            _send(actor, case, case_type, step, made)
    return made


def _changed(sent: Sequence[Return]) -> set[tuple[str, str]]:
    """Fields and documents that the citizen put in after the last return."""
    return {(item.item.about, item.item.target) for item in sent[-1].findings} if sent else set()


def _facts(given: Return) -> dict[str, Any]:
    return {"round": given.round, "faults": len(given.findings), "avoidable": given.avoidable}


def _private(given: Return) -> dict[str, str]:
    """The list as a commitment: what was named, and when, can be proven later; its words stay out of the ledger."""
    items = [msgspec.to_builtins(finding.item) for finding in given.findings]
    listed = {"faults": json.dumps(items, sort_keys=True, ensure_ascii=False)}
    return listed | ({"reason": given.reason} if given.reason else {})


def _send(actor: Actor, case: Case, case_type: CaseType, step: Action, given: Return) -> Case:
    more = {"returned": case.returned + 1, "avoidable": case.avoidable + bool(given.avoidable)}
    now = changing.now_for(case)
    after = acting.apply(
        actor, case, case_type, step, {}, (), now, more=more, facts=_facts(given), private=_private(given)
    )
    bus.publish(
        CaseReturned(case.id, case.number, case.type, case.unit, given.round, len(given.findings), given.avoidable, now)
    )
    return after


def decide_return(actor: Actor, return_id: UUID, approve: bool, *, version: int) -> Return:
    """The head's word on a proposed second return: it is sent, or refused and the officer goes on. Needs
    ``cases.assign``.

    Nobody decides on a return of their own. Conflict when it was decided already or the case moved on.
    """
    with transaction.atomic():
        case_id, by = dossier.return_owner(return_id)
        if case_id is None:
            raise NotFound()
        case, case_type = changing.open_for(actor, case_id, APPROVE, version)
        given = next(item for item in dossier.returns(case.id) if item.id == return_id)
        if actor.id is not None and by == actor.id:
            raise Denied()
        state = "sent" if approve else "refused"
        if not dossier.set_return(return_id, "proposed", state=state, approved_by=actor.label):
            raise Conflict(N_("This return was decided already."))
        given = replace(given, state=state, approved_by=actor.label)
        if approve:
            step = case_type.action(dossier.return_action(return_id))
            if step is None or case.state not in step.sources:
                raise Conflict(N_("This step is not possible in the present state of the case."))
            _send(actor, case, case_type, step, given)
        else:
            changing.commit(actor, "return_refused", case, case, case_type, changing.now_for(case), facts=_facts(given))
    return given


def answer_return(
    actor: Actor,
    case_id: UUID,
    answers: Mapping[UUID, FaultAnswer],
    *,
    version: int,
    secret: str = "",
) -> Case:
    """The citizen's answer to every fault of the open return, in one go; the case goes back to the unit.

    A field's answer is its corrected value, a document's its new files, anything else words. Raises Invalid with every
    fault that is not answered and every value that is still wrong, so that one more look is enough.
    """
    if not is_reporter(actor, case_id, secret):
        raise NotSignedIn() if actor.id is None else Denied()
    with transaction.atomic():
        case = rows.locked(case_id)
        if case is None:
            raise NotFound()
        case_type = definition(case.type, case.type_version)
        if case.version != version:
            raise writing.conflict(case_type, case.id)
        step = _step(case, case_type, "complete")
        open_return = next((item for item in dossier.returns(case.id) if item.state == "sent"), None)
        if open_return is None:
            raise Conflict(N_("Nothing is asked of you at the moment."))
        data, found, given = _answers(case, case_type, open_return, answers)
        if found:
            raise Invalid(found)
        now = changing.now_for(case)
        for finding in open_return.findings:
            answer = answers[finding.id]
            dossier.answer_finding(finding.id, _said(answer), answer.documents, now)
        dossier.set_return(open_return.id, "sent", state="answered", answered_at=now)
        documents = rows.documents_by_id(given)
        facts = {"round": open_return.round, "answered": len(open_return.findings)}
        return acting.apply(actor, replace(case, data=data), case_type, step, {}, documents, now, facts=facts)


def _said(answer: FaultAnswer) -> str:
    return answer.text.strip()[:MAX_TEXT] or ("" if answer.value is None else str(answer.value)[:MAX_TEXT])


def _answers(
    case: Case, case_type: CaseType, given: Return, answers: Mapping[UUID, FaultAnswer]
) -> tuple[dict[str, Any], list[Fault], list[UUID]]:
    """The corrected data, everything still missing or wrong (fields are the faults' ids), and all new files."""
    data = dict(case.data)
    found: list[Fault] = []
    files: list[UUID] = []
    by_field: dict[str, UUID] = {}
    for finding in given.findings:
        answer = answers.get(finding.id, FaultAnswer())
        name, item = str(finding.id), finding.item
        if item.about == "field":
            by_field[item.target] = finding.id
            if answer.value in (None, ""):
                found.append(Fault(name, N_("Please fill this in.")))
            else:
                data[item.target] = answer.value
        elif item.about == "document":
            kinds = {document.kind for document in rows.documents_by_id(answer.documents)}
            if kinds != {item.target}:
                found.append(Fault(name, N_("Please add the file again, corrected.")))
            files += answer.documents
        elif not answer.text.strip() and not answer.documents:
            found.append(Fault(name, N_("Please write an answer.")))
    if not found:
        for fault in forms.form_faults(case_type.form, data):
            target = by_field.get(fault.field.split(".")[0])
            found.append(Fault(str(target) if target else fault.field, fault.text, fault.params))
    return data, found, files
