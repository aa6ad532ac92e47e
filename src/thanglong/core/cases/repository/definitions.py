"""Stored case types."""

from datetime import datetime
from typing import Any

from thanglong.core.cases.models import Definition


def stored(key: str, version: int) -> tuple[str, dict[str, Any]] | None:
    """Digest and content of a stored definition."""
    row = Definition.objects.filter(key=key, version=version).values_list("digest", "content").first()
    return (row[0], row[1]) if row else None


def store(key: str, version: int, digest: str, content: dict[str, Any], at: datetime) -> None:
    """Keep a definition; a no-op when it is already kept."""
    row = Definition(key=key, version=version, digest=digest, content=content, at=at)
    Definition.objects.bulk_create([row], ignore_conflicts=True)


def digests() -> dict[tuple[str, int], str]:
    """The digest of every stored definition."""
    return {
        (key, version): digest for key, version, digest in Definition.objects.values_list("key", "version", "digest")
    }
