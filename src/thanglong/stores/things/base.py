"""What both stores do alike: gather writes into groups, read states, history and the log."""

import hashlib
import threading
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from itertools import groupby, islice
from typing import Any, Protocol

import orjson

from thanglong.kit.ports import Change, DayFile, Sample, ThingQuery, WriteMode, Written
from thanglong.stores.parquet import DayFiles
from thanglong.stores.things import rows
from thanglong.stores.things.finder import Finder
from thanglong.stores.things.group import CHUNK, Group, Request
from thanglong.stores.things.log import changes_of, sample_of
from thanglong.stores.things.names import Names
from thanglong.stores.things.past import ClosedDays
from thanglong.stores.things.terms import Sql, marks
from thanglong.stores.things.work import Delete, Write, at_of, prepare

FOREVER = 2**62


class Committer(Protocol):
    """Writes a group of requests in one transaction."""

    def commit(self, requests: list[Request]) -> list[list[Any]]: ...

    def close(self) -> None: ...


class BaseThings(ClosedDays):
    """``kit.ports.ThingsStore`` but for the database; ``tenant`` keeps cities apart in one store.

    SQL here is what both dialects share, with ``?`` for values.
    """

    quick = False

    def __init__(self, tenant: str = "", days: DayFiles | None = None) -> None:
        super().__init__(days)
        self._tenant = tenant
        self._names = Names()
        self._guard = threading.Lock()
        self._committer: Committer | None = None
        self._group: Group | None = None

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

    def submit(self, request: Write | Delete) -> "Future[list[Any]]":
        """Queue a request for the next group; the future is done when it is on disk."""
        with self._guard:
            if self._group is None:
                self._committer = self._open_writer()
                self._group = Group("things-writer", self._committer.commit)
        return self._group.submit(request)

    def write(self, entities: Sequence[Mapping[str, Any]], *, mode: WriteMode, at: datetime) -> list[Written]:
        """See ``kit.ports.ThingsStore``."""
        prepare(entities, mode)
        moment = at_of(at)
        waiting = [self.submit(Write(entities[i : i + CHUNK], mode, moment)) for i in range(0, len(entities), CHUNK)]
        return [answer for part in waiting for answer in part.result()]

    def write_soon(
        self, entities: Sequence[Mapping[str, Any]], *, mode: WriteMode, at: datetime
    ) -> "Future[list[Written]]":
        """See ``kit.ports.ThingsStore``."""
        if len(entities) > CHUNK:
            raise ValueError(f"at most {CHUNK} entities at once; use write")
        prepare(entities, mode)
        return self.submit(Write(entities, mode, at_of(at)))

    def delete(self, ids: Sequence[str], *, at: datetime) -> list[bool]:
        """See ``kit.ports.ThingsStore``."""
        moment = at_of(at)
        waiting = [self.submit(Delete(ids[i : i + CHUNK], moment)) for i in range(0, len(ids), CHUNK)]
        return [answer for part in waiting for answer in part.result()]

    # -- reading

    def _name(self, text: str) -> int | None:
        return self._names.id(self._rows, text)

    def _text(self, number: int) -> str:
        return self._names.text(self._rows, number)

    def _tenant_id(self) -> int | None:
        return self._name(self._tenant)

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
            f"SELECT e.id, e.created, e.modified, e.stamps FROM entity e WHERE e.tenant = ? AND e.alive = 1 AND {test}"
        )
        found = {}
        for name, created, modified, stamps in self._rows(sql, (self._tenant_id(), *values)):
            pairs = {"": (created, modified), **orjson.loads(stamps)}
            found[name] = {key: (rows.moment(made), rows.moment(changed)) for key, (made, changed) in pairs.items()}
        return found

    def find(self, query: ThingQuery) -> list[bytes]:
        """See ``kit.ports.ThingsStore``."""
        return [state.encode() for state in self._finder(query).find()]

    def query(self, query: ThingQuery) -> list[dict[str, Any]]:
        """See ``kit.ports.ThingsStore``."""
        return [orjson.loads(state) for state in self._finder(query).find()]

    def count(self, query: ThingQuery) -> int:
        """See ``kit.ports.ThingsStore``."""
        return self._finder(query).count()

    def types(self) -> dict[str, int]:
        """See ``kit.ports.ThingsStore``."""
        sql = "SELECT n.text, t.count FROM tally t JOIN name n ON n.id = t.type WHERE t.tenant = ? AND t.count > 0"
        return dict(sorted(self._rows(sql, (self._tenant_id(),))))

    def attributes(self, type: str) -> list[str]:
        """See ``kit.ports.ThingsStore``."""
        # a loose scan: jump from one attribute of the type to the next instead of reading all its rows
        sql = """
            WITH RECURSIVE jump(attr) AS (
              SELECT min(a.attr) FROM attribute a WHERE a.tenant = ? AND a.type = ?
              UNION ALL
              SELECT (SELECT min(b.attr) FROM attribute b WHERE b.tenant = ? AND b.type = ? AND b.attr > jump.attr)
              FROM jump WHERE jump.attr IS NOT NULL)
            SELECT n.text FROM jump JOIN name n ON n.id = jump.attr"""
        tenant, kind = self._tenant_id(), self._name(type)
        found = self._rows(sql, (tenant, kind, tenant, kind))
        return sorted(name for (name,) in found if "[" not in name and "." not in name)

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
            "SELECT h.at, h.observed, h.moment, h.value FROM history h "
            "WHERE h.n = (SELECT e.n FROM entity e WHERE e.tenant = ? AND e.id = ?) "
            f"AND h.attr = ? AND {by} >= ? AND {by} < ? AND h.seq > ? "
            f"ORDER BY {by} {order}, h.seq {order}, h.dataset {order} LIMIT ?"
        )
        found = self._rows(sql, (self._tenant_id(), entity, number, low, high, cut, limit))
        samples = [sample_of(*row) for row in found]
        return samples[::-1] if newest else samples

    # -- the log

    def changes(self, after: int, limit: int = 1000, types: Sequence[str] = ()) -> list[Change]:
        """See ``kit.ports.ThingsStore``."""

        def read(cut: int, days: Sequence[DayFile]) -> list[Change]:
            found = self._past_changes(days, after, limit, types) if after < cut else []
            if len(found) < limit:
                found += self._hot_changes(max(after, cut), limit - len(found), types)
            return found

        changes: list[Change] = self._steady(read)
        return changes

    def _hot_changes(self, after: int, limit: int, types: Sequence[str]) -> list[Change]:
        wanted = [number for kind in types if (number := self._name(kind)) is not None]
        if types and not wanted:
            return []
        narrow = f"AND e.type IN ({marks(wanted)}) " if wanted else ""
        # the plus keeps the tenant's index out of the plan: the log is read in its own order, not sorted as a whole
        sql = (
            "SELECT h.seq, h.at, e.id, e.type, h.attr, h.op, h.value FROM history h JOIN entity e ON e.n = h.n "
            f"WHERE h.seq > ? AND +e.tenant = ? {narrow}ORDER BY h.seq"
        )
        found = self._stream(sql, (after, self._tenant_id(), *wanted))
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
            "SELECT h.at, e.id, e.type, h.attr, h.value FROM history h JOIN entity e ON e.n = h.n "
            f"WHERE h.seq > ? AND h.seq <= ? AND +h.attr IN ({marks(list(wanted))}) AND +e.tenant = ? "
            f"AND +e.type IN ({marks(list(kinds))}) ORDER BY h.seq LIMIT ?"
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
        if self._group is not None:
            self._group.close()
        if self._committer is not None:
            self._committer.close()
        if self._files is not None:
            self._files.close()


def _by(sample: Sample, written: bool) -> int:
    return rows.micros(sample.at if written or sample.observed is None else sample.observed)
