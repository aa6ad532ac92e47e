"""One step of a case that is not an action: ledger entry, row, event, all in the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from thanglong.core.cases.repository import rows
from thanglong.core.cases.service import writing
from thanglong.core.cases.service.catalogue import definition
from thanglong.core.cases.types import Case, CaseType
from thanglong.kit import clock, ports
from thanglong.kit.errors import NotFound, NotSignedIn
from thanglong.kit.ports import Actor


def open_for(actor: Actor, case_id: UUID, permission: str, version: int | None = None) -> tuple[Case, CaseType]:
    """A case that ``actor`` may change with ``permission``, locked and as it was at ``version``.

    Raises NotFound outside the asker's reach, Denied, Conflict when somebody was faster. Call inside a transaction.
    """
    if actor.id is None and actor.kind != "system":
        raise NotSignedIn()
    case = rows.locked(case_id)
    if case is None or not ports.plugged.access.allowed(actor, "cases.view", case.unit):
        raise NotFound()
    ports.require(actor, permission, case.unit)
    case_type = definition(case.type, case.type_version)
    if version is not None and case.version != version:
        raise writing.conflict(case_type, case.id)
    return case, case_type


def now_for(case: Case) -> datetime:
    """The moment of a step: never before the case came into its present state, whatever the machine's clock says."""
    return max(clock.now(), case.state_since)


def commit(
    actor: Actor,
    verb: str,
    before: Case,
    after: Case,
    case_type: CaseType,
    now: datetime,
    *,
    columns: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    private: Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    public: bool = False,
    data: Mapping[str, Any] | None = None,
    documents: Sequence[UUID] = (),
    body: str = "",
) -> Case:
    """Write a step down: the case after it, one version on, with its ledger entry. Conflict when somebody was
    faster.
    """
    after = replace(after, version=before.version + 1)
    entry = writing.enter(actor, verb, before, after, now, facts=facts, private=private)
    if not rows.update_case(before.id, before.version, {**(columns or {}), "ledger_entry": entry}):
        raise writing.conflict(case_type, before.id)
    said = {"unit": writing.unit_name(before.unit), "number": before.number, **(params or {})}
    writing.tell(
        actor, verb, after, writing.sentence(case_type, verb), said, now, entry,
        before=before, public=public, data=data, documents=documents, body=body,
    )  # fmt: skip
    return replace(after, ledger_entry=entry)
