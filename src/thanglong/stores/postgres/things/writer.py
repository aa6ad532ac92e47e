"""The writing side: one connection and one thread a process; an advisory lock makes commits follow the sequence.

Readers of the log ask for what is past a number. Were two transactions to commit in another order than they were
numbered, a reader could pass over the later one for ever; the lock rules that out. Group commit keeps it cheap.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import psycopg

from thanglong.kit.errors import Unavailable
from thanglong.stores.postgres.things import schema
from thanglong.stores.things.group import Request, ids_of
from thanglong.stores.things.names import Names
from thanglong.stores.things.states import ALIVE, PAST, Entity, alive_of, kept_stamps, stamps_of, types_of
from thanglong.stores.things.work import Work

LOCK = 0x7468616E676C6F
CHANNEL = "thanglong_things"


def translate(sql: str) -> str:
    """The shared SQL with this driver's placeholders."""
    return sql.replace("?", "%s")


def text(value: Any) -> str:
    """JSON text of a value."""
    return orjson.dumps(value).decode()


class Writer:
    """Commits a group of requests in one transaction."""

    def __init__(self, uri: str, names: Names) -> None:
        self._uri = uri
        self._names = names
        self._connection: psycopg.Connection[Any] | None = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._uri, options="-c search_path=things")
        return self._connection

    def commit(self, requests: list[Request]) -> list[list[Any]]:
        """Apply and commit; each request's answer. Unavailable when the database is away."""
        new: list[str] = []
        try:
            connection = self._connected()
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
                return self._apply(requests, new)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self._names.forget(new)
            with contextlib.suppress(Exception):
                self.close()
            self._connection = None
            raise Unavailable from error
        except BaseException:
            self._names.forget(new)
            raise

    def _rows(self, sql: str, values: Sequence[Any]) -> list[Any]:
        return self._connected().execute(translate(sql), values).fetchall()

    def _apply(self, requests: list[Request], new: list[str]) -> list[list[Any]]:
        meta = dict(self._rows("SELECT key, value FROM meta", ()))
        wanted = ids_of(requests)
        self._names.enter(self._rows, wanted, new)
        loaded = [entity for tenant, ids in wanted.items() for entity in self._load(tenant, ids)]
        work = Work(loaded, meta["seq"], meta["n"])
        answers = [work.apply(request) for request in requests]
        self._flush(work, new)
        return answers

    def _load(self, tenant: str, ids: list[str]) -> Iterator[Entity]:
        found = self._connected().execute(schema.LOAD, (self._names[tenant], ids))
        for n, name, alive, created, modified, state, stamps in found:
            content = orjson.loads(state)
            seen = stamps_of(stamps, content, created, alive)
            yield Entity(
                n, name, types_of(content), content, seen, created, modified, alive == ALIVE, tenant, alive == PAST
            )

    def _flush(self, work: Work, new: list[str]) -> None:
        self._names.enter(self._rows, work.names(), new)
        self._flush_states(work)
        self._flush_index(work)
        self._flush_log(work)

    def _many(self, sql: str, found: list[tuple[Any, ...]]) -> None:
        """One statement for many rows, which travel as one array a column."""
        if found:
            self._connected().execute(sql, [list(column) for column in zip(*found, strict=True)])

    def _flush_states(self, work: Work) -> None:
        names = self._names
        saved: list[tuple[Any, ...]] = []
        for e in work.touched.values():
            head = (e.n, names[e.tenant], alive_of(e), names[e.types[0]], e.id, e.created, e.modified)
            saved.append((*head, text(e.state), text(kept_stamps(e))))
        self._many(schema.SAVE, saved)
        self._many(schema.KIND_GONE, [(names[owner], names[kind], name) for owner, kind, name in work.kinds_gone])
        made = [(names[owner], names[kind], name, n) for (owner, kind, name), n in work.kinds_set.items()]
        self._many(schema.KIND_SET, made)
        self._many(schema.FORMER_GONE, [(names[owner], names[kind], name) for owner, kind, name in work.former_gone])
        past = [(names[owner], names[kind], name, n) for (owner, kind, name), n in work.former_set.items()]
        self._many(schema.FORMER_SET, past)
        counts = [(names[owner], names[kind], count) for (owner, kind), count in work.tally.items() if count]
        self._many(schema.TALLY, counts)

    def _flush_index(self, work: Work) -> None:
        names = self._names
        tenant = {e.n: names[e.tenant] for e in work.touched.values()}
        gone = [(tenant[n], names[kind], names[key[0]], n, names[key[1]], key[2]) for n, kind, key in work.leaves_gone]
        self._many(schema.LEAF_GONE, gone)
        made: list[tuple[Any, ...]] = []
        for (n, kind, _), leaf in work.leaves_set.items():
            key = (tenant[n], names[kind], names[leaf.path], n, names[leaf.dataset], leaf.ordinal)
            made.append((*key, _double(leaf.number), leaf.text, leaf.time, leaf.ref))
        self._many(schema.LEAF_SET, made)
        self._many(schema.PLACE_GONE, [(n, names[key]) for n, key in work.places_gone])
        placed = [_place(n, names[key], place) for (n, key), place in work.places_set.items()]
        self._many(schema.PLACE_SET, placed)

    def _flush_log(self, work: Work) -> None:
        names = self._names
        with self._connected().cursor() as cursor, cursor.copy(schema.HISTORY) as copy:
            for p in work.history:
                key = (p.seq, names[p.attribute], names[p.dataset], p.n, p.at, p.moment)
                copy.write_row((*key, int(p.observed), p.op, p.number, p.value))
        self._many(schema.COUNTERS, [("seq", work.seq), ("n", work.n)])
        if work.history:
            self._connected().execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(work.seq)))


def _double(number: float | None) -> float | None:
    return None if number is None else float(number)


def _place(n: int, attribute: int, place: Any) -> tuple[Any, ...]:
    west, south, east, north, shape = place
    if shape is None:
        return n, attribute, west, south, None, west, south, east, north
    return n, attribute, None, None, text(shape), west, south, east, north
