"""Rows of photos."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from thanglong.domains.requests import models
from thanglong.domains.requests.types import Photo


def to_photo(row: models.Photo) -> Photo:
    """A row as the type."""
    return Photo(
        id=row.id, kind=row.kind, digest=row.view, thumb=row.thumb, width=row.width, height=row.height,
        hash=int(row.hash, 16), at=row.taken_at or row.at, hidden=row.hidden,
    )  # fmt: skip


def hex_hash(value: int) -> str:
    """A 64-bit hash as 16 hex digits (no database has unsigned 64-bit integers in common)."""
    return f"{value:016x}"


def insert(values: Mapping[str, Any]) -> Photo:
    """A new photo."""
    return to_photo(models.Photo.objects.create(**values))


def insert_many(rows: Iterable[Mapping[str, Any]]) -> None:
    """Many generated photos at once."""
    models.Photo.objects.bulk_create([models.Photo(**row) for row in rows], batch_size=500, ignore_conflicts=True)


def by_ids(ids: Sequence[UUID]) -> list[Photo]:
    """Photos in the order asked; absent ones are left out."""
    found = {row.id: row for row in models.Photo.objects.filter(id__in=ids)}
    return [to_photo(found[key]) for key in ids if key in found]


def row(photo: UUID) -> dict[str, Any] | None:
    """All columns of one photo, or None."""
    found = models.Photo.objects.filter(id=photo).values().first()
    return dict(found) if found else None


def give(ids: Sequence[UUID], case: UUID, kind: str) -> int:
    """Give photos to a case; only those that have none yet. How many."""
    return models.Photo.objects.filter(id__in=ids, case=None).update(case=case, kind=kind)


def known(ids: Sequence[UUID]) -> set[UUID]:
    """Those of the ids that are photos of reports."""
    return set(models.Photo.objects.filter(id__in=ids).values_list("id", flat=True))


def shown(cases: Sequence[UUID], hidden: bool = False) -> dict[UUID, tuple[Photo, ...]]:
    """Photos by case, oldest first; hidden ones only when asked."""
    rows = models.Photo.objects.filter(case__in=cases).order_by("at", "id")
    if not hidden:
        rows = rows.filter(hidden=False)
    out: dict[UUID, tuple[Photo, ...]] = {}
    for item in rows:
        if item.case is not None:
            out[item.case] = (*out.get(item.case, ()), to_photo(item))
    return out


def hashes(cases: Sequence[UUID]) -> dict[UUID, list[int]]:
    """Hashes of the reporters' photos by case."""
    out: dict[UUID, list[int]] = {}
    rows = models.Photo.objects.filter(case__in=cases, kind="before").values_list("case", "hash")
    for case, value in rows:
        if case is not None:
            out.setdefault(case, []).append(int(value, 16))
    return out


def set_state(photo: UUID, values: Mapping[str, Any]) -> None:
    """Change columns of one photo."""
    models.Photo.objects.filter(id=photo).update(**values)


def hidden_hash(value: int) -> bool:
    """Whether a photo with this very hash was hidden before."""
    return models.Photo.objects.filter(hidden=True, hash=hex_hash(value)).exists()


def newest(after: tuple[datetime, UUID] | None, limit: int, hidden: bool | None = None) -> list[dict[str, Any]]:
    """Photos of reports for moderation, newest first."""
    rows = models.Photo.objects.exclude(case=None)
    if hidden is not None:
        rows = rows.filter(hidden=hidden)
    if after is not None:
        rows = rows.filter(at__lt=after[0])
    return [dict(row) for row in rows.order_by("-at", "-id").values()[:limit]]


def loose(before: datetime) -> int:
    """Forget photos that never got a report; how many."""
    return models.Photo.objects.filter(case=None, at__lt=before).delete()[0]
