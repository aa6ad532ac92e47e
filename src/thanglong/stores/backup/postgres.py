"""A PostgreSQL database as files: every table as COPY text out of one snapshot, and back into an empty database.

Needs nothing but the driver: no ``pg_dump`` of the server's version, no right beyond the platform's own account. The
tables are made by the platform's own migrations before the rows come in, so a backup also moves to another version of
PostgreSQL. For point-in-time recovery of a large installation use the server's own base backups beside it.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from thanglong.stores.backup.pool import Advance, nothing

NotAllowed = psycopg.errors.InsufficientPrivilege
TABLES = """
SELECT n.nspname, c.relname, pg_total_relation_size(c.oid), array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
GROUP BY n.nspname, c.relname, c.oid ORDER BY n.nspname, c.relname"""
SEQUENCES = """
SELECT schemaname::text, sequencename::text, last_value FROM pg_sequences
WHERE last_value IS NOT NULL AND schemaname NOT LIKE 'pg\\_%' ORDER BY 1, 2"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: where it lies, its columns in order, and its size on disk in bytes."""

    schema: str
    name: str
    size: int
    columns: Sequence[str]

    @property
    def file(self) -> str:
        return f"{self.schema}.{self.name}.copy"

    def within(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)


class Snapshot:
    """One moment of a whole database."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.version = connection.info.server_version
        self.tables = [Table(*row) for row in connection.execute(TABLES).fetchall()]
        found = connection.execute(SEQUENCES).fetchall()
        self.sequences = {f"{schema}.{name}": value for schema, name, value in found}

    def dump(self, table: Table, target: Path | None, advance: Advance = nothing) -> tuple[str, int, int]:
        """Write a table's rows to a file (None: only digest them); digest, bytes and rows."""
        total, size, rows = hashlib.sha256(), 0, 0
        columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
        statement = sql.SQL("COPY {} ({}) TO STDOUT").format(table.within(), columns)
        out = target.open("xb") if target else None
        try:
            with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
                for block in copy:
                    total.update(block)
                    size += len(block)
                    rows += bytes(block).count(b"\n")
                    advance(len(block))
                    if out:
                        out.write(block)
            if out:
                out.flush()
                os.fsync(out.fileno())
        finally:
            if out:
                out.close()
        return total.hexdigest(), size, rows


@contextmanager
def snapshot(uri: str) -> Iterator[Snapshot]:
    """A snapshot of the database at ``uri``; writers go on beside it."""
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("SET search_path = pg_catalog")
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield Snapshot(connection)
        connection.execute("ROLLBACK")


def is_empty(uri: str) -> bool:
    """Whether a database holds no table of anybody."""
    with psycopg.connect(uri) as connection:
        return not connection.execute(TABLES).fetchall()


def load(uri: str, tables: Sequence[Table], folder: Path, sequences: Mapping[str, int], advance: Advance) -> None:
    """Fill tables that the migrations made, in one transaction: all of it or nothing.

    What the migrations themselves entered is taken out first. Guards and notes stand still meanwhile; links between
    tables are checked by the database when all rows are in.
    """
    with psycopg.connect(uri) as connection:
        connection.execute("SET search_path = pg_catalog")
        connection.execute("SET CONSTRAINTS ALL DEFERRED")
        there = [Table(*row) for row in connection.execute(TABLES).fetchall()]
        for table in there:
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(table.within()))
        every = sql.SQL(", ").join(table.within() for table in there)
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(every))
        for table in tables:
            columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table.within(), columns)
            with (
                connection.cursor() as cursor,
                cursor.copy(statement) as copy,
                (folder / table.file).open("rb") as rows,
            ):
                while block := rows.read(1 << 18):
                    copy.write(block)
                    advance(len(block))
        for name, value in sequences.items():
            schema, _, sequence = name.partition(".")
            target = sql.Identifier(schema, sequence).as_string(connection)
            connection.execute("SELECT setval(%s::regclass, %s)", (target, value))
        # the deferred checks of links come before a table may be altered again
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in there:
            connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(table.within()))


def wipe(uri: str) -> None:
    """Remove every table of the platform's account, so that a backup can come back in their place."""
    with psycopg.connect(uri) as connection:
        for table in [Table(*row) for row in connection.execute(TABLES).fetchall()]:
            connection.execute(sql.SQL("DROP TABLE {} CASCADE").format(table.within()))


def total_size() -> dict[str, int]:
    """Bytes of the tables: those of the schema ``things``, and all others."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN n.nspname = 'things' THEN 'things' ELSE 'database' END, "
            "sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' GROUP BY 1"
        )
        return dict(cursor.fetchall())


@contextmanager
def scratch(uri: str, name: str) -> Iterator[str]:
    """An empty database of that name on the same server for a while; psycopg's error when the account may not."""
    parts = psycopg.conninfo.conninfo_to_dict(uri)
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    try:
        yield url({**parts, "dbname": name})
    finally:
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def url(parts: Mapping[str, Any]) -> str:
    """A URL of connection parameters, as ``THANGLONG_DATABASE`` wants it."""
    from urllib.parse import quote

    user = quote(str(parts.get("user", "")), safe="")
    password = f":{quote(str(parts['password']), safe='')}" if parts.get("password") else ""
    host, port = str(parts.get("host", "")), parts.get("port")
    name = quote(str(parts["dbname"]), safe="")
    if host.startswith("/"):
        return f"postgresql://{user}{password}@/{name}?host={quote(host, safe='')}" + (f"&port={port}" if port else "")
    return f"postgresql://{user}{password}@{host}{f':{port}' if port else ''}/{name}"


__all__ = ["NotAllowed", "Snapshot", "Table", "is_empty", "load", "scratch", "snapshot", "total_size", "url", "wipe"]
