"""Many rows inserted or replaced by their key at once: a prepared statement on SQLite, COPY and merge on PostgreSQL."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models

from thanglong.stores.bulk import _json, _plain, staged

READY = frozenset([str, int, float, bytes, type(None)])


def upsert(
    model: type[models.Model], columns: Sequence[str], key: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Write rows of values in the order of ``columns``; a row with the same ``key`` columns is replaced.

    In the caller's transaction. No two rows may share a key.
    """
    if not rows:
        return
    table = model._meta.db_table
    names = ", ".join(f'"{name}"' for name in columns)
    keys = ", ".join(f'"{name}"' for name in key)
    sets = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name not in key)
    conflict = f"ON CONFLICT ({keys}) DO UPDATE SET {sets}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            fresh = f"fresh_{table}"
            cursor.execute(
                f'CREATE TEMP TABLE IF NOT EXISTS "{fresh}" ON COMMIT DROP AS SELECT {names} FROM "{table}" LIMIT 0'
            )
            cursor.execute(f'TRUNCATE "{fresh}"')
            with cursor.copy(f'COPY "{fresh}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row([_json(value) for value in row])
            cursor.execute(f'INSERT INTO "{table}" ({names}) SELECT {names} FROM "{fresh}" {conflict}')
            return
        marks = ", ".join(["%s"] * len(columns))
        cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks}) {conflict}', list(_rows(rows)))


def change(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Set ``columns`` of rows found by their id: values in the order of ``columns``, then the id."""
    if not rows:
        return
    table = model._meta.db_table
    names = ", ".join(f'"{name}"' for name in (*columns, "id"))
    sets = ", ".join(f'"{name}" = f."{name}"' for name in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            fresh = f"changed_{table}"
            cursor.execute(
                f'CREATE TEMP TABLE IF NOT EXISTS "{fresh}" ON COMMIT DROP AS SELECT {names} FROM "{table}" LIMIT 0'
            )
            cursor.execute(f'TRUNCATE "{fresh}"')
            with cursor.copy(f'COPY "{fresh}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute(f'UPDATE "{table}" t SET {sets} FROM "{fresh}" f WHERE t.id = f.id')
            return
        with staged(cursor, table, (*columns, "id"), list(_rows(rows))) as fresh:
            cursor.execute(f'UPDATE "{table}" AS t SET {sets} FROM "{fresh}" AS f WHERE t.id = f.id')


def _rows(rows: Sequence[Sequence[Any]]) -> Iterator[list[Any]]:
    """Rows as SQLite takes them; a moment that many rows share is turned to text once."""
    moments: dict[datetime, Any] = {}
    for row in rows:
        found = list(row)
        for place, value in enumerate(found):
            kind = type(value)
            if kind is datetime:
                found[place] = moments.get(value) or moments.setdefault(value, _plain(value))
            elif kind not in READY:
                found[place] = _plain(value)
        yield found
