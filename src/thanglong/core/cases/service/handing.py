"""Who has the case: assigning, handing over to another unit, and writing to each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction

from thanglong.core.cases.repository import rows
from thanglong.core.cases.rules import clock as timing
from thanglong.core.cases.rules import pauses
from thanglong.core.cases.service import changing, writing
from thanglong.core.cases.service.acting import clock_moves, row_changes
from thanglong.core.cases.service.catalogue import run_hooks
from thanglong.core.cases.service.people import is_reporter
from thanglong.core.cases.types import Case, CaseMessaged, CaseTransferred, Event, StepContext
from thanglong.core.people import service as people
from thanglong.core.places import service as places
from thanglong.kit import bus, clock, ports
from thanglong.kit.errors import N_, Denied, Fault, Invalid, NotSignedIn, ThangLongError
from thanglong.kit.ports import Actor

MAX_TEXT = 4000


def assign(actor: Actor, case_id: UUID, account: UUID | None, *, version: int) -> Case:
    """Put ``account``, who must be able to act in the case's unit, in charge; None gives the case back to the unit.

    Taking a case oneself needs ``cases.act``; giving it to somebody else ``cases.assign``.
    """
    case, case_type = writing.load(case_id)
    own = account == actor.id or (account is None and case.assignee == actor.id)
    ports.require(actor, "cases.act" if own else "cases.assign", case.unit)
    if case.version != version:
        raise writing.conflict(case_type, case.id)
    label = actor.label if account == actor.id else ""
    if account is not None and account != actor.id:
        able = {member.account.id: member.account for member in people.members(case.unit, action="cases.act")}
        if account not in able:
            raise Invalid([Fault("assignee", N_("This person cannot handle cases of this unit."))])
        label = able[account].display_name
    now = clock.now()
    after = replace(case, assignee=account, assignee_label=label, version=version + 1)
    with transaction.atomic():
        verb = "assigned" if account else "released"
        entry = writing.enter(actor, verb, case, after, now)
        changed = {"assignee": account, "assignee_label": label, "ledger_entry": entry}
        if not rows.update_case(case.id, version, changed):
            raise writing.conflict(case_type, case.id)
        text = writing.sentence(case_type, verb)
        params = {"unit": writing.unit_name(case.unit), "number": case.number, "assignee": label}
        writing.tell(actor, verb, after, text, params, now, entry, before=case, public=False)
    return replace(after, ledger_entry=entry)


@dataclass(frozen=True, slots=True)
class Refused:
    """A case of a bulk change that stayed as it was, and why."""

    case_id: UUID
    error: ThangLongError


def assign_many(actor: Actor, cases: Sequence[tuple[UUID, int]], account: UUID | None) -> list[Refused]:
    """Assign several cases, each on its own: what was refused, and why. ``cases`` are ids with versions."""
    refused = []
    for case_id, version in cases[:200]:
        try:
            assign(actor, case_id, account, version=version)
        except ThangLongError as error:
            refused.append(Refused(case_id, error))
    return refused


def transfer(actor: Actor, case_id: UUID, unit: UUID, reason: str, *, version: int) -> Case:
    """Hand a case over to another unit: it starts there in its first state, and its clock keeps running."""
    case, case_type = writing.load(case_id)
    ports.require(actor, "cases.transfer", case.unit)
    if case.version != version:
        raise writing.conflict(case_type, case.id)
    reason = reason.strip()
    target = places.unit(unit)
    today = clock.today()
    faults = [Fault("reason", N_("Please say why, so that the other unit understands."))] if not reason else []
    faults += [Fault("reason", N_("Please write at most %(limit)s characters."), {"limit": MAX_TEXT})] * (
        len(reason) > MAX_TEXT
    )
    if unit == case.unit or (target.valid_to is not None and target.valid_to < today):
        faults.append(Fault("unit", N_("Please choose another unit that exists today.")))
    if case.kind.closed:
        faults.append(Fault("", N_("A closed case cannot be handed over; reopen it first.")))
    if faults:
        raise Invalid(faults)
    now = changing.now_for(case)
    state = case_type.state(case_type.initial)
    after = replace(
        case, unit=unit, state=state.key, kind=state.kind, state_since=now, assignee=None, assignee_label="",
        version=version + 1,
    )  # fmt: skip
    with transaction.atomic():
        if pauses.stands(case_type, case) and not pauses.stands(case_type, after):
            left = rows.remaining(case.id)
            after = replace(after, due_at=timing.resume(case_type, case.data, now, left) if left is not None else None)
        entry = writing.enter(actor, "transferred", case, after, now, facts={"from": str(case.unit), "to": str(unit)})
        if not rows.update_case(case.id, version, row_changes(case_type, after) | {"ledger_entry": entry}):
            raise writing.conflict(case_type, case.id)
        clock_moves(case, after, case_type, now)
        params = {
            "unit": writing.unit_name(unit), "before": writing.unit_name(case.unit), "reason": reason,
            "number": case.number,
        }  # fmt: skip
        text = writing.sentence(case_type, "transferred")
        writing.tell(actor, "transferred", after, text, params, now, entry, before=case, data={"reason": reason})
        bus.publish(CaseTransferred(case.id, case.number, case.type, case.unit, unit, now))
        after = replace(after, ledger_entry=entry)
        run_hooks(StepContext(actor, "transfer", case, after, {"reason": reason}, (), now))
    return after


def message(
    actor: Actor, case_id: UUID, text: str, public: bool, *, secret: str = "", documents: Sequence[UUID] = ()
) -> Event:
    """Write to the reporter (``public``) or leave an internal note; the reporter, by ``secret``, writes to the unit.

    A message changes neither state nor version: two people may write at once. What it says stays out of the ledger.
    """
    case, case_type = writing.load(case_id)
    by_reporter = is_reporter(actor, case.id, secret)
    if not by_reporter:
        if actor.id is None and actor.kind != "system":
            raise NotSignedIn()
        ports.require(actor, "cases.act", case.unit)
    elif not public:
        raise Denied()
    text = text.strip()
    if not text or len(text) > MAX_TEXT:
        limit = N_("Please write at most %(limit)s characters.")
        raise Invalid(
            [Fault("text", N_("Please write a message.")) if not text else Fault("text", limit, {"limit": MAX_TEXT})]
        )
    verb = "reply" if by_reporter else "message" if public else "note"
    now = clock.now()
    with transaction.atomic():
        writing.take_documents(case.id, documents)
        facts = writing.digests(rows.documents_by_id(documents))
        entry = writing.enter(actor, verb, case, case, now, facts=facts, private={"text": text})
        params = {"unit": writing.unit_name(case.unit), "number": case.number}
        # what people write to each other is theirs: the public page shows that they wrote, not what
        event = writing.tell(
            actor, verb, case, writing.sentence(case_type, verb), params, now, entry,
            public=False, body=text, documents=documents,
        )  # fmt: skip
        answered = not by_reporter and public and case.responded_at is None
        rows.note_message(case.id, entry, now if answered else None)
        bus.publish(CaseMessaged(case.id, case.number, case.type, case.unit, public, by_reporter, now))
    return event
