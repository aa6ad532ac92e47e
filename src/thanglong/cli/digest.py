"""Digests of the domain tables, equal for two cities of one seed at one city time, on any store."""

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models

# own hash chains with own keys and times, queues, sessions: they record how a state came about, not the state
LEFT_OUT = frozenset(("ledger", "jobs", "sessions", "contenttypes", "auth", "admin", "messages"))
# stamps by which caches notice a change
STAMPS = frozenset(("version",))
# salted or drawn anew on every making
SECRET = frozenset(("password", "secret", "secret_hash", "secret_digest", "salt", "token", "code_hash", "last_login"))
ROWS = 2000
# ids drawn at random while the city lives (version 7; those of the making are seeded, version 8)
RANDOM_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def tables() -> dict[str, str]:
    """Hex SHA-256 per table (``app.model``) over its rows, sorted; which random id a row got makes no difference."""
    found = {}
    for model in apps.get_models():
        left_out = model._meta.app_label in LEFT_OUT or model._meta.model_name in STAMPS
        if not left_out and model._meta.managed and not model._meta.proxy:
            found[model._meta.label_lower] = _table(model)
    return found


def _table(model: type[models.Model]) -> str:
    fields = [field.attname for field in model._meta.concrete_fields if field.attname not in SECRET]
    rows: Iterable[Any] = model._default_manager.order_by("pk").values_list(*fields).iterator(ROWS)
    lines = [RANDOM_ID.sub("id", json.dumps(row, default=_plain, ensure_ascii=False, sort_keys=True)) for row in rows]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """What JSON does not know, in one form whichever database it came from."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | UUID):
        return str(value)
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value)
