"""Cases that still follow an old version of their type."""

from uuid import UUID

from thanglong.core.cases import models


def running(type_key: str, version: int, after: UUID | None, limit: int) -> list[UUID]:
    """Ids of open cases of a version, in the order of their ids, after one."""
    rows = models.Case.objects.filter(type=type_key, type_version=version, closed_at__isnull=True)
    if after is not None:
        rows = rows.filter(id__gt=after)
    return list(rows.order_by("id").values_list("id", flat=True)[:limit])


def versions(type_key: str) -> dict[int, int]:
    """How many open cases follow each version of a type."""
    found: dict[int, int] = {}
    rows = models.Case.objects.filter(type=type_key, closed_at__isnull=True)
    for version in rows.values_list("type_version", flat=True).iterator(chunk_size=5000):
        found[version] = found.get(version, 0) + 1
    return found
