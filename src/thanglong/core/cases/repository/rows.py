"""Rows to types, and reading and writing single cases."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from thanglong.core.cases import models
from thanglong.core.cases.types import Case, ClockSegment, Contact, Document, Event, Place, StateKind
from thanglong.kit.text import fold
from thanglong.stores import bulk

CASE = (
    "id", "number", "type", "type_version", "key", "state", "kind", "unit", "assignee", "assignee_label", "subject",
    "data", "lon", "lat", "address", "search", "opened_at", "due_at", "closed_at", "state_since", "responded_at",
    "check_at", "level", "reopened", "rating", "version", "ledger_entry", "opening", "paused", "paused_until",
    "returned", "avoidable", "documents_until",
)  # fmt: skip
REPORTER = ("case_id", "secret", "account", "name", "email", "phone", "language", "confirmed_at", "erase_after")
EVENT = (
    "case_id", "verb", "action", "at", "actor_kind", "actor_id", "actor_label", "unit", "text", "params", "public",
    "from_state", "to_state", "data", "documents", "version", "ledger_entry",
)  # fmt: skip
_NOBODY = Contact()


def to_case(row: models.Case, secret: str = "") -> Case:
    """The case of a row."""
    return Case(
        id=row.id, number=row.number, type=row.type, type_version=row.type_version, state=row.state,
        kind=StateKind(row.kind), unit=row.unit, assignee=row.assignee, subject=row.subject, data=row.data,
        lon=row.lon, lat=row.lat, address=row.address, opened_at=row.opened_at, due_at=row.due_at,
        closed_at=row.closed_at, version=row.version, state_since=row.state_since, responded_at=row.responded_at,
        level=row.level, reopened=row.reopened, rating=row.rating, assignee_label=row.assignee_label,
        ledger_entry=row.ledger_entry, secret=secret, paused=row.paused, paused_until=row.paused_until,
        returned=row.returned, avoidable=row.avoidable,
    )  # fmt: skip


def to_event(row: models.Event, body: str = "") -> Event:
    """The event of a row; ``body`` is the text of its message."""
    return Event(
        seq=row.seq, case_id=row.case_id, verb=row.verb, action=row.action, at=row.at, actor_kind=row.actor_kind,
        actor_id=row.actor_id, actor_label=row.actor_label, unit=row.unit, text=row.text, params=row.params,
        public=row.public, from_state=row.from_state, to_state=row.to_state, data=row.data,
        documents=tuple(UUID(key) for key in row.documents), ledger_entry=row.ledger_entry, body=body,
    )  # fmt: skip


def to_document(row: models.Document) -> Document:
    """The document of a row."""
    return Document(
        id=row.id, case_id=row.case_id, kind=row.kind, name=row.name, media_type=row.media_type, size=row.size,
        digest=row.digest, view=row.view, thumb=row.thumb, public=row.public, at=row.at,
        erased_at=row.erased_at,
    )  # fmt: skip


def case_row(key: UUID | str) -> models.Case | None:
    """A case's row by id or number."""
    if isinstance(key, UUID):
        return models.Case.objects.filter(pk=key).first()
    try:
        return models.Case.objects.filter(pk=UUID(key)).first()
    except ValueError:
        return models.Case.objects.filter(number=key.upper()).first()


def locked(case_id: UUID) -> Case | None:
    """A case whose row nobody else can change until the transaction ends."""
    row = models.Case.objects.select_for_update().filter(pk=case_id).first()
    return to_case(row) if row else None


def case_rows(ids: Sequence[UUID]) -> list[Case]:
    """Cases by id, in the order asked."""
    found = {row.id: to_case(row) for row in models.Case.objects.filter(pk__in=ids)}
    return [found[key] for key in ids if key in found]


def by_key(type_key: str, key: str) -> models.Case | None:
    """The case that an earlier submission under the idempotency ``key`` made."""
    return models.Case.objects.filter(type=type_key, key=key).first()


def search_text(number: str, subject: str, address: str) -> str:
    """What a search looks through: folded, so that marks are not needed."""
    return fold(f"{number} {subject} {address}")


def insert_case(case: Case, key: str | None, check_at: datetime | None, contact: Contact | None) -> str:
    """Insert a case and its reporter; the reporter's secret. IntegrityError when ``key`` is already taken."""
    bulk.insert_one(models.Case, CASE, case_values(case, key, check_at, case.ledger_entry, None))
    secret = secrets.token_urlsafe(18)
    bulk.insert_one(models.Reporter, REPORTER, reporter_values(case, secret, contact, None))
    return secret


def case_values(
    case: Case, key: str | None, check_at: datetime | None, opening: int | None, documents_until: datetime | None
) -> tuple[Any, ...]:
    """A case's row in the order of ``CASE``."""
    return (
        case.id, case.number, case.type, case.type_version, key, case.state, case.kind.value, case.unit, case.assignee,
        case.assignee_label, case.subject, dict(case.data), case.lon, case.lat, case.address,
        search_text(case.number, case.subject, case.address), case.opened_at, case.due_at, case.closed_at,
        case.state_since, case.responded_at, check_at, case.level, case.reopened, case.rating, case.version,
        case.ledger_entry, opening, case.paused, case.paused_until, case.returned, case.avoidable, documents_until,
    )  # fmt: skip


def reporter_values(case: Case, secret: str, contact: Contact | None, erase_after: datetime | None) -> tuple[Any, ...]:
    """The row of the person behind a case in the order of ``REPORTER``."""
    contact = contact or _NOBODY
    return (
        case.id, secret, contact.account, contact.name, contact.email, contact.phone, contact.language,
        case.opened_at if contact.confirmed else None, erase_after,
    )  # fmt: skip


def update_case(case_id: UUID, version: int, changes: Mapping[str, Any]) -> bool:
    """Apply ``changes`` and raise the version when it still is ``version``; False when somebody was faster."""
    done = models.Case.objects.filter(pk=case_id, version=version).update(version=version + 1, **changes)
    return done == 1


def add_event(body: str = "", **fields: Any) -> Event:
    """Append one event (and its message text)."""
    seq = bulk.insert_one(models.Event, EVENT, [fields[name] for name in EVENT], "seq")
    if body:
        models.Message(event_id=seq, body=body).save(force_insert=True)
    known = {**fields, "documents": tuple(UUID(key) for key in fields["documents"]), "seq": seq, "body": body}
    del known["version"]
    return Event(**known)


def events(case_id: UUID, public_only: bool = False) -> list[Event]:
    """A case's story, oldest first, in one query."""
    rows = models.Event.objects.filter(case_id=case_id).select_related("message").order_by("seq")
    if public_only:
        rows = rows.filter(public=True)
    return [to_event(row, row.message.body if hasattr(row, "message") else "") for row in rows]


def last_event(case_id: UUID) -> Event | None:
    """The newest event of a case that changed its version."""
    row = models.Event.objects.filter(case_id=case_id).order_by("-seq").first()
    return to_event(row) if row else None


def documents(case_id: UUID, public_only: bool = False) -> list[Document]:
    """A case's documents, oldest first, in one query."""
    rows = models.Document.objects.filter(case_id=case_id).order_by("at", "id")
    return [to_document(row) for row in (rows.filter(public=True) if public_only else rows)]


def documents_by_id(ids: Iterable[UUID]) -> list[Document]:
    """Documents by id, in the order asked; missing ones are left out."""
    wanted = list(ids)
    found = {row.id: to_document(row) for row in models.Document.objects.filter(pk__in=wanted)} if wanted else {}
    return [found[key] for key in wanted if key in found]


def add_document_row(document: Document, by: UUID | None) -> None:
    """Save a new document."""
    models.Document(
        id=document.id, case_id=document.case_id, kind=document.kind, name=document.name,
        media_type=document.media_type, size=document.size, digest=document.digest, public=document.public,
        at=document.at, by=by,
    ).save(force_insert=True)  # fmt: skip


def attach_documents(case_id: UUID, ids: Sequence[UUID]) -> int:
    """Give loose documents to a case; how many were loose."""
    return models.Document.objects.filter(pk__in=ids, case__isnull=True).update(case_id=case_id) if ids else 0


def set_previews(document_id: UUID, view: str, thumb: str) -> None:
    """Note the digests of a document's published copy and preview."""
    models.Document.objects.filter(pk=document_id).update(view=view, thumb=thumb)


def loose_documents(before: datetime, limit: int) -> list[Document]:
    """Documents that never got a case."""
    rows = models.Document.objects.filter(case__isnull=True, at__lt=before).order_by("at")[:limit]
    return [to_document(row) for row in rows]


def delete_documents(ids: Sequence[UUID]) -> None:
    """Forget documents (their files may be shared and are removed only when no row names them)."""
    models.Document.objects.filter(pk__in=ids).delete()


def digest_in_use(digest: str) -> bool:
    """Whether any document still needs a file."""
    return models.Document.objects.filter(digest=digest, erased_at__isnull=True).exists()


def reporter(case_id: UUID) -> models.Reporter | None:
    """Who is behind a case."""
    return models.Reporter.objects.filter(pk=case_id).first()


def to_contact(row: models.Reporter) -> Contact:
    """The contact of a reporter's row."""
    return Contact(row.name, row.email, row.phone, row.language, row.account, row.confirmed_at is not None)


def clock_segments(case_id: UUID) -> list[ClockSegment]:
    """How a case's clock ran, oldest first."""
    rows = models.ClockSegment.objects.filter(case_id=case_id).order_by("started_at", "id")
    return [
        ClockSegment(row.running, row.started_at, row.ended_at, row.reason, row.remaining, row.basis, row.note, row.by)
        for row in rows
    ]


def switch_clock(case_id: UUID, running: bool, at: datetime, reason: str, remaining: int | None, **said: str) -> None:
    """End the present segment with ``remaining`` seconds left and begin the next; ``said``: basis, note, by."""
    models.ClockSegment.objects.filter(case_id=case_id, ended_at__isnull=True).update(ended_at=at, remaining=remaining)
    models.ClockSegment(case_id=case_id, running=running, started_at=at, reason=reason, **said).save(force_insert=True)


def remaining(case_id: UUID) -> int | None:
    """Seconds that were left when the clock last stopped."""
    rows = models.ClockSegment.objects.filter(case_id=case_id, running=True).order_by("-started_at", "-id")
    return rows.values_list("remaining", flat=True).first()


def place_fields(place: Place | None) -> tuple[float | None, float | None, str]:
    """Longitude, latitude and address of a place, each None or empty when unknown."""
    return (place.lon, place.lat, place.address) if place else (None, None, "")


def note_message(case_id: UUID, entry: int, answered_at: datetime | None) -> None:
    """Note the newest ledger entry, and the unit's first answer if this message is one."""
    changes: dict[str, Any] = {"ledger_entry": entry}
    if answered_at is not None:
        changes["responded_at"] = answered_at
    models.Case.objects.filter(pk=case_id).update(**changes)


def set_check(case_id: UUID, at: datetime | None) -> None:
    """Set when time itself changes the case next."""
    models.Case.objects.filter(pk=case_id).update(check_at=at)


def last_actors(case_id: UUID) -> dict[str, str]:
    """Which account last took which action."""
    taken = models.Event.objects.filter(case_id=case_id, verb="acted", actor_id__isnull=False).order_by("seq")
    return {action: str(account) for action, account in taken.values_list("action", "actor_id")}
