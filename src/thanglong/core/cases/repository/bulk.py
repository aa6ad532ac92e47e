"""Inserting many cases at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from thanglong.core.cases import models
from thanglong.core.cases.repository.rows import new_reporter, search_text
from thanglong.core.cases.types import BulkCase, BulkDocument, Case

CHUNK = 500


def insert(cases: Sequence[tuple[Case, BulkCase, datetime | None]], events: Sequence[dict[str, Any]]) -> None:
    """Insert cases (with what they were made from and their next check), their reporters and events."""
    models.Case.objects.bulk_create([_row(case, item, at) for case, item, at in cases], batch_size=CHUNK)
    reporters = [new_reporter(case.id, item.contact, case.opened_at) for case, item, _ in cases]
    models.Reporter.objects.bulk_create(reporters, batch_size=CHUNK)
    models.Event.objects.bulk_create([models.Event(**event) for event in events], batch_size=CHUNK)


def _row(case: Case, item: BulkCase, check_at: datetime | None) -> models.Case:
    return models.Case(
        id=case.id, number=case.number, type=case.type, type_version=case.type_version, key=item.key, state=case.state,
        kind=case.kind.value, unit=case.unit, assignee=case.assignee, assignee_label=case.assignee_label,
        subject=case.subject, data=dict(case.data), lon=case.lon, lat=case.lat, address=case.address,
        search=search_text(case.number, case.subject, case.address), opened_at=case.opened_at, due_at=case.due_at,
        closed_at=case.closed_at, state_since=case.state_since, responded_at=case.responded_at, check_at=check_at,
        level=case.level, reopened=case.reopened, rating=case.rating, version=case.version,
        ledger_entry=case.ledger_entry,
    )  # fmt: skip


def insert_documents(items: Sequence[tuple[UUID, Sequence[BulkDocument]]]) -> None:
    """Insert the documents of cases."""
    made = [
        models.Document(
            id=item.id,
            case_id=case_id,
            kind=item.kind,
            name=item.name,
            media_type=item.media_type,
            size=item.size,
            digest=item.digest,
            view=item.view,
            thumb=item.thumb,
            public=item.public,
            at=item.at,
        )
        for case_id, documents in items
        for item in documents
    ]
    models.Document.objects.bulk_create(made, batch_size=CHUNK)
