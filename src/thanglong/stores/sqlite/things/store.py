"""The store in one SQLite file: writes go to the group writer, reads run on a connection of the asking thread."""

import contextlib
import fcntl
import os
import re
import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from thanglong.kit import clock
from thanglong.kit.ports import ThingQuery
from thanglong.stores.parquet import DayFiles
from thanglong.stores.sqlite.things.writer import Connection, Turn, Writer, connect, create
from thanglong.stores.things.base import BaseThings
from thanglong.stores.things.finder import Finder
from thanglong.stores.things.past import Statement
from thanglong.stores.things.space import Bounds
from thanglong.stores.things.terms import Sql

POLL = 0.01
"""Seconds between looks at the file for another process's commit."""


class SqliteThings(BaseThings):
    """``kit.ports.ThingsStore`` in the SQLite file ``path``; closed days in the files of ``days``."""

    quick = True

    def __init__(self, path: Path, tenant: str = "", days: DayFiles | None = None) -> None:
        super().__init__(tenant, days)
        self._path = path
        create(path)
        self._local = threading.local()
        self._readers: list[Connection] = []
        self._claims: dict[str, int] = {}

    def _open_writer(self) -> Writer:
        return Writer(self._path, self._shared.names)

    def _reader(self) -> Connection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect(self._path, readonly=True)
            connection.create_function("regexp", 2, _regexp, deterministic=True)
            self._local.connection = connection
            with self._shared.guard:
                self._readers.append(connection)
        return connection

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        found: list[Any] = self._reader().execute(sql, values).fetchall()
        return found

    def _stream(self, sql: str, values: Sequence[Any] = ()) -> Iterable[Any]:
        cursor = self._reader().execute(sql, values)
        try:
            yield from cursor
        finally:
            cursor.close()

    def _transact(self, guard: Statement | None, statements: Sequence[Statement]) -> bool:
        connection = connect(self._path)
        try:
            with Turn(self._path).taken():
                connection.execute("BEGIN IMMEDIATE")
                try:
                    done = guard is None or connection.execute(*guard).rowcount == 1
                    for sql, values in statements if done else ():
                        connection.execute(sql, values)
                    connection.execute("COMMIT" if done else "ROLLBACK")
                except BaseException:
                    with contextlib.suppress(Exception):
                        connection.execute("ROLLBACK")
                    raise
        finally:
            connection.close()
        return done

    def _among(self, column: str, values: Sequence[str]) -> Sql:
        return among(column, values)

    def _finder(self, query: ThingQuery) -> Finder:
        return SqliteFinder(query, self._tenant_id(), self._rows, self._name)

    def wait(self, after: int, timeout: float) -> int:
        """See ``kit.ports.ThingsStore``: ``PRAGMA data_version`` changes with every other connection's commit."""
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

    def claim(self, name: str) -> bool:
        """See ``kit.documents.Documents``: a file lock, which a process that dies lets go of."""
        if name in self._claims:
            return True
        file = os.open(f"{self._path}.{name}", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._claims[name] = file
        return True

    def close(self) -> None:
        """Write what waits, then close the file."""
        super().close()
        while self._claims:
            os.close(self._claims.popitem()[1])
        for connection in self._readers:
            connection.close()


def among(column: str, values: Sequence[str]) -> Sql:
    """A boolean expression: the column is one of many texts."""
    return f"{column} IN (SELECT value FROM json_each(?))", [orjson.dumps(list(values)).decode()]


class SqliteFinder(Finder):
    """The SQLite dialect."""

    REGEX = "{} REGEXP ?"
    BARE = "+a.{}"

    def among(self, column: str, values: Sequence[str]) -> Sql:
        return among(column, values)

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
