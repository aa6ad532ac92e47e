"""Kept decision models, and the decisions that were taken on cases."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from thanglong.core.cases.models import DecisionModel, DecisionTaken
from thanglong.core.cases.types.decisions import Decided, DecisionRef


def kept(key: str, version: int) -> tuple[str, str] | None:
    """Digest and source of a kept version."""
    return DecisionModel.objects.filter(key=key, version=version).values_list("digest", "source").first()


def keep(key: str, version: int, digest: str, source: str, at: datetime) -> None:
    """Keep a version; a no-op when it is kept already."""
    row = DecisionModel(key=key, version=version, digest=digest, source=source, at=at)
    DecisionModel.objects.bulk_create([row], ignore_conflicts=True)


def digests() -> dict[tuple[str, int], str]:
    """The digest of every kept version."""
    rows = DecisionModel.objects.values_list("key", "version", "digest")
    return {(key, version): digest for key, version, digest in rows}


def record(case: UUID, decided: Iterable[Decided], at: datetime, entry: int | None) -> None:
    """Write down what was decided on a case."""
    DecisionTaken.objects.bulk_create(
        DecisionTaken(
            case_id=case, model=each.ref.model, version=each.ref.version, decision=each.ref.decision, at=at,
            inputs=dict(each.inputs), value=each.value, rules=list(each.rules), ledger_entry=entry,
        )
        for each in decided
    )  # fmt: skip


def taken(case: UUID) -> list[tuple[DecisionRef, Mapping[str, Any], Any, Sequence[str], datetime]]:
    """Decisions on a case, oldest first: reference, inputs (empty once they are erased), value, rules, moment."""
    rows = DecisionTaken.objects.filter(case=case).order_by("id")
    return [
        (DecisionRef(row.model, row.decision, row.version), row.inputs, row.value, row.rules, row.at) for row in rows
    ]


def uses() -> dict[str, int]:
    """How many decisions each model has taken on cases."""
    from django.db.models import Count

    return dict(DecisionTaken.objects.values_list("model").annotate(n=Count("id")))
