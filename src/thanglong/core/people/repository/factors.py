"""Rows of second factors."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from thanglong.core.people import models
from thanglong.core.people.types import Factor, FactorKind


def factor(row: models.Factor) -> Factor:
    """Row to type."""
    return Factor(
        row.id, row.account_id, FactorKind(row.kind), row.name, row.created_at, row.used_at,
        len(row.data.get("digests", ())),
    )  # fmt: skip


def of(account: UUID) -> list[Factor]:
    """All of an account, oldest first."""
    return [factor(row) for row in models.Factor.objects.filter(account_id=account).order_by("created_at", "id")]


def rows(account: UUID, kind: FactorKind, *, lock: bool = False) -> list[models.Factor]:
    """Rows of one kind."""
    found = models.Factor.objects.filter(account_id=account, kind=kind).order_by("created_at", "id")
    return list(found.select_for_update() if lock else found)


def add(
    factor_id: UUID, account: UUID, kind: FactorKind, name: str, data: Mapping[str, Any], at: datetime, *,
    handle: str | None = None, step: int = 0,
) -> None:  # fmt: skip
    """Insert one."""
    models.Factor.objects.create(
        id=factor_id, account_id=account, kind=kind, name=name, data=dict(data), created_at=at, handle=handle, step=step
    )


def advance(factor_id: UUID, step: int, at: datetime) -> bool:
    """Use up a time step; False when it, or a later one, was used already (by a second browser at the same moment)."""
    return bool(models.Factor.objects.filter(pk=factor_id, step__lt=step).update(step=step, used_at=at))


def counted(factor_id: UUID, counter: int, at: datetime) -> None:
    """Note a passkey's use and its counter."""
    models.Factor.objects.filter(pk=factor_id).update(step=counter, used_at=at)


def keep_digests(factor_id: UUID, digests: list[str], at: datetime) -> None:
    """Write the recovery codes that are left."""
    models.Factor.objects.filter(pk=factor_id).update(data={"digests": digests}, used_at=at)


def by_handle(handle: str) -> models.Factor | None:
    """The passkey with this credential id, of an open account."""
    return models.Factor.objects.filter(kind="passkey", handle=handle, account__is_active=True).first()


def remove(account: UUID, *, factor_id: UUID | None = None, kind: FactorKind | None = None) -> int:
    """Remove one, those of a kind, or all of an account; how many."""
    found = models.Factor.objects.filter(account_id=account)
    if factor_id is not None:
        found = found.filter(pk=factor_id)
    if kind is not None:
        found = found.filter(kind=kind)
    return found.delete()[0]
