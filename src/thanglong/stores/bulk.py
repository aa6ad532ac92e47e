"""Many rows at once: prepared statements on SQLite, COPY on PostgreSQL. Names of tables and columns come from
models.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain, islice
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
                sqlite_insert(cursor, table, columns, [[_plain(value) for value in row] for row in chunk])
            done += len(chunk)
    return done


STAGED = 50
"""From how many rows on a temporary table is worth its making."""


def sqlite_insert(cursor: Any, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows of plain values in their order.

    Many go in by one statement, through a temporary table: before each statement that fires triggers, SQLite has the
    word index write out what it holds, so that row by row the index would be merged again and again.
    """
    names = ", ".join(f'"{name}"' for name in columns)
    if len(rows) < STAGED:
        cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join(["%s"] * len(columns))})', rows)
        return
    with staged(cursor, table, columns, rows) as fresh:
        cursor.execute(f'INSERT INTO "{table}" ({names}) SELECT {names} FROM "{fresh}" ORDER BY rowid')


TOGETHER = 128
"""Rows of one statement: with more, the statement itself gets no cheaper by the row."""


def sqlite_rows(cursor: Any, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows of plain values in their order, many by each statement: a third of the work of a statement a row.

    For tables over which no word index lies (see :func:`sqlite_insert`).
    """
    names = ", ".join(f'"{name}"' for name in columns)
    row = f"({', '.join(['%s'] * len(columns))})"
    head, whole = f'INSERT INTO "{table}" ({names}) VALUES ', len(rows) - len(rows) % TOGETHER
    if whole:
        parts = (rows[at : at + TOGETHER] for at in range(0, whole, TOGETHER))
        cursor.executemany(head + ", ".join([row] * TOGETHER), [[*chain.from_iterable(part)] for part in parts])
    if rest := rows[whole:]:
        cursor.execute(head + ", ".join([row] * len(rest)), [*chain.from_iterable(rest)])


@contextmanager
def staged(cursor: Any, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """The name of a temporary table (SQLite) that holds rows of plain values in some columns of ``table``."""
    fresh, names = f"staged_{table}", ", ".join(f'"{name}"' for name in columns)
    cursor.execute(f'DROP TABLE IF EXISTS temp."{fresh}"')
    cursor.execute(f'CREATE TEMP TABLE "{fresh}" AS SELECT {names} FROM "{table}" LIMIT 0')
    cursor.executemany(f'INSERT INTO "{fresh}" VALUES ({", ".join(["%s"] * len(columns))})', rows)
    yield fresh
    cursor.execute(f'DROP TABLE temp."{fresh}"')


def count_anew(*tables: type[models.Model]) -> None:
    """Let PostgreSQL count what lies in tables after much was loaded: until it does, it does not use the word index."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for model in tables:
                cursor.execute(f'ANALYZE "{model._meta.db_table}"')


_statements: dict[tuple[str, tuple[str, ...], str], str] = {}


def insert_one(model: type[models.Model], columns: tuple[str, ...], values: Sequence[Any], returning: str = "") -> Any:
    """Insert one row without an object of the ORM, in the caller's transaction; the value of ``returning`` when named.

    A quarter of what a model's ``save`` costs: the statement is made once, values are adapted by their Python type.
    """
    table = model._meta.db_table
    name = table, columns, returning
    text = _statements.get(name)
    if text is None:
        names, marks = ", ".join(f'"{column}"' for column in columns), ", ".join(["%s"] * len(columns))
        text = f'INSERT INTO "{table}" ({names}) VALUES ({marks})' + (f' RETURNING "{returning}"' if returning else "")
        _statements[name] = text
    adapt = _json if connection.vendor == "postgresql" else _plain
    with connection.cursor() as cursor:
        cursor.execute(text, [adapt(value) for value in values])
        return cursor.fetchone()[0] if returning else None


def take_next(model: type[models.Model], column: str, count: int, **where: Any) -> int | None:
    """Raise a counter by ``count`` in one statement; the value before, or None when no row matches.

    The row stays locked until the caller's transaction ends.
    """
    table = model._meta.db_table
    clause = " AND ".join(f'"{name}" = %s' for name in where)
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{table}" SET "{column}" = "{column}" + %s WHERE {clause} RETURNING "{column}"',
            [count, *where.values()],
        )
        row = cursor.fetchone()
    return None if row is None else int(row[0]) - count
