"""The store in PostgreSQL: writes go to the group writer, reads run on a pool."""

import threading
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from thanglong.kit import clock
from thanglong.kit.errors import Unavailable
from thanglong.kit.ports import ThingQuery
from thanglong.stores.parquet import DayFiles
from thanglong.stores.postgres.things import schema
from thanglong.stores.postgres.things.writer import CHANNEL, LOCK, Writer, translate
from thanglong.stores.things.base import BaseThings
from thanglong.stores.things.finder import Finder
from thanglong.stores.things.past import Statement
from thanglong.stores.things.space import Bounds
from thanglong.stores.things.terms import Sql

AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)


class PostgresThings(BaseThings):
    """``kit.ports.ThingsStore`` in the schema ``things`` of the database at ``uri``; made on first use."""

    def __init__(self, uri: str, tenant: str = "", connections: int = 8, days: DayFiles | None = None) -> None:
        super().__init__(tenant, days)
        self._uri = uri
        with psycopg.connect(uri) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            connection.execute(schema.SCHEMA)
        options = {"autocommit": True, "options": "-c search_path=things"}
        self._pool: ConnectionPool[Any] = ConnectionPool(
            uri, min_size=1, max_size=connections, timeout=10, kwargs=options, open=True
        )
        self._local = threading.local()
        self._listeners: list[psycopg.Connection[Any]] = []
        self._claims: dict[str, psycopg.Connection[Any]] = {}

    def _open_writer(self) -> Writer:
        return Writer(self._uri, self._shared.names)

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            return self._once(sql, values)
        except AWAY:
            # a kept connection may have died with the server: once more on another
            self._pool.check()
        try:
            return self._once(sql, values)
        except AWAY as error:
            raise Unavailable from error

    def _once(self, sql: str, values: Sequence[Any]) -> list[Any]:
        with self._pool.connection() as connection:
            found: list[Any] = connection.execute(translate(sql), values).fetchall()
        return found

    def _stream(self, sql: str, values: Sequence[Any] = ()) -> Iterable[Any]:
        pool = self._pool.connection()
        with pool as connection, connection.transaction(), connection.cursor(name="things") as cursor:
            cursor.itersize = 5000
            cursor.execute(translate(sql), values)
            yield from cursor

    def _transact(self, guard: Statement | None, statements: Sequence[Statement]) -> bool:
        try:
            with self._pool.connection() as connection, connection.transaction():
                if guard is not None and connection.execute(translate(guard[0]), guard[1]).rowcount != 1:
                    return False
                for sql, values in statements:
                    connection.execute(translate(sql), values)
        except AWAY as error:
            raise Unavailable from error
        return True

    def _among(self, column: str, values: Sequence[str]) -> Sql:
        return among(column, values)

    def _finder(self, query: ThingQuery) -> Finder:
        return PostgresFinder(query, self._tenant_id(), self._rows, self._name)

    def _listener(self) -> psycopg.Connection[Any]:
        connection: psycopg.Connection[Any] | None = getattr(self._local, "listener", None)
        if connection is None or connection.closed:
            connection = psycopg.connect(self._uri, autocommit=True)
            connection.execute(f"LISTEN {CHANNEL}")
            self._local.listener = connection
            with self._shared.guard:
                self._listeners.append(connection)
        return connection

    def wait(self, after: int, timeout: float) -> int:
        """See ``kit.ports.ThingsStore``: commits announce themselves by NOTIFY."""
        end = clock.monotonic() + timeout
        try:
            connection = self._listener()
            while (last := self.last_seq()) <= after and (left := end - clock.monotonic()) > 0:
                for _ in connection.notifies(timeout=min(left, 5.0), stop_after=1):
                    pass
        except AWAY as error:
            raise Unavailable from error
        return last

    def claim(self, name: str) -> bool:
        """See ``kit.documents.Documents``: an advisory lock of a connection that is kept for it."""
        held = self._claims.get(name)
        try:
            if held is not None and not held.closed:
                held.execute("SELECT 1")
                return True
            held = psycopg.connect(self._uri, autocommit=True)
            taken = held.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", (LOCK % 2**31, name)).fetchone()
        except AWAY:
            self._claims.pop(name, None)
            return False
        if not taken or not taken[0]:
            held.close()
            return False
        self._claims[name] = held
        return True

    def close(self) -> None:
        """Write what waits, then close all connections."""
        super().close()
        while self._claims:
            self._claims.popitem()[1].close()
        self._pool.close()
        for connection in self._listeners:
            connection.close()


def among(column: str, values: Sequence[str]) -> Sql:
    """A boolean expression: the column is one of many texts."""
    return f"{column} = ANY(?)", [list(values)]


class PostgresFinder(Finder):
    """The PostgreSQL dialect."""

    REGEX = "{} ~ ?"

    def among(self, column: str, values: Sequence[str]) -> Sql:
        return among(column, values)

    def numbered(self, numbers: Sequence[int]) -> Sql:
        return "SELECT unnest(?::bigint[]) AS n", [list(numbers)]

    def boxes(self, attribute: int, box: Bounds | None) -> Sql:
        sql = "SELECT n, lon, lat, shape FROM place WHERE attr = ?"
        if box is None:
            return sql, [attribute]
        west, south, east, north = box
        # PostgreSQL compares boxes with a tolerance of a millionth: points are compared again exactly
        return (
            f"{sql} AND area && box(point(?, ?), point(?, ?)) "
            "AND (lon IS NULL OR (lon BETWEEN ? AND ? AND lat BETWEEN ? AND ?))",
            [attribute, *box, west, east, south, north],
        )
