"""Guards in the database itself: tables whose rows may be added but never changed or removed.

A trigger refuses UPDATE and DELETE (on PostgreSQL also TRUNCATE), whoever asks. That stops mistakes and careless
intruders; a database owner can drop a trigger, and against that stand the Merkle proofs and the witnesses of the
ledger, not the guard. :func:`missing` tells whether a guard is gone.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

TEXT = "rows of this table are never changed or removed"
# Tables under guard, and tables whose new rows are noted in another one. Each module calls `install` in a migration of
# its own once its tables exist; tables that do not exist yet are passed over.
LEDGER = ("ledger_entry", "ledger_leaf", "ledger_node", "ledger_head", "ledger_tree", "ledger_stamp")
APPEND_ONLY = (*LEDGER, "cases_event")
NOTED = {"ledger_entry": ("ledger_pending", "entry_id")}


def _sqlite(table: str) -> dict[str, str]:
    return {
        f"{table}_no_{verb}": (
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table}: {TEXT}'); END"
        )
        for verb in ("update", "delete")
    }


def _sqlite_note(table: str, target: str, column: str) -> dict[str, str]:
    return {
        f"{table}_noted": (
            f"CREATE TRIGGER {table}_noted AFTER INSERT ON {table} "
            f"BEGIN INSERT INTO {target} ({column}) VALUES (NEW.id); END"
        )
    }


def _postgres(table: str) -> dict[str, str]:
    return {
        f"{table}_no_change": (
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION thanglong_append_only()"
        ),
        f"{table}_no_truncate": (
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION thanglong_append_only()"
        ),
    }


def _postgres_note(table: str, target: str, column: str) -> dict[str, str]:
    return {
        f"{table}_noted": (
            f"CREATE TRIGGER {table}_noted AFTER INSERT ON {table} REFERENCING NEW TABLE AS made "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_note()"
        )
    }


def _functions() -> list[str]:
    guard = (
        "CREATE OR REPLACE FUNCTION thanglong_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '%: {TEXT}', TG_TABLE_NAME; END $$"
    )
    notes = [
        f"CREATE OR REPLACE FUNCTION {table}_note() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN INSERT INTO {target} ({column}) SELECT id FROM made; RETURN NULL; END $$"
        for table, (target, column) in NOTED.items()
    ]
    return [guard, *notes]


def _wanted(on: Any) -> dict[str, tuple[str, str]]:
    """Every trigger by name: the table it stands on and the statement that makes it."""
    guard, note = (_postgres, _postgres_note) if on.vendor == "postgresql" else (_sqlite, _sqlite_note)
    tables = set(on.introspection.table_names())
    wanted = {name: (table, text) for table in APPEND_ONLY if table in tables for name, text in guard(table).items()}
    for table, (target, column) in NOTED.items():
        if table in tables:
            wanted.update({name: (table, text) for name, text in note(table, target, column).items()})
    return wanted


def _present(on: Any) -> set[str]:
    with on.cursor() as cursor:
        if on.vendor == "postgresql":
            cursor.execute(
                "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND c.relnamespace = current_schema()::regnamespace"
            )
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        return {row[0] for row in cursor.fetchall()}


def every(on: Any = connection) -> list[str]:
    """Names of all guards that ought to stand."""
    return sorted(_wanted(on))


def install(on: Any = connection) -> None:
    """Put up every guard that is missing. Idempotent; run by migrations and by ``doctor``'s repair."""
    present = _present(on)
    with on.cursor() as cursor:
        if on.vendor == "postgresql":
            for text in _functions():
                cursor.execute(text)
        for name, (_, text) in _wanted(on).items():
            if name not in present:
                cursor.execute(text)


def remove(on: Any = connection, *, names: Iterable[str] | None = None) -> None:
    """Take guards down (tests that flush tables, and rolling the migration back)."""
    wanted = _wanted(on)
    present = _present(on)
    with on.cursor() as cursor:
        for name in wanted if names is None else names:
            if name in present:
                table = wanted[name][0]
                cursor.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if on.vendor == "postgresql" else ""))


def missing(on: Any = connection) -> list[str]:
    """Names of guards that should stand and do not; empty when all is well."""
    return sorted(set(_wanted(on)) - _present(on))


@contextmanager
def relaxed(on: Any = connection) -> Iterator[None]:
    """Run a block with the guards down: only for tests, which empty whole tables between them."""
    on.ensure_connection()
    standing = bool(_present(on) & set(_wanted(on)))
    if standing:
        remove(on)
    try:
        yield
    finally:
        if standing:
            install(on)
