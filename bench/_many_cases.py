"""Very many cases from a few: each of some cases that the service loaded is written many times, by the database alone.

A million cases through the service's own bulk load take a quarter of an hour of CPU; this takes a fraction of it. Each
copy has its own id, number, reporter, events and ledger entries; moments, words and deadlines are those of its pattern.
In the ledger the object and the number of a copy are its own, the digests of its states are its pattern's, and the
entries are not in the tree: the copies are there to be worked over, not to be proven. :func:`check` compares copies
with what the service makes of the same history.
"""

import random
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any

TABLES = ("ledger_entry", "cases_case", "cases_reporter", "cases_event")
OWN = {  # what belongs to one copy alone
    "cases_case": {"id", "number", "search", "ledger_entry", "opening"},
    "cases_reporter": {"case_id", "secret"},
    "cases_event": {"seq", "case_id", "params", "ledger_entry"},
}

# how the tables are filled: not durable, for what breaks off halfway is made anew
LOADING = {
    True: (
        "SET maintenance_work_mem = '512MB'", "SET synchronous_commit = off", "SET session_replication_role = replica",
    ),
    False: (
        "PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA foreign_keys = OFF",
        "PRAGMA cache_size = -400000",
    ),
}  # fmt: skip


class Dialect:
    """How the two databases say the same."""

    def __init__(self, vendor: str) -> None:
        self.postgres = vendor == "postgresql"

    def key(self, column: str) -> str:
        """The id of copy ``n.r`` of the case with this id: its last four digits are the copy's number."""
        if self.postgres:
            return f"(substr({column}::text, 1, 32) || lpad(to_hex(n.r), 4, '0'))::uuid"
        return f"substr({column}, 1, 28) || printf('%04x', n.r)"

    def dashed(self, column: str) -> str:
        """The same of an id that is kept as text with dashes."""
        digits = "lpad(to_hex(n.r), 4, '0')" if self.postgres else "printf('%04x', n.r)"
        return f"substr({column}, 1, 32) || {digits}"

    def digits(self, number: str) -> str:
        """The last six digits of the copy's number."""
        value = f"(CAST(substr({number}, -6) AS integer) - 1) * :copies + n.r + 1"
        if self.postgres:
            return f"lpad(((CAST(right({number}, 6) AS integer) - 1) * :copies + n.r + 1)::text, 6, '0')"
        return f"printf('%06d', {value})"

    def number(self, column: str) -> str:
        return f"substr({column}, 1, length({column}) - 6) || {self.digits(column)}"

    def numbers(self) -> str:
        if self.postgres:
            return "(SELECT generate_series(0, :copies - 1) AS r) n"
        return (
            "(WITH RECURSIVE n(r) AS (SELECT 0 UNION ALL SELECT r + 1 FROM n WHERE r + 1 < :copies) SELECT r FROM n) n"
        )


def _changed(say: Dialect) -> dict[str, dict[str, str]]:
    """Per table the columns of a copy that differ from its pattern's."""
    text = "::text" if say.postgres else ""
    back = "::jsonb" if say.postgres else ""
    entry = "(b.{} - 1) * :copies + n.r + 1"
    old = "right(c.number, 6)" if say.postgres else "substr(c.number, -6)"
    return {
        "ledger_entry": {
            "id": entry.format("id"), "object_id": say.dashed("b.object_id"),
            "body": f"replace(replace(b.body, b.object_id, {say.dashed('b.object_id')}), c.number,"
            f" {say.number('c.number')})",
        },
        "cases_case": {
            "id": say.key("b.id"), "number": say.number("b.number"),
            "search": f"replace(b.search, {old}, {say.digits('c.number')})",
            "ledger_entry": entry.format("ledger_entry"), "opening": entry.format("opening"),
        },
        "cases_reporter": {
            "case_id": say.key("b.case_id"), "secret": f"substr(b.secret, 1, 18) || {say.digits('c.number')}"
        },
        "cases_event": {
            "seq": entry.format("seq"), "case_id": say.key("b.case_id"), "ledger_entry": entry.format("ledger_entry"),
            "params": f"replace(b.params{text}, c.number, {say.number('c.number')}){back}",
        },
    }  # fmt: skip


JOINED = {
    "ledger_entry": "JOIN pattern_cases_case c ON c.dashed = b.object_id",
    "cases_case": "JOIN pattern_cases_case c ON c.id = b.id",
    "cases_reporter": "JOIN pattern_cases_case c ON c.id = b.case_id",
    "cases_event": "JOIN pattern_cases_case c ON c.id = b.case_id",
}
ORDER = {"ledger_entry": "b.id", "cases_case": "b.opening", "cases_reporter": "c.opening", "cases_event": "b.seq"}


@contextmanager
def _bare(cursor: Any, postgres: bool) -> Any:
    """The tables without what is made anew in one go afterwards: indexes and triggers."""
    from thanglong.stores import guards, words

    guards.remove()
    words.remove()
    if postgres:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes i WHERE tablename = ANY(%s) AND schemaname = current_schema() "
            "AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = i.indexname)",
            [list(TABLES)],
        )
    else:
        marks = ", ".join(["%s"] * len(TABLES))
        cursor.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({marks})",
            TABLES,
        )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    for _, text in found:
        cursor.execute(text)
    words.install()
    guards.install()


def multiply(copies: int, tell: Callable[[str], None]) -> None:
    """Put ``copies`` of every case in the place of the cases that are there."""
    from django.db import connection

    say = Dialect(connection.vendor)
    changed = _changed(say)
    with connection.cursor() as cursor:
        for text in LOADING[say.postgres]:
            cursor.execute(text)
        with _bare(cursor, say.postgres):
            _set_aside(cursor, say)
            for table in TABLES:
                columns = _columns(cursor, table)
                values = ", ".join(changed[table].get(name, f'b."{name}"') for name in columns)
                names = ", ".join(f'"{name}"' for name in columns)
                text = (
                    f"INSERT INTO {table} ({names}) SELECT {values} FROM pattern_{table} b {JOINED[table]} "
                    f"CROSS JOIN {say.numbers()} ORDER BY {ORDER[table]}, n.r"
                )
                # Django's SQLite speaks %s, so a percent sign that is meant doubles
                cursor.execute(text.replace("%", "%%").replace(":copies", str(copies)), [])
                tell(f"{table}: written")
            cursor.execute(f"UPDATE cases_counter SET next = next * {copies}")
            _restart(cursor, say)
            for table in TABLES:
                cursor.execute(f"DROP TABLE pattern_{table}")
        tell("indexes and words: made anew")
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if say.postgres else "PRAGMA optimize")


def _columns(cursor: Any, table: str) -> list[str]:
    cursor.execute(f"SELECT * FROM {table} LIMIT 0")
    return [item[0] for item in cursor.description]


def _set_aside(cursor: Any, say: Dialect) -> None:
    """The patterns into tables of their own, and the true tables empty of them."""
    for table in TABLES:
        cursor.execute(
            f"CREATE TABLE pattern_{table} AS SELECT * FROM {table}"
            + (" WHERE object_kind = 'case'" if table == "ledger_entry" else "")
        )
    dashed = "id::text" if say.postgres else (
        "substr(id,1,8)||'-'||substr(id,9,4)||'-'||substr(id,13,4)||'-'||substr(id,17,4)||'-'||substr(id,21)"
    )  # fmt: skip
    cursor.execute("ALTER TABLE pattern_cases_case ADD COLUMN dashed text")
    cursor.execute(f"UPDATE pattern_cases_case SET dashed = {dashed}")
    cursor.execute("CREATE INDEX pattern_dashed ON pattern_cases_case (dashed)")
    cursor.execute("CREATE INDEX pattern_id ON pattern_cases_case (id)")
    for table in ("cases_event", "cases_reporter", "cases_case"):
        cursor.execute(f"DELETE FROM {table}")
    cursor.execute("DELETE FROM ledger_entry WHERE object_kind = 'case'")
    cursor.execute("DELETE FROM ledger_pending")


def _restart(cursor: Any, say: Dialect) -> None:
    """New rows are numbered after the last copy."""
    if say.postgres:
        for table, column in (("ledger_entry", "id"), ("cases_event", "seq")):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), (SELECT max({column}) FROM {table}))"
            )


def check(again: Callable[[Any], Sequence[Any]], sample: int = 40) -> int:
    """Compare copies with what the service makes of the same history; how many were compared.

    ``again`` loads the history of a case anew through the service. Everything it writes is rolled back.
    """
    from django.db import transaction

    from thanglong.core.cases import models

    numbers = list(models.Case.objects.order_by("id").values_list("id", flat=True)[: sample * 400])
    for key in random.Random(7).sample(numbers, sample):
        with transaction.atomic():
            copy = models.Case.objects.get(pk=key)
            (made,) = again(copy)
            assert _told(copy.id) == _told(made.id), f"{copy.number} differs from what the service writes"
            transaction.set_rollback(True)
    return sample


def _told(case_id: Any) -> list[Any]:
    """All that is kept of a case but what belongs to it alone."""
    from thanglong.core.cases import models
    from thanglong.core.ledger import service as ledger
    from thanglong.core.ledger.types import ObjectRef

    found: list[Any] = []
    for name, rows in (
        ("cases_case", models.Case.objects.filter(pk=case_id)),
        ("cases_reporter", models.Reporter.objects.filter(pk=case_id)),
        ("cases_event", models.Event.objects.filter(case_id=case_id).order_by("seq")),
    ):
        for row in rows.values():
            found.append({key: value for key, value in row.items() if key not in OWN[name]})
            assert name != "cases_case" or row["search"].split()[2] == row["number"][-6:]
            assert name != "cases_event" or row["params"]["number"] == _number(case_id)
    entries = ledger.entries(ObjectRef("case", str(case_id)))
    assert [entry.facts["number"] for entry in entries] == [_number(case_id)] * len(entries)
    return [*found, *[(entry.verb, entry.at, entry.unit, sorted(entry.facts)) for entry in entries]]


def _number(case_id: Any) -> str:
    from thanglong.core.cases import models

    return str(models.Case.objects.values_list("number", flat=True).get(pk=case_id))
