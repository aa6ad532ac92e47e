"""The writing side: one connection, one thread, one turn at a time between processes."""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from thanglong.stores.sqlite import driver
from thanglong.stores.sqlite.things import schema
from thanglong.stores.things.group import Request, ids_of
from thanglong.stores.things.names import Names
from thanglong.stores.things.states import ALIVE, PAST, Entity, alive_of, kept_stamps, stamps_of, types_of
from thanglong.stores.things.work import Work

Connection = Any


def connect(path: Path, *, readonly: bool = False) -> Connection:
    """A connection to the things file with the house's pragmas, autocommit, usable from any one thread at a time."""
    connection = driver.module().connect(str(path), timeout=20, isolation_level=None, check_same_thread=False)
    for statement in driver.pragmas().split(";"):
        connection.execute(statement)
    if readonly:
        # many threads read: the operating system's page cache serves them all, so each keeps little of its own
        connection.execute("PRAGMA cache_size=-2000")
        connection.execute("PRAGMA query_only=1")
    return connection


def create(path: Path) -> None:
    """Make the file and its tables when they do not exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Turn(path).taken():
        connection = connect(path)
        try:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                connection.executescript(f"BEGIN IMMEDIATE;{schema.SCHEMA}{schema.LATER}COMMIT;")
            elif connection.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()[0] < schema.VERSION:
                connection.executescript(f"BEGIN IMMEDIATE;{schema.LATER}COMMIT;")
        finally:
            connection.close()


class Turn:
    """Whose turn it is to write, between processes.

    SQLite's own busy wait sleeps and polls, so the process that just wrote usually wins again and another may starve.
    Here two file locks make a turnstile: who waits holds the first, so who has just written queues behind it.
    A killed process lets go of both.
    """

    def __init__(self, path: Path) -> None:
        self._files = [
            os.open(f"{path}.{name}", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600) for name in ("next", "turn")
        ]

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        following, turn = self._files
        fcntl.flock(following, fcntl.LOCK_EX)
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
        finally:
            fcntl.flock(following, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(turn, fcntl.LOCK_UN)

    def __del__(self) -> None:
        for file in self._files:
            with contextlib.suppress(OSError):
                os.close(file)


class Writer:
    """Commits a group of requests in one transaction."""

    def __init__(self, path: Path, names: Names) -> None:
        self._connection = connect(path)
        self._turn = Turn(path)
        self._names = names

    def close(self) -> None:
        self._connection.close()

    def _rows(self, sql: str, values: Sequence[Any]) -> list[Any]:
        found: list[Any] = self._connection.execute(sql, values).fetchall()
        return found

    def commit(self, requests: list[Request]) -> list[list[Any]]:
        """Apply and commit; each request's answer. Nothing is kept when it raises."""
        connection = self._connection
        new: list[str] = []
        with self._turn.taken():
            connection.execute("BEGIN IMMEDIATE")
            try:
                answers = self._apply(requests, new)
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(Exception):
                    connection.execute("ROLLBACK")
                self._names.forget(new)
                raise
        return answers

    def _apply(self, requests: list[Request], new: list[str]) -> list[list[Any]]:
        meta = dict(self._connection.execute("SELECT key, value FROM meta"))
        wanted = ids_of(requests)
        self._names.enter(self._rows, wanted, new)
        loaded = [entity for tenant, ids in wanted.items() for entity in self._load(tenant, ids)]
        work = Work(loaded, meta["seq"], meta["n"])
        answers = [work.apply(request) for request in requests]
        self._flush(work, new)
        return answers

    def _load(self, tenant: str, ids: list[str]) -> Iterator[Entity]:
        found = self._connection.execute(schema.LOAD, (orjson.dumps(ids).decode(), self._names[tenant]))
        for n, name, alive, created, modified, state, stamps in found:
            content = orjson.loads(state)
            seen = stamps_of(stamps, content, created, alive)
            yield Entity(
                n, name, types_of(content), content, seen, created, modified, alive == ALIVE, tenant, alive == PAST
            )

    def _flush(self, work: Work, new: list[str]) -> None:
        self._names.enter(self._rows, work.names(), new)
        names = self._names.known
        self._many(
            schema.SAVE, [(*row_of(e, names), text(e.state), text(kept_stamps(e))) for e in work.touched.values()]
        )
        self._flush_index(work, names)
        self._flush_kinds(work, names)
        self._many(schema.HISTORY, [(p[0], names[p[1]], names[p[2]], *p[3:]) for p in work.history])
        self._many("UPDATE meta SET value = ? WHERE key = ?", [(work.seq, "seq"), (work.n, "n")])

    def _many(self, sql: str, found: list[tuple[Any, ...]]) -> None:
        if found:
            self._connection.executemany(sql, found)

    def _flush_index(self, work: Work, names: Mapping[str, int]) -> None:
        tenant = {e.n: names[e.tenant] for e in work.touched.values()}
        gone = [(tenant[n], names[kind], names[key[0]], n, names[key[1]], key[2]) for n, kind, key in work.leaves_gone]
        self._many(schema.LEAF_GONE, gone)
        made = [
            (tenant[n], names[kind], names[leaf[0]], n, names[leaf[1]], *leaf[2:])
            for (n, kind, _), leaf in work.leaves_set.items()
        ]
        self._many(schema.LEAF_SET, made)
        self._many(schema.BOX_GONE, [(n << 20 | names[key],) for n, key in work.places_gone])
        self._many(schema.BOX_SET, [_box(n << 20 | names[key], place) for (n, key), place in work.places_set.items()])

    def _flush_kinds(self, work: Work, names: Mapping[str, int]) -> None:
        many = self._many
        many(schema.KIND_GONE, [(names[owner], names[kind], name) for owner, kind, name in work.kinds_gone])
        many(schema.KIND_SET, [(names[o], names[kind], name, n) for (o, kind, name), n in work.kinds_set.items()])
        many(schema.TALLY, [(names[o], names[kind], count) for (o, kind), count in work.tally.items() if count])
        many(schema.FORMER_GONE, [(names[owner], names[kind], name) for owner, kind, name in work.former_gone])
        many(schema.FORMER_SET, [(names[o], names[kind], name, n) for (o, kind, name), n in work.former_set.items()])


def row_of(e: Entity, names: Mapping[str, int]) -> tuple[Any, ...]:
    """The plain columns of an entity's row."""
    return e.n, names[e.tenant], alive_of(e), names[e.types[0]], e.id, e.created, e.modified


def _box(number: int, place: Any) -> tuple[Any, ...]:
    west, south, east, north, shape = place
    if shape is None:
        return number, west, east, south, north, west, south, None
    return number, west, east, south, north, None, None, text(shape)


def text(value: Any) -> str:
    """JSON text of a value."""
    return orjson.dumps(value).decode()
