"""A guard in the database itself: no two rows of one object may hold on the same day.

PostgreSQL could say this as an exclusion constraint, but needs an extension for it that not every server has; a trigger
says the same on both stores. Writers of one table come one after another (they hold its version row), so a trigger sees
every row that matters.
"""

from typing import Any

MESSAGE = "two states of one unit overlap in time"


def _clash(table: str, key: str, first: str, last: str) -> str:
    return (
        f"SELECT 1 FROM {table} o WHERE o.{key} = NEW.{key} AND o.id <> NEW.id "
        f"AND o.{first} <= COALESCE(NEW.{last}, '9999-12-31') AND NEW.{first} <= COALESCE(o.{last}, '9999-12-31')"
    )


def install(on: Any, table: str, *, key: str, first: str, last: str) -> None:
    """Refuse rows of ``table`` whose days from ``first`` to ``last`` (both included; null: open) overlap another's
    with the same ``key``."""
    clash = _clash(table, key, first, last)
    with on.cursor() as cursor:
        if on.vendor == "postgresql":
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {table}_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$ "
                f"BEGIN IF EXISTS ({clash}) THEN RAISE EXCEPTION '{table}: {MESSAGE}' USING ERRCODE = '23P01'; "
                "END IF; RETURN NEW; END $$"
            )
            cursor.execute(
                f"CREATE TRIGGER {table}_no_overlap AFTER INSERT OR UPDATE ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {table}_no_overlap()"
            )
            return
        for verb in ("insert", "update"):
            cursor.execute(
                f"CREATE TRIGGER {table}_no_overlap_{verb} AFTER {verb.upper()} ON {table} "
                f"WHEN EXISTS ({clash}) BEGIN SELECT RAISE(ABORT, '{table}: {MESSAGE}'); END"
            )


def remove(on: Any, table: str) -> None:
    """Take the guard down."""
    with on.cursor() as cursor:
        if on.vendor == "postgresql":
            cursor.execute(f"DROP FUNCTION IF EXISTS {table}_no_overlap() CASCADE")
            return
        for verb in ("insert", "update"):
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_overlap_{verb}")
