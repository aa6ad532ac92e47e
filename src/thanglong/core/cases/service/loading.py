"""Many generated cases with their histories at once, with the same rules, events and ledger entries as single steps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from thanglong.core.cases.repository import bulk, numbers
from thanglong.core.cases.rules import clock as timing
from thanglong.core.cases.service import writing
from thanglong.core.cases.service.acting import changes, documents_until, sentence_params
from thanglong.core.cases.service.catalogue import definition, keep
from thanglong.core.cases.service.opening import check_at, new_case, private_of
from thanglong.core.cases.types import BulkCase, BulkDocument, BulkStep, Case, CaseType
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import NewEntry, ObjectRef
from thanglong.kit import clock
from thanglong.kit.ids import new_id
from thanglong.kit.ports import Actor

BATCH = 1000


@dataclass(slots=True)
class _Batch:
    cases: list[tuple[Case, BulkCase, datetime | None]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    entries: list[NewEntry] = field(default_factory=list)
    documents: list[tuple[UUID, Sequence[BulkDocument]]] = field(default_factory=list)
    names: dict[UUID, str] = field(default_factory=dict)

    def unit_name(self, unit: UUID) -> str:
        if unit not in self.names:
            self.names[unit] = writing.unit_name(unit)
        return self.names[unit]


def bulk_load(items: Sequence[BulkCase], report: Callable[[int], None] | None = None) -> list[Case]:
    """Load generated cases (demo, imports from other systems), oldest first, in batches of one transaction each.

    No permission is asked and no form is checked: the caller is the platform. ``report`` hears how many are done.
    Steps run through the same state rules; a step that is not possible in its state raises ValueError.
    """
    done: list[Case] = []
    ordered = sorted(items, key=lambda item: item.opened_at)
    for start in range(0, len(ordered), BATCH):
        done += _load(ordered[start : start + BATCH])
        if report:
            report(len(done))
    if len(done) >= BATCH:
        bulk.count_anew()
    return done


def _load(items: Sequence[BulkCase]) -> list[Case]:
    with transaction.atomic():
        batch = _Batch()
        for key in {item.type for item in items}:
            keep(definition(key))
        given = _numbers(items)
        for item, number in zip(items, given, strict=True):
            _run(batch, item, number)
        entries = ledger.append_many(batch.entries)
        newest: dict[UUID, int] = {}
        openings: dict[UUID, int] = {}
        for event, entry in zip(batch.events, entries, strict=True):
            event["ledger_entry"] = newest[event["case_id"]] = entry.id
            openings.setdefault(event["case_id"], entry.id)
        cases = [(replace(case, ledger_entry=newest[case.id]), item, at) for case, item, at in batch.cases]
        until = {case.id: _until(case) for case, _, _ in cases if case.closed_at}
        bulk.insert(cases, batch.events, openings, until)
        bulk.insert_documents(batch.documents)
    return [case for case, _, _ in cases]


def _numbers(items: Sequence[BulkCase]) -> list[str]:
    wanted = [(definition(item.type).prefix, clock.day_of(item.opened_at).year) for item in items]
    following = {name: numbers.take_block(*name, wanted.count(name)) for name in sorted(set(wanted))}
    given = []
    for name in wanted:
        given.append(numbers.text(*name, following[name]))
        following[name] += 1
    return given


def _run(batch: _Batch, item: BulkCase, number: str) -> None:
    case_type = definition(item.type)
    case = new_case(
        case_type, item.data, item.unit, item.subject, item.place, item.opened_at, number, item.id or new_id()
    )
    params = {"unit": batch.unit_name(item.unit), "number": number}
    _note(
        batch, item.actor, "opened", None, case, writing.sentence(case_type, "opened"), params, item.opened_at,
        facts={"state": case.state}, documents=item.documents, private=private_of(item.contact),
    )  # fmt: skip
    left: int | None = None
    for step in item.steps:
        if case.due_at is not None:
            left = timing.left(case_type, case.data, step.at, case.due_at)
        case = _step(batch, case, case_type, step, left)
    if item.assignee and not case.kind.closed and case.assignee is None:
        case = replace(case, assignee=item.assignee)
    batch.cases.append((case, item, check_at(case_type, case)))


def _step(batch: _Batch, case: Case, case_type: CaseType, step: BulkStep, left: int | None) -> Case:
    if step.unit is not None:
        return _transfer(batch, case, case_type, step, step.unit)
    action = case_type.action(step.action)
    if action is None or case.state not in action.sources:
        raise ValueError(f"{case.type}: step {step.action!r} is not possible in state {case.state!r}")
    after = changes(case, case_type, action, step.data, step.actor, step.at, left)
    params = sentence_params(case_type, action, after, step.data, batch.unit_name(case.unit))
    _note(
        batch, step.actor, "acted", case, after, action.text or writing.sentence(case_type, "acted"), params, step.at,
        facts={"action": action.key, "from": case.state, "to": after.state}, action=action.key, public=action.public,
        data=step.data, documents=step.documents,
    )  # fmt: skip
    return after


def _transfer(batch: _Batch, case: Case, case_type: CaseType, step: BulkStep, unit: UUID) -> Case:
    state = case_type.state(case_type.initial)
    after = replace(
        case, unit=unit, state=state.key, kind=state.kind, state_since=step.at, assignee=None, assignee_label="",
        version=case.version + 1,
    )  # fmt: skip
    reason = str(step.data.get("reason", ""))
    params = {
        "unit": batch.unit_name(unit), "before": batch.unit_name(case.unit), "reason": reason, "number": case.number,
    }  # fmt: skip
    _note(
        batch, step.actor, "transferred", case, after, writing.sentence(case_type, "transferred"), params, step.at,
        facts={"from": str(case.unit), "to": str(unit)}, data={"reason": reason},
    )  # fmt: skip
    return after


def _note(
    batch: _Batch,
    actor: Actor,
    verb: str,
    before: Case | None,
    case: Case,
    text: str,
    params: dict[str, Any],
    at: datetime,
    *,
    facts: dict[str, Any],
    action: str = "",
    public: bool = True,
    data: Any = None,
    documents: Sequence[BulkDocument] = (),
    private: dict[str, str] | None = None,
) -> None:
    name = "moved" if verb == "acted" else verb
    batch.entries.append(
        NewEntry(
            actor,
            f"case.{name}",
            ObjectRef("case", str(case.id)),
            unit=case.unit,
            before=writing.state_of(before) if before else None,
            after=writing.state_of(case),
            facts=writing.facts_of(case, **facts),
            private=private,
            at=at,
        )
    )
    batch.events.append(
        {
            "case_id": case.id,
            "verb": verb,
            "action": action,
            "at": at,
            "ledger_entry": None,
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "actor_label": actor.label if actor.kind != "citizen" else "",
            "unit": case.unit,
            "text": text,
            "params": params,
            "public": public,
            "from_state": before.state if before else "",
            "to_state": case.state,
            "data": dict(data or {}),
            "documents": [str(item.id) for item in documents],
            "version": case.version,
        }
    )
    if documents:
        batch.documents.append((case.id, documents))


def _until(case: Case) -> tuple[datetime | None, datetime | None]:
    """Until when the personal data and the files of a closed case are kept."""
    case_type = definition(case.type)
    personal = case.closed_at + timedelta(days=case_type.keep_personal_days) if case.closed_at else None
    return personal, documents_until(case_type, case)
