"""Many rows at once: prepared statements on SQLite, COPY on PostgreSQL. Names of tables and columns come from
models.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, models

CHUNK = 5_000


def columns_of(model: type[models.Model], leave: Sequence[str] = ()) -> tuple[str, ...]:
    """The column names of a model in the order of its fields, without those named in ``leave``."""
    return tuple(str(field.column) for field in model._meta.concrete_fields if field.column not in leave)


def _plain(value: Any) -> Any:
    """A value as Django keeps it in SQLite."""
    kind = type(value)
    if kind is str or value is None or kind is int or kind is float or kind is bool:
        return value
    if kind is UUID:
        return value.hex
    if isinstance(value, datetime):
        return str(value.astimezone(UTC).replace(tzinfo=None))
    if isinstance(value, dict | list | tuple):
        return orjson.dumps(value).decode()
    return value


def _json(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, dict | list | tuple) else value


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert rows of values in the order of ``columns``, in the caller's transaction; how many.

    JSON columns are given as plain values, moments aware, identifiers as UUID. Triggers and constraints hold as ever.
    """
    table = model._meta.db_table
    names = ", ".join(f'"{name}"' for name in columns)
    done, following = 0, iter(rows)
    with connection.cursor() as cursor:
        while chunk := list(islice(following, CHUNK)):
            if connection.vendor == "postgresql":
                with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                    for row in chunk:
                        copy.write_row([_json(value) for value in row])
            else:
                marks = ", ".join(["%s"] * len(columns))
                cursor.executemany(
                    f'INSERT INTO "{table}" ({names}) VALUES ({marks})',
                    [[_plain(value) for value in row] for row in chunk],
                )
            done += len(chunk)
    return done
