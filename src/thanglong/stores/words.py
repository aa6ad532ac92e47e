"""The word index of cases: which cases hold all of some words, newest first, within some units.

SQLite keeps it as an FTS5 table without content, PostgreSQL as a GIN index over ``to_tsvector``; both are kept by the
database itself (triggers, an expression index), so that no way of writing can forget it. A case is known by its
``opening``, a number that ascends with time. The unit stands among the words as ``u`` and its identifier, so that the
reach of the asker is part of the same look-up.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

TABLE = "cases_words"
_TEXT = "to_tsvector('simple'::regconfig, search || ' u' || replace(unit::text, '-', ''))"
_TRIGGERS = {
    "cases_words_added": (
        "AFTER INSERT ON cases_case WHEN NEW.opening IS NOT NULL "
        "BEGIN INSERT INTO cases_words(rowid, text) VALUES (NEW.opening, NEW.search || ' u' || NEW.unit); END"
    ),
    "cases_words_changed": (
        "AFTER UPDATE OF search, unit ON cases_case "
        "WHEN NEW.opening IS NOT NULL AND (NEW.unit <> OLD.unit OR NEW.search <> OLD.search) BEGIN "
        "INSERT INTO cases_words(cases_words, rowid, text) "
        "VALUES ('delete', OLD.opening, OLD.search || ' u' || OLD.unit); "
        "INSERT INTO cases_words(rowid, text) VALUES (NEW.opening, NEW.search || ' u' || NEW.unit); END"
    ),
    "cases_words_gone": (
        "AFTER DELETE ON cases_case WHEN OLD.opening IS NOT NULL BEGIN "
        "INSERT INTO cases_words(cases_words, rowid, text) "
        "VALUES ('delete', OLD.opening, OLD.search || ' u' || OLD.unit); END"
    ),
}


def install(on: Any = connection) -> None:
    """Make the index of the cases that are there, and keep it from now on. Idempotent; run by a migration."""
    with on.cursor() as cursor:
        if on.vendor == "postgresql":
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {TABLE} ON cases_case USING gin ({_TEXT})")
            return
        cursor.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {TABLE} USING fts5(text, content='', detail='none', columnsize=0, "
            "tokenize='unicode61 remove_diacritics 2')"
        )
        for name, text in _TRIGGERS.items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            cursor.execute(f"CREATE TRIGGER {name} {text}")
    rebuild(on)


def rebuild(on: Any = connection) -> None:
    """Make the index anew from the cases (``doctor``'s repair); PostgreSQL's keeps itself."""
    with on.cursor() as cursor:
        if on.vendor == "postgresql":
            cursor.execute(f"REINDEX INDEX {TABLE}")
            return
        cursor.execute(f"INSERT INTO {TABLE}({TABLE}) VALUES ('delete-all')")
        cursor.execute(
            f"INSERT INTO {TABLE}(rowid, text) SELECT opening, search || ' u' || unit FROM cases_case "
            "WHERE opening IS NOT NULL"
        )


def remove(on: Any = connection) -> None:
    """Take the index away (rolling the migration back)."""
    with on.cursor() as cursor:
        if on.vendor == "postgresql":
            cursor.execute(f"DROP INDEX IF EXISTS {TABLE}")
            return
        for name in _TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")


def newest(words: Sequence[str], units: Iterable[UUID] | None, limit: int) -> list[int]:
    """The openings of the newest cases that hold every word, or a word that begins with it, in one of the units.

    ``words`` are folded and hold letters and digits only; ``units`` None means everywhere.
    """
    if not words:
        return []
    within = None if units is None else sorted(unit.hex for unit in units)
    if within == []:
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            query = " & ".join(f"{word}:*" for word in words)
            if within is not None:
                query += " & (" + " | ".join(f"u{key}" for key in within) + ")"
            cursor.execute(
                f"WITH found AS MATERIALIZED (SELECT opening FROM cases_case WHERE {_TEXT} @@ "
                "to_tsquery('simple'::regconfig, %s) AND opening IS NOT NULL) "
                "SELECT opening FROM found ORDER BY opening DESC LIMIT %s",
                [query, limit],
            )
        else:
            query = " AND ".join(f'"{word}"*' for word in words)
            if within is not None:
                query += " AND (" + " OR ".join(f'"u{key}"' for key in within) + ")"
            cursor.execute(
                f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s ORDER BY rowid DESC LIMIT %s", [query, limit]
            )
        return [int(row[0]) for row in cursor.fetchall()]
