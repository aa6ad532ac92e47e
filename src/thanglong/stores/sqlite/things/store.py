"""The store itself: writes go to the group writer, reads run on a connection of the asking thread."""

import hashlib
import re
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson

from thanglong.kit import clock
from thanglong.kit.ports import Change, Sample, ThingQuery, WriteMode, Written
from thanglong.stores.sqlite.things.writer import Connection, Names, Writer, connect, create
from thanglong.stores.things import rows
from thanglong.stores.things.finder import Finder
from thanglong.stores.things.group import CHUNK, Group
from thanglong.stores.things.log import changes_of, sample_of
from thanglong.stores.things.space import Bounds
from thanglong.stores.things.terms import Sql, marks
from thanglong.stores.things.work import Delete, Write, at_of, prepare

POLL = 0.01
"""Seconds between looks at the file for another process's commit."""


class SqliteThings:
    """``kit.ports.ThingsStore`` in the SQLite file ``path``; ``tenant`` keeps cities apart in one file."""

    def __init__(self, path: Path, tenant: str = "") -> None:
        self._path = path
        self._tenant = tenant
        create(path)
        self._names = Names()
        self._local = threading.local()
        self._readers: list[Connection] = []
        self._guard = threading.Lock()
        self._writer: Writer | None = None
        self._group: Group | None = None

    # -- writing

    def submit(self, request: Write | Delete) -> "Future[list[Any]]":
        """Queue a request for the next group; the future is done when it is on disk."""
        with self._guard:
            if self._group is None:
                self._writer = Writer(self._path, self._tenant, self._names)
                self._group = Group("things-writer", self._writer.commit)
        return self._group.submit(request)

    def write(self, entities: Sequence[Mapping[str, Any]], *, mode: WriteMode, at: datetime) -> list[Written]:
        prepare(entities)
        moment = at_of(at)
        waiting = [self.submit(Write(entities[i : i + CHUNK], mode, moment)) for i in range(0, len(entities), CHUNK)]
        return [answer for part in waiting for answer in part.result()]

    def delete(self, ids: Sequence[str], *, at: datetime) -> list[bool]:
        moment = at_of(at)
        waiting = [self.submit(Delete(ids[i : i + CHUNK], moment)) for i in range(0, len(ids), CHUNK)]
        return [answer for part in waiting for answer in part.result()]

    # -- reading

    def _reader(self) -> Connection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect(self._path, readonly=True)
            connection.create_function("regexp", 2, _regexp, deterministic=True)
            self._local.connection = connection
            with self._guard:
                self._readers.append(connection)
        return connection

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        found: list[Any] = self._reader().execute(sql, values).fetchall()
        return found

    def _tenant_id(self) -> int | None:
        return self._names.id(self._reader(), self._tenant)

    def raw(self, ids: Sequence[str]) -> dict[str, bytes]:
        if len(ids) == 1:
            sql = "SELECT id, state FROM entity WHERE tenant = ? AND id = ? AND alive = 1"
            found = self._rows(sql, (self._tenant_id(), ids[0]))
        else:
            sql = (
                "SELECT e.id, e.state FROM json_each(?) j CROSS JOIN entity e "
                "ON e.tenant = ? AND e.id = j.value AND e.alive = 1"
            )
            found = self._rows(sql, (orjson.dumps(list(ids)).decode(), self._tenant_id()))
        return {name: state.encode() for name, state in found}

    def get(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {name: orjson.loads(state) for name, state in self.raw(ids).items()}

    def stamps(self, ids: Sequence[str]) -> dict[str, dict[str, tuple[datetime, datetime]]]:
        sql = (
            "SELECT e.id, e.created, e.modified, e.stamps FROM json_each(?) j CROSS JOIN entity e "
            "ON e.tenant = ? AND e.id = j.value AND e.alive = 1"
        )
        return {
            name: {
                key: (rows.moment(made), rows.moment(changed))
                for key, (made, changed) in {"": (created, modified), **orjson.loads(stamps)}.items()
            }
            for name, created, modified, stamps in self._rows(
                sql, (orjson.dumps(list(ids)).decode(), self._tenant_id())
            )
        }

    def _finder(self, query: ThingQuery) -> "SqliteFinder":
        return SqliteFinder(query, self._tenant_id(), self._reader(), self._names)

    def find(self, query: ThingQuery) -> list[bytes]:
        return [state.encode() for state in self._finder(query).find()]

    def query(self, query: ThingQuery) -> list[dict[str, Any]]:
        return [orjson.loads(state) for state in self._finder(query).find()]

    def count(self, query: ThingQuery) -> int:
        return self._finder(query).count()

    def types(self) -> dict[str, int]:
        sql = (
            "SELECT n.text, t.count FROM tally t JOIN name n ON n.id = t.type "
            "WHERE t.tenant = ? AND t.count > 0 ORDER BY n.text"
        )
        return dict(self._rows(sql, (self._tenant_id(),)))

    def attributes(self, type: str) -> list[str]:
        # a loose scan: jump from one attribute of the type to the next instead of reading all its rows
        sql = """
            WITH RECURSIVE jump(attr) AS (
              SELECT min(attr) FROM attribute WHERE tenant = :tenant AND type = :type
              UNION ALL SELECT (SELECT min(a.attr) FROM attribute a WHERE a.tenant = :tenant AND a.type = :type
                AND a.attr > jump.attr) FROM jump WHERE jump.attr IS NOT NULL)
            SELECT n.text FROM jump JOIN name n ON n.id = jump.attr ORDER BY n.text"""
        found: dict[str, Any] = {"tenant": self._tenant_id(), "type": self._names.id(self._reader(), type)}
        return [name for (name,) in self._reader().execute(sql, found) if "[" not in name and "." not in name]

    def history(
        self,
        entity: str,
        attribute: str,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 10_000,
        *,
        newest: bool = False,
    ) -> list[Sample]:
        number = self._names.id(self._reader(), attribute)
        if number is None:
            return []
        sql = (
            "SELECT h.at, h.observed, h.moment, h.value FROM history h "
            "WHERE h.attr = ? AND h.moment >= ? AND h.moment < ? "
            "AND h.n = (SELECT n FROM entity WHERE tenant = ? AND id = ?) "
            f"ORDER BY h.moment {'DESC' if newest else 'ASC'}, h.seq {'DESC' if newest else 'ASC'} LIMIT ?"
        )
        low, high = (rows.micros(since) if since else -(2**62)), (rows.micros(until) if until else 2**62)
        found = [sample_of(*row) for row in self._rows(sql, (number, low, high, self._tenant_id(), entity, limit))]
        return found[::-1] if newest else found

    # -- the log

    def changes(self, after: int, limit: int = 1000, types: Sequence[str] = ()) -> list[Change]:
        connection = self._reader()
        wanted = [number for kind in types if (number := self._names.id(connection, kind)) is not None]
        if types and not wanted:
            return []
        narrow = f"AND e.type IN ({marks(wanted)}) " if wanted else ""
        sql = (
            "SELECT h.seq, h.at, e.id, e.type, h.attr, h.op, h.value FROM history h CROSS JOIN entity e ON e.n = h.n "
            f"WHERE h.seq > ? AND e.tenant = ? {narrow}ORDER BY h.seq"
        )
        found: list[Change] = []
        cursor = connection.execute(sql, (after, self._tenant_id(), *wanted))
        for _, group in groupby(cursor, key=lambda row: row[0]):
            found.append(changes_of(list(group), lambda number: self._names.text(connection, number)))
            if len(found) >= limit:
                break
        cursor.close()
        return found

    def last_seq(self) -> int:
        return int(self._rows("SELECT value FROM meta WHERE key = 'seq'")[0][0])

    def wait(self, after: int, timeout: float) -> int:
        connection, seen = self._reader(), None
        end = clock.monotonic() + timeout
        pause = threading.Event()
        while True:
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            if version != seen:
                seen = version
                last = self.last_seq()
                if last > after:
                    return last
            left = end - clock.monotonic()
            if left <= 0:
                return self.last_seq()
            pause.wait(min(POLL, left))

    def digest(self) -> str:
        found = hashlib.sha256()
        sql = "SELECT state FROM entity WHERE tenant = ? AND alive = 1 ORDER BY id"
        for (state,) in self._reader().execute(sql, (self._tenant_id(),)):
            found.update(orjson.dumps(orjson.loads(state), option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))
        return found.hexdigest()

    def check(self) -> str | None:
        try:
            self.last_seq()
        except Exception as error:
            return f"the things file does not answer: {error}"
        return None

    def close(self) -> None:
        if self._group is not None:
            self._group.close()
        if self._writer is not None:
            self._writer.close()
        for connection in self._readers:
            connection.close()


class SqliteFinder(Finder):
    """The SQLite dialect."""

    REGEX = "{} REGEXP ?"

    def __init__(self, query: ThingQuery, tenant: int | None, connection: Connection, names: Names) -> None:
        super().__init__(query, tenant)
        self._connection = connection
        self._names = names

    def rows(self, sql: str, values: Sequence[Any]) -> list[Any]:
        found: list[Any] = self._connection.execute(sql, values).fetchall()
        return found

    def name(self, text: str) -> int | None:
        return self._names.id(self._connection, text)

    def among(self, column: str, values: Sequence[str]) -> Sql:
        return f"{column} IN (SELECT value FROM json_each(?))", [orjson.dumps(list(values)).decode()]

    def numbered(self, numbers: Sequence[int]) -> Sql:
        return "SELECT value AS n FROM json_each(?)", [orjson.dumps(list(numbers)).decode()]

    def boxes(self, attribute: int, box: Bounds | None) -> Sql:
        sql = "SELECT id >> 20 AS n, lon, lat, shape FROM box WHERE (id & 1048575) = ?"
        if box is None:
            return sql, [attribute]
        west, south, east, north = box
        # the tree keeps single-precision bounds, rounded outwards: points are compared again in full precision
        return (
            f"{sql} AND west <= ? AND east >= ? AND south <= ? AND north >= ? "
            "AND (lon IS NULL OR (lon BETWEEN ? AND ? AND lat BETWEEN ? AND ?))",
            [attribute, east, west, north, south, west, east, south, north],
        )


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _regexp(pattern: str, text: str | None) -> bool:
    return text is not None and _compiled(pattern).search(text) is not None
