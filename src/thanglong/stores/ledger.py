"""Statements of the ledger that the ORM would make too slow: many rows in, many rows out, on either database."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from thanglong.stores.bulk import sqlite_rows

# moment, verb, object kind, object id, unit, body
EntryRow = tuple[datetime, str, str, str, UUID | None, str]
COLUMNS = "at, verb, object_kind, object_id, unit, body"


def _is_postgres() -> bool:
    return connection.vendor == "postgresql"


def _plain(row: EntryRow) -> tuple[Any, ...]:
    """The row as SQLite keeps it (Django's own spelling of moments and UUIDs)."""
    at, verb, kind, key, unit, body = row
    return _moment(at), verb, kind, key, _hex(unit) if unit else None, body


@lru_cache(1024)
def _moment(at: datetime) -> str:
    return str(at.astimezone(UTC).replace(tzinfo=None))


@lru_cache(1024)
def _hex(unit: UUID) -> str:
    return unit.hex


def insert_entries(rows: Sequence[EntryRow]) -> Sequence[int]:
    """Insert entries in order, in the caller's transaction; their ids, ascending."""
    if not rows:
        return ()
    with connection.cursor() as cursor:
        if len(rows) == 1:
            row = rows[0] if _is_postgres() else _plain(rows[0])
            cursor.execute(f"INSERT INTO ledger_entry ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s) RETURNING id", row)
            return (cursor.fetchone()[0],)
        return _copy(cursor, rows) if _is_postgres() else _many(cursor, rows)


def _copy(cursor: Any, rows: Sequence[EntryRow]) -> Sequence[int]:
    cursor.execute(
        "SELECT nextval(pg_get_serial_sequence('ledger_entry', 'id')) FROM generate_series(1, %s)", [len(rows)]
    )
    ids = sorted(row[0] for row in cursor.fetchall())
    with cursor.copy(f"COPY ledger_entry (id, {COLUMNS}) FROM STDIN") as copy:
        for key, row in zip(ids, rows, strict=True):
            copy.write_row((key, *row))
    return ids


def _many(cursor: Any, rows: Sequence[EntryRow]) -> Sequence[int]:
    # the write lock of the transaction makes the next ids ours
    cursor.execute("SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'ledger_entry'), 0)")
    start = cursor.fetchone()[0] + 1
    columns = ("id", *COLUMNS.split(", "))
    sqlite_rows(cursor, "ledger_entry", columns, [(start + at, *_plain(row)) for at, row in enumerate(rows)])
    return range(start, start + len(rows))


def waiting_bodies(limit: int, before: datetime | None = None) -> list[tuple[int, str]]:
    """Ids and bodies of entries that wait for their place, in id order; only those of before a moment when given."""
    text = "SELECT e.id, e.body FROM ledger_pending p JOIN ledger_entry e ON e.id = p.entry_id"
    values: list[Any] = [limit]
    if before is not None:
        text += " WHERE e.at < %s"
        values.insert(0, before if _is_postgres() else _moment(before))
    with connection.cursor() as cursor:
        cursor.execute(f"{text} ORDER BY p.entry_id LIMIT %s", values)
        return list(cursor.fetchall())


def settle(first: int) -> None:
    """Take the entries off the waiting list that have leaves from place ``first`` on."""
    with connection.cursor() as cursor:
        cursor.execute(
            'DELETE FROM ledger_pending WHERE entry_id IN (SELECT entry_id FROM ledger_leaf WHERE "index" >= %s)',
            [first],
        )


def insert_leaves(rows: Sequence[tuple[int, int, bytes]]) -> None:
    """Insert leaves ``(place, entry id, hash)``."""
    with connection.cursor() as cursor:
        if _is_postgres():
            with cursor.copy('COPY ledger_leaf ("index", entry_id, hash) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            sqlite_rows(cursor, "ledger_leaf", ("index", "entry_id", "hash"), rows)


def leaf_hashes(start: int, stop: int) -> list[bytes]:
    """Hashes of the leaves start..stop in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT hash FROM ledger_leaf WHERE "index" >= %s AND "index" < %s ORDER BY "index"', [start, stop]
        )
        return [bytes(row[0]) for row in cursor.fetchall()]


def node_hashes(year: int, level: int, start: int, stop: int) -> list[bytes]:
    """Stored hashes start..stop of one level of a year's tree, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT hash FROM ledger_node WHERE tree = %s AND level = %s AND "index" >= %s AND "index" < %s'
            ' ORDER BY "index"',
            [year, level, start, stop],
        )
        return [bytes(row[0]) for row in cursor.fetchall()]


def leaf_bodies(start: int, stop: int) -> Iterator[tuple[int, int, bytes, str | None]]:
    """Place, entry id, leaf hash and body of the leaves start..stop in order (a lost entry has no body)."""
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT l."index", l.entry_id, l.hash, e.body FROM ledger_leaf l LEFT JOIN ledger_entry e'
            ' ON e.id = l.entry_id WHERE l."index" >= %s AND l."index" < %s ORDER BY l."index"',
            [start, stop],
        )
        for place, entry_id, digest, body in cursor.fetchall():
            yield place, entry_id, bytes(digest), body


def tiles_of(
    start: int, stop: int, since: datetime | None, until: datetime | None, ref: tuple[str, str] | None
) -> list[int]:
    """Numbers of the blocks of 256 places from ``start`` on that hold an entry of a period or about an object."""
    text = (
        'SELECT DISTINCT (l."index" - %s) / 256 FROM ledger_leaf l JOIN ledger_entry e ON e.id = l.entry_id'
        ' WHERE l."index" >= %s AND l."index" < %s'
    )
    values: list[Any] = [start, start, stop]
    for sign, moment in ((">=", since), ("<", until)):
        if moment is not None:
            text += f" AND e.at {sign} %s"
            values.append(moment if _is_postgres() else _moment(moment))
    if ref is not None:
        text += " AND e.object_kind = %s AND e.object_id = %s"
        values += ref
    with connection.cursor() as cursor:
        cursor.execute(f"{text} ORDER BY 1", values)
        return [row[0] for row in cursor.fetchall()]
