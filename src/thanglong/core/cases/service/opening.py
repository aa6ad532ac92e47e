"""Opening a case: once per key, numbered, due, told and written down."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from thanglong.core.cases.repository import numbers, rows
from thanglong.core.cases.rules import clock as timing
from thanglong.core.cases.rules.forms import form_faults
from thanglong.core.cases.service import assigning, guarding, writing
from thanglong.core.cases.service import decisions as asking
from thanglong.core.cases.service.catalogue import definition, keep, run_hooks
from thanglong.core.cases.types import Case, CaseOpened, CaseType, Contact, Document, Place, StepContext
from thanglong.core.cases.types.decisions import Decided
from thanglong.kit import bus, clock, ports
from thanglong.kit.errors import N_, Fault, Invalid
from thanglong.kit.ids import new_id
from thanglong.kit.ports import Actor


def open_case(
    actor: Actor,
    type_key: str,
    data: Mapping[str, Any],
    *,
    key: str | None,
    unit: UUID,
    subject: str,
    place: Place | None = None,
    contact: Contact | None = None,
    documents: Sequence[UUID] = (),
    at: datetime | None = None,
    decisions: Sequence[Decided] = (),
) -> Case:
    """Open a case of the newest version of a type.

    ``decisions`` are what decision models said beforehand (who is responsible, what it costs): they enter the ledger
    with the opening and are told on the case's page. The same ``key`` again, even at the same moment, returns the case
    that the first call made, with its secret.
    Raises Denied, Invalid (every fault of the form), NotFound (no such type).
    """
    case_type = definition(type_key)
    if case_type.open_permission:
        ports.require(actor, case_type.open_permission, unit)
    faults = [
        *([] if subject.strip() else [Fault("subject", N_("Please fill this in."))]),
        *form_faults(case_type.form, data),
    ]
    if faults:
        raise Invalid(faults)
    name = writing.unit_name(unit)  # before the transaction: inside it the places look whether they changed
    try:
        with transaction.atomic():
            given = rows.documents_by_id(documents)
            return _insert(
                actor, case_type, data, key, unit, name, subject.strip()[:300], place, contact, given, documents, at,
                decisions,
            )  # fmt: skip
    except IntegrityError:
        # the key is taken, by an earlier call or a twin of this moment: its case is the answer, ours (and its number)
        # was rolled back. The index decides, so the usual case pays no question beforehand
        first = _first(type_key, key) if key is not None else None
        if first is None:
            raise
        return first


def _first(type_key: str, key: str) -> Case | None:
    row = rows.by_key(type_key, key)
    if row is None:
        return None
    reporter = rows.reporter(row.id)
    return rows.to_case(row, reporter.secret if reporter else "")


def new_case(
    case_type: CaseType,
    data: Mapping[str, Any],
    unit: UUID,
    subject: str,
    place: Place | None,
    now: datetime,
    number: str,
    case_id: UUID,
) -> Case:
    """A case at the moment of its opening."""
    lon, lat, address = rows.place_fields(place)
    state = case_type.state(case_type.initial)
    return Case(
        id=case_id, number=number, type=case_type.key, type_version=case_type.version, state=state.key,
        kind=state.kind, unit=unit, assignee=None, subject=subject, data=dict(data), lon=lon, lat=lat,
        address=address[:300], opened_at=now, due_at=timing.due(case_type, data, now),
        closed_at=now if state.kind.closed else None, version=1, state_since=now,
    )  # fmt: skip


def check_at(case_type: CaseType, case: Case) -> datetime | None:
    """When time itself changes the case next."""
    return timing.next_check(
        case_type,
        case_type.state(case.state),
        case.data,
        opened_at=case.opened_at,
        state_since=case.state_since,
        due_at=case.due_at,
        level=case.level,
        paused_until=case.paused_until,
    )


def private_of(contact: Contact | None) -> dict[str, str]:
    """The personal values that enter the ledger as salted commitments."""
    if contact is None:
        return {}
    values = {"name": contact.name, "email": contact.email, "phone": contact.phone}
    return {name: value for name, value in values.items() if value}


def _insert(
    actor: Actor,
    case_type: CaseType,
    data: Mapping[str, Any],
    key: str | None,
    unit: UUID,
    name: str,
    subject: str,
    place: Place | None,
    contact: Contact | None,
    given: Sequence[Document],
    documents: Sequence[UUID],
    at: datetime | None,
    decisions: Sequence[Decided] = (),
) -> Case:
    missing = guarding.opening_faults(case_type, data, given)
    if missing:
        raise Invalid(missing)
    keep(case_type)
    now = at or clock.now()
    year = clock.day_of(now).year
    number = numbers.text(case_type.prefix, year, numbers.take(case_type.prefix, year))
    case = new_case(case_type, data, unit, subject, place, now, number, new_id())
    facts: dict[str, Any] = {"state": case.state, **writing.digests(given)}
    if decisions:
        facts["decisions"] = [each.fact() for each in decisions]
    entry = writing.enter(actor, "opened", None, case, now, facts=facts, private=private_of(contact))
    case = replace(case, ledger_entry=entry)
    secret = rows.insert_case(case, key, check_at(case_type, case), contact)
    asking.record(case.id, decisions, now, entry)
    writing.take_documents(case.id, documents)
    params = {"unit": name, "number": number}
    text = writing.sentence(case_type, "opened")
    writing.tell(actor, "opened", case, text, params, now, entry, documents=documents)
    bus.publish(CaseOpened(case.id, number, case.type, unit, now))
    case = replace(assigning.at_opening(case, case_type), secret=secret)
    run_hooks(StepContext(actor, "", None, case, data, given, now))
    return case
