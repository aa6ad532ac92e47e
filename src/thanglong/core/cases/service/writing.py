"""What all verbs share: the event, the ledger entry and the published change of one step."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from thanglong.core.cases.repository import rows
from thanglong.core.cases.service.catalogue import definition
from thanglong.core.cases.types import Case, CaseType, Document, Event
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.places import service as places
from thanglong.kit import clock
from thanglong.kit.errors import N_, Conflict, Fault, Invalid, NotFound
from thanglong.kit.ports import Actor

SENTENCES: Mapping[str, str] = {
    "opened": N_("%(unit)s received this case."),
    "assigned": N_("%(unit)s put somebody in charge of this case."),
    "released": N_("%(unit)s will put somebody else in charge of this case."),
    "transferred": N_("%(before)s handed the case over to %(unit)s: %(reason)s"),
    "message": N_("%(unit)s wrote:"),
    "reply": N_("The reporter wrote:"),
    "note": N_("Internal note"),
    "escalated": N_("The case needs more time than promised; the head of %(unit)s was told."),
    "document": N_("A document was added."),
    "acted": N_("%(unit)s: %(action)s"),
    "paused": N_("The clock stands still: %(reason)s."),
    "resumed": N_("The clock goes on."),
    "opinion_asked": N_("%(unit)s asked for the opinion of %(units)s."),
    "opinion_given": N_("%(asked)s gave its opinion."),
    "opinion_declined": N_("%(asked)s declined to give an opinion."),
    "opinion_withdrawn": N_("%(unit)s no longer waits for the opinion of %(asked)s."),
    "opinion_late": N_("%(asked)s did not give its opinion in time."),
    "return_proposed": N_("A second return waits for the head's word."),
    "return_refused": N_("The head refused the second return."),
    "linked": N_("Linked with another case: %(other)s."),
    "unlinked": N_("The link with %(other)s was removed."),
    "held": N_("Nothing of this case may be erased: %(reason)s"),
    "hold_released": N_("The case may be erased in its time again."),
    "documents_erased": N_("The files were erased when their time was over."),
    "migrated": N_("The case now follows version %(version)s of its rules."),
    "rehomed": N_("By %(act)s, %(unit)s takes over from %(before)s. Number and deadline stay the same."),
}

MISSING = N_("A document is missing. Please add it again.")


def sentence(case_type: CaseType, verb: str) -> str:
    """The message id that tells of a built-in event, the type's own one first."""
    return case_type.texts.get(verb) or SENTENCES[verb]


def unit_name(unit: UUID | None) -> str:
    """A unit's full name, or nothing when it is unknown: a sentence must never fail for its name."""
    if unit is None:
        return ""
    try:
        return places.full_name(unit)
    except NotFound:
        return ""


def load(key: UUID | str) -> tuple[Case, CaseType]:
    """A case and the version of its type; NotFound."""
    row = rows.case_row(key)
    if row is None:
        raise NotFound()
    case = rows.to_case(row)
    return case, definition(case.type, case.type_version)


def state_of(case: Case) -> dict[str, Any]:
    """The non-personal state that enters the ledger as a digest."""
    return {
        "number": case.number,
        "type": case.type,
        "type_version": case.type_version,
        "state": case.state,
        "unit": str(case.unit),
        "assignee": str(case.assignee) if case.assignee else None,
        "due_at": case.due_at.isoformat() if case.due_at else None,
        "closed_at": case.closed_at.isoformat() if case.closed_at else None,
        "version": case.version,
        "rating": case.rating,
    }


def facts_of(case: Case, **more: Any) -> dict[str, Any]:
    """The public values that a ledger entry keeps in clear."""
    return {"number": case.number, "type": case.type, **more}


def enter(
    actor: Actor,
    verb: str,
    before: Case | None,
    after: Case,
    at: datetime,
    *,
    facts: Mapping[str, Any] | None = None,
    private: Mapping[str, str] | None = None,
) -> int:
    """Write the ledger entry of a step; its id, which the caller writes to the case's row."""
    entry = ledger.append(
        actor,
        f"case.{verb}",
        ObjectRef("case", str(after.id)),
        unit=after.unit,
        before=state_of(before) if before else None,
        after=state_of(after),
        facts=facts_of(after, **(facts or {})),
        private=private,
        at=at,
    )
    return entry.id


def digests(documents: Sequence[Document]) -> dict[str, list[str]]:
    """The check sums of a step's files, as facts: what was handed in can be proven later."""
    return {"documents": [document.digest for document in documents]} if documents else {}


def tell(
    actor: Actor,
    verb: str,
    case: Case,
    text: str,
    params: Mapping[str, Any],
    at: datetime,
    entry: int | None,
    *,
    action: str = "",
    before: Case | None = None,
    public: bool = True,
    data: Mapping[str, Any] | None = None,
    documents: Sequence[UUID] = (),
    body: str = "",
) -> Event:
    """Append the event of a step."""
    return rows.add_event(
        body,
        case_id=case.id,
        verb=verb,
        action=action,
        at=at,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label if actor.kind != "citizen" else "",
        unit=case.unit,
        text=text,
        params=dict(params),
        public=public,
        from_state=before.state if before else "",
        to_state=case.state,
        data=dict(data or {}),
        documents=[str(key) for key in documents],
        version=case.version,
        ledger_entry=entry,
    )


def conflict(case_type: CaseType, case_id: UUID) -> Conflict:
    """Somebody was faster: who, what and when."""
    last = rows.last_event(case_id)
    if last is None:
        return Conflict()
    action = case_type.action(last.action)
    what = gettext(action.title) if action else gettext(_DONE.get(last.verb, last.verb))
    return Conflict(
        N_("%(who)s was faster: “%(what)s” at %(when)s. Your entries are kept; look at the case as it is now."),
        who=last.actor_label or gettext("The reporter"),
        what=what,
        when=f"{clock.local(last.at):%H:%M %d/%m/%Y}",
    )


_DONE = {
    "opened": N_("opened"),
    "assigned": N_("put somebody in charge"),
    "released": N_("gave it back"),
    "transferred": N_("handed it over"),
    "message": N_("wrote a message"),
    "reply": N_("wrote a message"),
    "note": N_("wrote a note"),
    "escalated": N_("the time was up"),
    "paused": N_("stopped the clock"),
    "resumed": N_("let the clock go on"),
    "opinion_asked": N_("asked for an opinion"),
    "opinion_given": N_("gave an opinion"),
    "opinion_declined": N_("declined to give an opinion"),
    "return_proposed": N_("proposed a return"),
    "linked": N_("linked the case"),
    "migrated": N_("moved the case to new rules"),
    "rehomed": N_("gave it to the new unit"),
}


def take_documents(case_id: UUID, ids: Sequence[UUID]) -> None:
    """Give uploaded documents to a case; Invalid when one is missing or belongs elsewhere."""
    if rows.attach_documents(case_id, ids) != len(set(ids)):
        own = {document.id for document in rows.documents_by_id(ids) if document.case_id == case_id}
        if own != set(ids):
            raise Invalid([Fault("documents", MISSING)])
