"""Documents beside the things, and what their readers ask of entities: SQL that both dialects share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from thanglong.kit.documents import Document, Progress, Snapshot
from thanglong.kit.ports import ThingQuery
from thanglong.stores.ops import GONE, RECORDED, REMOVED
from thanglong.stores.things.judge import matcher
from thanglong.stores.things.past import Statement
from thanglong.stores.things.states import stamps_of
from thanglong.stores.things.terms import Sql

COLUMNS = "tenant, kind, id, n, body, reached, state"
VERSION = "documents"
NEAR = 64
"""Rows looked at first when the value before a write is wanted: it is nearly always among the newest. An attribute of
many data sets may have more; then those that did not change lately are not told."""


class DocumentRows(ABC):
    """See ``kit.documents.Documents``."""

    @abstractmethod
    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]: ...

    @abstractmethod
    def _transact(self, guard: Statement | None, statements: Sequence[Statement]) -> bool: ...

    @abstractmethod
    def _among(self, column: str, values: Sequence[str]) -> Sql: ...

    @abstractmethod
    def _name(self, text: str) -> int | None: ...

    def put_document(
        self, tenant: str, kind: str, id: str, body: Any, *, create: bool = False, cursor: int | None = None
    ) -> bool:
        """See ``kit.documents.Documents``."""
        text = orjson.dumps(body).decode()
        if create:
            guard: Statement = (
                f"INSERT INTO document({COLUMNS}) SELECT ?, ?, ?, coalesce(max(d.n), 0) + 1, ?, "
                "CAST(? AS BIGINT), '{}' FROM document d WHERE true ON CONFLICT DO NOTHING",
                (tenant, kind, id, text, cursor),
            )
        else:
            guard = (
                "UPDATE document SET body = ?, reached = coalesce(CAST(? AS BIGINT), reached) "
                "WHERE tenant = ? AND kind = ? AND id = ?",
                (text, cursor, tenant, kind, id),
            )
        return self._transact(guard, [_newer()])

    def documents(self, kind: str, tenant: str | None = None, ids: Sequence[str] = ()) -> list[Document]:
        """See ``kit.documents.Documents``."""
        sql, values = f"SELECT {COLUMNS} FROM document WHERE kind = ?", [kind]
        if tenant is not None:
            sql, values = f"{sql} AND tenant = ?", [*values, tenant]
        if ids:
            test, more = self._among("id", ids)
            sql, values = f"{sql} AND {test}", [*values, *more]
        return [
            Document(owner, of, id, n, orjson.loads(body), cursor, orjson.loads(state))
            for owner, of, id, n, body, cursor, state in self._rows(f"{sql} ORDER BY n", values)
        ]

    def drop_document(self, tenant: str, kind: str, id: str) -> bool:
        """See ``kit.documents.Documents``."""
        gone: Statement = ("DELETE FROM document WHERE tenant = ? AND kind = ? AND id = ?", (tenant, kind, id))
        return self._transact(gone, [_newer()])

    def documents_version(self) -> int:
        """See ``kit.documents.Documents``."""
        return self._meta(VERSION)

    def _meta(self, key: str) -> int:
        found = self._rows("SELECT m.value FROM meta m WHERE m.key = ?", (key,))
        return int(found[0][0]) if found else 0

    def note(self, kind: str, rows: Sequence[Progress], mark: int | None = None) -> None:
        """See ``kit.documents.Documents``."""
        statements: list[Statement] = [] if mark is None else [_set(f"mark:{kind}", mark)]
        for row in rows:
            values = (row.cursor, orjson.dumps(row.state).decode(), row.tenant, kind, row.id)
            statements.append(
                ("UPDATE document SET reached = ?, state = ? WHERE tenant = ? AND kind = ? AND id = ?", values)
            )
        self._transact(None, statements)

    def mark(self, kind: str) -> int:
        """See ``kit.documents.Documents``."""
        return self._meta(f"mark:{kind}")

    @abstractmethod
    def get(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]: ...

    @abstractmethod
    def claim(self, name: str) -> bool:
        """See ``kit.documents.Documents``."""

    # -- entities as readers of the log need them

    def matcher(self, query: ThingQuery) -> Callable[..., bool]:
        """See ``kit.documents.Documents``."""
        return matcher(query, self.get)

    def snapshots(self, tenant: str, ids: Sequence[str]) -> dict[str, Snapshot]:
        """See ``kit.documents.Documents``."""
        test, values = self._among("e.id", ids)
        columns = "e.id, e.alive, e.created, e.modified, e.state, e.stamps"
        sql = f"SELECT {columns} FROM entity e WHERE e.tenant = ? AND {test}"
        found = {}
        for id, alive, created, modified, state, stamps in self._rows(sql, (self._name(tenant), *values)):
            content = orjson.loads(state)
            known = stamps_of(stamps, content, created, alive)
            found[id] = Snapshot(content, bool(alive), created, modified, known)
        return found

    def moved_since(self, tenant: str, entity: str, seq: int) -> list[str]:
        """See ``kit.documents.Documents``."""
        sql = (
            "SELECT DISTINCT n.text FROM history h JOIN name n ON n.id = h.attr WHERE h.n = (SELECT e.n FROM entity e "
            "WHERE e.tenant = ? AND e.id = ?) AND h.seq > ? AND h.attr <> 0"
        )
        return [name for (name,) in self._rows(sql, (self._name(tenant), entity, seq))]

    def step(self, tenant: str, entity: str, attribute: str, seq: int) -> tuple[Any, Any]:
        """See ``kit.documents.Documents``."""
        number = self._name(attribute)
        if number is None:
            return None, None
        sql = (
            "SELECT h.seq, h.dataset, h.op, h.value FROM history h WHERE h.n = (SELECT e.n FROM entity e "
            "WHERE e.tenant = ? AND e.id = ?) AND h.attr = ? AND h.op <> ? AND h.seq <= ? ORDER BY h.moment DESC"
        )
        asked = (self._name(tenant), entity, number, RECORDED, seq)
        found = self._rows(f"{sql} LIMIT {NEAR}", asked)
        earlier = {row[1] for row in found if row[0] < seq}
        if len(found) == NEAR and any(row[1] not in earlier for row in found if row[0] == seq):
            found = self._rows(sql, asked)
        sql = (
            "SELECT max(h.seq) FROM history h WHERE h.n = (SELECT e.n FROM entity e WHERE e.tenant = ? AND e.id = ?) "
            "AND h.attr = 0 AND h.op = ? AND h.seq < ?"
        )
        end = self._rows(sql, (self._name(tenant), entity, GONE, seq))[0][0] or 0
        alive = [row for row in found if row[0] > end]
        return _standing([row for row in alive if row[0] < seq]), _standing(alive)


def _standing(found: Sequence[Any]) -> Any:
    """The attribute that history rows ``(seq, dataset, op, value)`` leave: the last of each data set."""
    last: dict[int, Any] = {}
    for row in found:
        if row[1] not in last or last[row[1]][0] < row[0]:
            last[row[1]] = row
    values = [orjson.loads(value) for _, _, op, value in sorted(last.values(), key=lambda r: r[1]) if op != REMOVED]
    return None if not values else values[0] if len(values) == 1 else values


def _newer() -> Statement:
    return _set(VERSION, None)


def _set(key: str, value: int | None) -> Statement:
    """Set a counter, or with None let it grow by one."""
    return (
        "INSERT INTO meta(key, value) VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = "
        + ("excluded.value" if value is not None else "meta.value + 1"),
        (key, 1 if value is None else value),
    )
