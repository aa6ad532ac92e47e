"""Inserting many cases at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

from thanglong.core.cases import models
from thanglong.core.cases.repository.rows import CASE, EVENT, REPORTER, case_values, reporter_values
from thanglong.core.cases.types import BulkCase, BulkDocument, Case
from thanglong.stores import bulk

DOCUMENT = (
    "id", "case_id", "kind", "name", "media_type", "size", "digest", "view", "thumb", "public", "at", "by", "erased_at",
)  # fmt: skip


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
    kept = (None, None)
    bulk.insert(models.Case, CASE, (
        case_values(case, item.key, at, openings[case.id], until.get(case.id, kept)[1]) for case, item, at in cases
    ))  # fmt: skip
    bulk.insert(models.Reporter, REPORTER, (
        reporter_values(case, token_urlsafe(18), item.contact, until.get(case.id, kept)[0]) for case, item, _ in cases
    ))  # fmt: skip
    bulk.insert(models.Event, EVENT, ([event[name] for name in EVENT] for event in events))


def count_anew() -> None:
    """Fresh statistics of the tables that a bulk load fills."""
    bulk.count_anew(models.Case, models.Reporter, models.Event, models.Document)


def insert_documents(items: Sequence[tuple[UUID, Sequence[BulkDocument]]]) -> None:
    """Insert the documents of cases."""
    bulk.insert(models.Document, DOCUMENT, (
        (item.id, case_id, item.kind, item.name, item.media_type, item.size, item.digest, item.view, item.thumb,
         item.public, item.at, None, None)
        for case_id, documents in items
        for item in documents
    ))  # fmt: skip
