"""What both stores do alike: gather writes into groups, read states, history and the log."""

import copy
import hashlib
from abc import abstractmethod
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from itertools import groupby, islice
from typing import Any, Self

import orjson

from thanglong.kit.ports import Change, DayFile, Sample, ThingQuery, WriteMode, Written
from thanglong.stores.ops import RECORDED, REMOVED
from thanglong.stores.parquet import DayFiles
from thanglong.stores.things import rows
from thanglong.stores.things.aggregates import Aggregates
from thanglong.stores.things.documents import DocumentRows
from thanglong.stores.things.facts import Facts
from thanglong.stores.things.finder import Finder
from thanglong.stores.things.group import CHUNK, Request
from thanglong.stores.things.log import changes_of, sample_of
from thanglong.stores.things.shared import Committer
from thanglong.stores.things.states import ALIVE, stamps_of
from thanglong.stores.things.terms import Sql, marks
from thanglong.stores.things.work import Delete, Write, at_of, prepare

AHEAD = 3
"""Parts of a large write that wait for the writer at once."""
FOREVER = 2**62
VALUE = f"CASE WHEN h.op = {REMOVED} THEN NULL ELSE h.value END"


class BaseThings(Aggregates, DocumentRows, Facts):
    """``kit.ports.ThingsStore`` but for the database, as one tenant sees it.

    SQL here is what both dialects share, with ``?`` for values.
    """

    quick = False

    def __init__(self, tenant: str = "", days: DayFiles | None = None) -> None:
        super().__init__(days)
        self._tenant = tenant

    def of(self, tenant: str) -> Self:
        """See ``kit.ports.ThingsStore``."""
        if tenant == self._tenant:
            return self
        view = copy.copy(self)
        view._tenant = tenant
        return view

    @abstractmethod
    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a statement, read on a connection of the asking thread."""

    @abstractmethod
    def _stream(self, sql: str, values: Sequence[Any] = ()) -> Iterable[Any]:
        """The rows of a statement, a few at a time."""

    @abstractmethod
    def _among(self, column: str, values: Sequence[str]) -> Sql:
        """A boolean expression: the column is one of many texts."""

    @abstractmethod
    def _finder(self, query: ThingQuery) -> Finder: ...

    @abstractmethod
    def _open_writer(self) -> Committer: ...

    @abstractmethod
    def wait(self, after: int, timeout: float) -> int: ...

    # -- writing

    def submit(self, request: Request) -> "Future[list[Any]]":
        """Queue a request for the next group; the future is done when it is on disk."""
        return self._shared.submit(request, self._open_writer)

    def write(self, entities: Sequence[Mapping[str, Any]], *, mode: WriteMode, at: datetime) -> list[Written]:
        """See ``kit.ports.ThingsStore``."""
        if len(entities) <= CHUNK:
            return self.write_soon(entities, mode=mode, at=at).result()
        parts = [entities[i : i + CHUNK] for i in range(0, len(entities), CHUNK)]
        for part in parts:
            prepare(part, mode)
        answers: list[Written] = []
        waiting: deque[Future[list[Written]]] = deque()
        for part in parts:
            # few at a time: what was found in checking a part need not be kept until its turn comes
            if len(waiting) == AHEAD:
                answers.extend(waiting.popleft().result())
            waiting.append(self.write_soon(part, mode=mode, at=at))
        return answers + [answer for part in waiting for answer in part.result()]

    def write_soon(
        self, entities: Sequence[Mapping[str, Any]], *, mode: WriteMode, at: datetime
    ) -> "Future[list[Written]]":
        """See ``kit.ports.ThingsStore``."""
        if len(entities) > CHUNK:
            raise ValueError(f"at most {CHUNK} entities at once; use write")
        facts = prepare(entities, mode)
        return self.submit(Write(entities, mode, at_of(at), self._tenant, facts))

    def delete(self, ids: Sequence[str], *, at: datetime) -> list[bool]:
        """See ``kit.ports.ThingsStore``."""
        parts = (ids[i : i + CHUNK] for i in range(0, len(ids), CHUNK))
        waiting = [self.submit(Delete(part, at_of(at), self._tenant)) for part in parts]
        return [answer for part in waiting for answer in part.result()]

    # -- reading

    def _name(self, text: str) -> int | None:
        return self._shared.names.id(self._rows, text)

    def _text(self, number: int) -> str:
        return self._shared.names.text(self._rows, number)

    def _tenant_id(self) -> int | None:
        return self._name(self._tenant)

    # -- tenants

    def tenants(self) -> list[str]:
        """See ``kit.ports.ThingsStore``."""
        return sorted(name for (name,) in self._rows("SELECT name FROM tenant"))

    def has_tenant(self, name: str) -> bool:
        """See ``kit.ports.ThingsStore``."""
        if not name or name in self._shared.tenants:
            return True
        self._shared.tenants = frozenset(self.tenants())
        return name in self._shared.tenants

    def open_tenant(self, name: str, *, at: datetime) -> None:
        """See ``kit.ports.ThingsStore``."""
        if not self.has_tenant(name):
            sql = "INSERT INTO tenant(name, made) VALUES (?, ?) ON CONFLICT(name) DO NOTHING"
            self._transact(None, [(sql, (name, at_of(at)))])

    def raw(self, ids: Sequence[str]) -> dict[str, bytes]:
        """See ``kit.ports.ThingsStore``."""
        sql = "SELECT e.id, e.state FROM entity e WHERE e.tenant = ? AND e.alive = 1 AND "
        if len(ids) == 1:
            found = self._rows(f"{sql}e.id = ?", (self._tenant_id(), ids[0]))
        else:
            test, values = self._among("e.id", ids)
            found = self._rows(sql + test, (self._tenant_id(), *values))
        return {name: state.encode() for name, state in found}

    def get(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """See ``kit.ports.ThingsStore``."""
        return {name: orjson.loads(state) for name, state in self.raw(ids).items()}

    def stamps(self, ids: Sequence[str]) -> dict[str, dict[str, tuple[datetime, datetime]]]:
        """See ``kit.ports.ThingsStore``."""
        test, values = self._among("e.id", ids)
        sql = (
            "SELECT e.id, e.created, e.modified, e.state, e.stamps FROM entity e "
            f"WHERE e.tenant = ? AND e.alive = 1 AND {test}"
        )
        found = {}
        for name, created, modified, state, stamps in self._rows(sql, (self._tenant_id(), *values)):
            pairs = {"": [created, modified], **stamps_of(stamps, orjson.loads(state), created, ALIVE)}
            found[name] = {key: (rows.moment(made), rows.moment(changed)) for key, (made, changed) in pairs.items()}
        return found

    def ended(self, at: datetime, most: int) -> list[str]:
        """See ``kit.ports.ThingsStore``."""
        number = self._name("expiresAt")
        if number is None:
            return []
        sql = (
            "SELECT DISTINCT e.id FROM tally t JOIN attribute a ON a.tenant = t.tenant AND a.type = t.type "
            "AND a.attr = ? AND a.time <= ? JOIN entity e ON e.n = a.n WHERE t.tenant = ? AND t.count > 0 LIMIT ?"
        )
        found = self._rows(sql, (number, rows.micros(at), self._tenant_id(), most))
        return [id for (id,) in found]

    def find(self, query: ThingQuery) -> list[bytes]:
        """See ``kit.ports.ThingsStore``."""
        return [state.encode() for state in self._finder(query).find()]

    def query(self, query: ThingQuery) -> list[dict[str, Any]]:
        """See ``kit.ports.ThingsStore``."""
        return [orjson.loads(state) for state in self._finder(query).find()]

    def count(self, query: ThingQuery) -> int:
        """See ``kit.ports.ThingsStore``."""
        return self._finder(query).count()

    def history(
        self,
        entity: str,
        attribute: str,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 10_000,
        *,
        newest: bool = False,
        written: bool = False,
    ) -> list[Sample]:
        """See ``kit.ports.ThingsStore``."""
        low, high = rows.micros(since) if since else -FOREVER, rows.micros(until) if until else FOREVER

        def read(cut: int, days: Sequence[DayFile]) -> list[Sample]:
            found = self._hot_samples(entity, attribute, low, high, limit, newest, written, cut)
            if not days:
                return found
            # what is older than the oldest of enough recent samples cannot be among the newest
            least = max(low, _by(found[0], written)) if newest and len(found) >= limit else low
            found = self._past_samples(days, entity, attribute, least, high, limit, newest, written) + found
            found.sort(key=lambda sample: _by(sample, written))
            return found[-limit:] if newest else found[:limit]

        samples: list[Sample] = self._steady(read)
        return samples

    def _hot_samples(
        self, entity: str, attribute: str, low: int, high: int, limit: int, newest: bool, written: bool, cut: int
    ) -> list[Sample]:
        """Samples that are still in the store (numbers past ``cut``), oldest first."""
        number = self._name(attribute)
        if number is None:
            return []
        order, by = "DESC" if newest else "ASC", "h.at" if written else "h.moment"
        sql = (
            f"SELECT h.at, h.observed, h.moment, {VALUE} FROM history h "
            "WHERE h.n = (SELECT e.n FROM entity e WHERE e.tenant = ? AND e.id = ?) "
            f"AND h.attr = ? AND {by} >= ? AND {by} < ? AND h.seq > ? "
            f"ORDER BY {by} {order}, h.seq {order}, h.dataset {order} LIMIT ?"
        )
        found = self._rows(sql, (self._tenant_id(), entity, number, low, high, cut, limit))
        samples = [sample_of(*row) for row in found]
        return samples[::-1] if newest else samples

    # -- the log

    def changes(
        self, after: int, limit: int = 1000, types: Sequence[str] = (), *, everyone: bool = False
    ) -> list[Change]:
        """See ``kit.ports.ThingsStore``."""

        def read(cut: int, days: Sequence[DayFile]) -> list[Change]:
            found = self._past_changes(days, after, limit, types, everyone) if after < cut else []
            if len(found) < limit:
                found += self._hot_changes(max(after, cut), limit - len(found), types, everyone)
            return found

        changes: list[Change] = self._steady(read)
        return changes

    def _hot_changes(self, after: int, limit: int, types: Sequence[str], everyone: bool) -> list[Change]:
        wanted = [number for kind in types if (number := self._name(kind)) is not None]
        if types and not wanted:
            return []
        narrow = f"AND e.type IN ({marks(wanted)}) " if wanted else ""
        # the plus keeps the tenant's index out of the plan: the log is read in its own order, not sorted as a whole
        own, values = ("", []) if everyone else ("AND +e.tenant = ? ", [self._tenant_id()])
        sql = (
            "SELECT h.seq, h.at, e.tenant, e.id, e.type, h.attr, h.op, h.value FROM history h "
            f"JOIN entity e ON e.n = h.n WHERE h.seq > ? AND h.op < {RECORDED} {own}{narrow}ORDER BY h.seq"
        )
        found = self._stream(sql, (after, *values, *wanted))
        groups = groupby(found, key=lambda row: row[0])
        return [changes_of(list(group), self._text) for _, group in islice(groups, limit)]

    def steps(
        self, after: int, upto: int, types: Sequence[str], attributes: Sequence[str], limit: int
    ) -> list[tuple[int, str, str, str, str | None]]:
        """See ``kit.ports.ThingsStore``."""

        def read(cut: int, days: Sequence[DayFile]) -> list[Any]:
            found = self._past_steps(days, after, upto, types, attributes, limit) if after < cut else []
            if len(found) < limit and upto > cut:
                found += self._hot_steps(max(after, cut), upto, types, attributes, limit - len(found))
            return found

        found: list[tuple[int, str, str, str, str | None]] = self._steady(read)
        return found

    def _hot_steps(
        self, after: int, upto: int, types: Sequence[str], attributes: Sequence[str], limit: int
    ) -> list[Any]:
        kinds = {number: kind for kind in types if (number := self._name(kind)) is not None}
        wanted = {number: key for key in attributes if (number := self._name(key)) is not None}
        if not kinds or not wanted:
            return []
        sql = (
            f"SELECT h.at, e.id, e.type, h.attr, {VALUE} FROM history h JOIN entity e ON e.n = h.n "
            f"WHERE h.seq > ? AND h.seq <= ? AND h.op < {RECORDED} AND +h.attr IN ({marks(list(wanted))}) "
            f"AND +e.tenant = ? AND +e.type IN ({marks(list(kinds))}) ORDER BY h.seq LIMIT ?"
        )
        found = self._rows(sql, (after, upto, *wanted, self._tenant_id(), *kinds, limit))
        return [(at, id, kinds[kind], wanted[attr], value) for at, id, kind, attr, value in found]

    def last_seq(self) -> int:
        """See ``kit.ports.ThingsStore``."""
        return int(self._rows("SELECT value FROM meta WHERE key = 'seq'")[0][0])

    def digest(self) -> str:
        """See ``kit.ports.ThingsStore``."""
        found = hashlib.sha256()
        sql = "SELECT e.state FROM entity e WHERE e.tenant = ? AND e.alive = 1 ORDER BY e.id"
        for (state,) in self._stream(sql, (self._tenant_id(),)):
            found.update(orjson.dumps(orjson.loads(state), option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))
        return found.hexdigest()

    def check(self) -> str | None:
        """See ``kit.ports.ThingsStore``."""
        try:
            self.last_seq()
        except Exception as error:
            return f"the things store does not answer: {error}"
        return None

    def close(self) -> None:
        """Write what waits, then let go of the database."""
        self._shared.close()
        if self._files is not None:
            self._files.close()


def _by(sample: Sample, written: bool) -> int:
    return rows.micros(sample.at if written or sample.observed is None else sample.observed)
