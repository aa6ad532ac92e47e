"""Inserting many cases at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

from thanglong.core.cases import models
from thanglong.core.cases.repository.rows import search_text
from thanglong.core.cases.types import BulkCase, BulkDocument, Case, Contact
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
DOCUMENT = (
    "id", "case_id", "kind", "name", "media_type", "size", "digest", "view", "thumb", "public", "at", "by", "erased_at",
)  # fmt: skip
_NOBODY = Contact()


def insert(
    cases: Sequence[tuple[Case, BulkCase, datetime | None]],
    events: Sequence[Mapping[str, Any]],
    openings: Mapping[UUID, int],
    until: Mapping[UUID, tuple[datetime | None, datetime | None]],
) -> None:
    """Insert cases (with what they were made from and their next check), their reporters and events.

    ``openings`` are the ledger entries of the openings; ``until`` until when a closed case's personal data and files
    are kept.
    """
    bulk.insert(models.Case, CASE, (_row(case, item, at, openings[case.id], until) for case, item, at in cases))
    bulk.insert(models.Reporter, REPORTER, (_reporter(case, item, until) for case, item, _ in cases))
    bulk.insert(models.Event, EVENT, ([event[name] for name in EVENT] for event in events))


def _row(
    case: Case,
    item: BulkCase,
    check_at: datetime | None,
    opening: int,
    until: Mapping[UUID, tuple[datetime | None, datetime | None]],
) -> tuple[Any, ...]:
    return (
        case.id, case.number, case.type, case.type_version, item.key, case.state, case.kind.value, case.unit,
        case.assignee, case.assignee_label, case.subject, dict(case.data), case.lon, case.lat, case.address,
        search_text(case.number, case.subject, case.address), case.opened_at, case.due_at, case.closed_at,
        case.state_since, case.responded_at, check_at, case.level, case.reopened, case.rating, case.version,
        case.ledger_entry, opening, case.paused, case.paused_until, case.returned, case.avoidable,
        until.get(case.id, (None, None))[1],
    )  # fmt: skip


def _reporter(
    case: Case, item: BulkCase, until: Mapping[UUID, tuple[datetime | None, datetime | None]]
) -> tuple[Any, ...]:
    contact = item.contact or _NOBODY
    return (
        case.id, token_urlsafe(18), contact.account, contact.name, contact.email, contact.phone, contact.language,
        case.opened_at if contact.confirmed else None, until.get(case.id, (None, None))[0],
    )  # fmt: skip


def insert_documents(items: Sequence[tuple[UUID, Sequence[BulkDocument]]]) -> None:
    """Insert the documents of cases."""
    bulk.insert(models.Document, DOCUMENT, (
        (item.id, case_id, item.kind, item.name, item.media_type, item.size, item.digest, item.view, item.thumb,
         item.public, item.at, None, None)
        for case_id, documents in items
        for item in documents
    ))  # fmt: skip
