"""The past of entities as the temporal operations see it, wherever its rows lie: in the store or in files of closed
days, corrected by what was amended and without what was forgotten."""

import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from thanglong.kit.past import Evolution, Instance, Window
from thanglong.kit.ports import DayFile
from thanglong.stores.ops import STRUCK
from thanglong.stores.parquet import evolution as files
from thanglong.stores.parquet.evolution import Reading, Skip
from thanglong.stores.things import rows
from thanglong.stores.things.finder import Finder
from thanglong.stores.things.group import Request
from thanglong.stores.things.past import ClosedDays
from thanglong.stores.things.recording import DELETED, GOING, Record, null_of, told
from thanglong.stores.things.states import ALIVE, PAST, types_of
from thanglong.stores.things.terms import Sql, marks

FOREVER = 2**62
ALL = -1
"""In ``forgotten``: every attribute, every data set."""
GONE_OPS = ", ".join(str(op) for op in GOING)
INSTANCE = re.compile(r"urn:ngsi-ld:Instance:(\d{1,18})-(\d{1,9})-(\d{1,9})")
COLUMNS = "h.seq, h.dataset, h.at, h.moment, h.observed, h.op, h.value"
FORGOTTEN = (
    " AND NOT EXISTS (SELECT 1 FROM forgotten f WHERE f.n = h.n AND f.attr IN (-1, h.attr) "
    "AND f.dataset IN (-1, h.dataset) AND f.seq >= h.seq)"
)
AMENDED = " AND NOT EXISTS (SELECT 1 FROM amended m WHERE m.seq = h.seq AND m.attr = h.attr AND m.dataset = h.dataset)"


@dataclass(frozen=True, slots=True)
class Thing:
    """An entity with a past: its number, and what is known of it as a whole. Times in us."""

    n: int
    id: str
    types: tuple[str, ...]
    created: int
    changed: int
    deleted: int | None


@dataclass(frozen=True, slots=True)
class Hidden:
    """What must be left out of the rows of some entities: a clause, and the same for day files."""

    clause: str
    skips: Sequence[Skip]
    struck: frozenset[tuple[int, int, int]]
    amended: Mapping[tuple[int, int], Sequence[Any]]


class Evolutions(ClosedDays):
    """Reading the past, and correcting it."""

    quick: bool

    @abstractmethod
    def submit(self, request: Request) -> "Future[list[Any]]": ...

    @abstractmethod
    def _name(self, text: str) -> int | None: ...

    @abstractmethod
    def _text(self, number: int) -> str: ...

    @abstractmethod
    def _tenant_id(self) -> int | None: ...

    @abstractmethod
    def _among(self, column: str, values: Sequence[str]) -> Sql: ...

    @abstractmethod
    def _finder(self, query: Any) -> Finder: ...

    # -- writing

    def record(self, entities: Sequence[Mapping[str, Any]], *, at: datetime, create: bool = True) -> list[bool | None]:
        """See ``kit.past.PastStore``."""
        return self.submit(Record(entities, rows.micros(at), create, self._tenant)).result() if entities else []

    def forget(self, id: str, *, at: datetime, attribute: str = "", dataset: str | None = "") -> bool:
        """See ``kit.past.PastStore``."""
        window = Window(most=1, datasets=frozenset([dataset]) if attribute and dataset is not None else None)
        known = self.evolutions([id], [attribute] if attribute else [], window)
        if not known or (attribute and attribute not in known[0].instances):
            return False
        thing = self._things([id])[id]
        key = ALL if not attribute else self._name(attribute)
        part = ALL if not attribute or dataset is None else self._name(dataset)
        mark = (
            "INSERT INTO forgotten(n, attr, dataset, seq) SELECT ?, ?, ?, value FROM meta WHERE key = 'seq' "
            "ON CONFLICT(n, attr, dataset) DO UPDATE SET seq = excluded.seq"
        )
        statements: list[tuple[str, Sequence[Any]]] = [(mark, (thing.n, key, part))]
        if not attribute:
            statements.append(("UPDATE entity SET alive = -1 WHERE n = ? AND alive = ?", (thing.n, PAST)))
            for kind in thing.types:
                gone = "DELETE FROM former WHERE tenant = ? AND type = ? AND id = ?"
                statements.append((gone, (self._tenant_id(), self._name(kind), id)))
        return self._transact(None, statements)

    def amend(self, id: str, attribute: str, instance: str, content: Mapping[str, Any] | None, *, at: datetime) -> bool:
        """See ``kit.past.PastStore``."""
        found, thing = INSTANCE.fullmatch(instance), self._things([id]).get(id)
        if found is None or thing is None or self._name(attribute) != int(found[2]):
            return False
        seq, key, part = (int(text) for text in found.groups())
        before = next((one for one in self._all_of(thing, attribute) if one.id == instance), None)
        if before is None:
            return False
        kept = dict(content or before.content)
        if before.dataset:
            kept["datasetId"] = before.dataset
        moment, observed = told(kept, before.written)
        row = (
            seq, key, part, thing.n, before.written, moment, int(observed), STRUCK if content is None else 0,
            rows.number_of(kept), orjson.dumps(kept).decode(), rows.micros(at),
        )  # fmt: skip
        sql = (
            f"INSERT INTO amended(seq, attr, dataset, n, at, moment, observed, op, number, value, modified) "
            f"VALUES ({marks(row)}) ON CONFLICT(seq, attr, dataset) DO UPDATE SET moment = excluded.moment, "
            "observed = excluded.observed, op = excluded.op, number = excluded.number, value = excluded.value, "
            "modified = excluded.modified"
        )
        return self._transact(None, [(sql, row)])

    def purge(self) -> None:
        """See ``kit.past.PastStore``."""
        tenant = self._tenant_id()
        while numbers := [n for (n,) in self._rows("SELECT n FROM entity WHERE tenant = ? LIMIT 500", (tenant,))]:
            which = marks(numbers)
            tables = ("history", "forgotten", "amended", "former", "entity")
            self._transact(None, [(f"DELETE FROM {table} WHERE n IN ({which})", numbers) for table in tables])

    def _all_of(self, thing: Thing, attribute: str) -> Sequence[Instance]:
        found = self.evolutions([thing.id], [attribute], Window(by="createdAt", most=FOREVER))
        return found[0].instances.get(attribute, ()) if found else ()

    # -- reading

    def evolutions(self, ids: Sequence[str], attributes: Sequence[str], window: Window) -> list[Evolution]:
        """See ``kit.past.PastStore``."""
        known = self._things(ids)
        things = [known[id] for id in dict.fromkeys(ids) if id in known]

        def read(cut: int, days: Sequence[DayFile]) -> list[Evolution]:
            hidden = self._hidden(things)
            past = self._closed(things, attributes, window, days, hidden)
            found = [
                self._evolution(thing, attributes, window, cut, hidden, past.get(thing.id, {})) for thing in things
            ]
            return [one for one in found if one is not None]

        found: list[Evolution] = self._steady(read)
        return found

    def _things(self, ids: Sequence[str]) -> dict[str, Thing]:
        if not ids:
            return {}
        test, values = self._among("e.id", ids)
        sql = (
            "SELECT e.n, e.id, e.alive, e.created, e.modified, e.state, e.stamps FROM entity e "
            f"WHERE e.tenant = ? AND e.alive >= 0 AND {test}"
        )
        found = {}
        for n, name, alive, created, modified, state, stamps in self._rows(sql, (self._tenant_id(), *values)):
            gone = None if alive == ALIVE else orjson.loads(stamps).get(DELETED)
            found[name] = Thing(n, name, types_of(orjson.loads(state)), created, modified, gone[0] if gone else None)
        return found

    def _hidden(self, things: Sequence[Thing]) -> Hidden:
        """What was forgotten and amended of some entities."""
        if not things:
            return Hidden("", (), frozenset(), {})
        ids, which = {thing.n: thing.id for thing in things}, marks(things)
        forgotten = self._rows(f"SELECT n, attr, dataset, seq FROM forgotten WHERE n IN ({which})", list(ids))
        sql = (
            f"SELECT seq, attr, dataset, n, at, moment, observed, op, value, modified FROM amended WHERE n IN ({which})"
        )
        amended: dict[tuple[int, int], list[Any]] = {}
        for row in self._rows(sql, list(ids)):
            amended.setdefault((row[3], row[1]), []).append(row)
        skips = [
            Skip(ids[n], "" if attr == ALL else self._text(attr), None if part == ALL else self._text(part), seq)
            for n, attr, part, seq in forgotten
        ]
        struck = frozenset(tuple(row[:3]) for some in amended.values() for row in some)
        clause = (FORGOTTEN if forgotten else "") + (AMENDED if amended else "")
        return Hidden(clause, skips, struck, amended)

    def _evolution(
        self,
        thing: Thing,
        attributes: Sequence[str],
        window: Window,
        cut: int,
        hidden: Hidden,
        past: Mapping[str, Sequence[Instance]],
    ) -> Evolution | None:
        instances: dict[str, list[Instance]] = {}
        over = set()
        names = list(dict.fromkeys(attributes or [*self._attributes_of(thing, hidden), *past]))
        for name in names:
            found = [*past.get(name, ()), *self._hot(thing, name, window, cut, hidden)]
            found += self._corrected(thing, name, window, hidden)
            found.sort(key=lambda one: one.at(window.by))
            if len(found) > window.limit:
                if not window.last or window.last > window.limit:
                    over.add(name)
                found = found[-window.limit :] if window.last else found[: window.limit]
            if found:
                instances[name] = found
        if not instances and not self._has_past(thing, cut, hidden):
            return None
        return Evolution(thing.id, thing.types, thing.created, thing.changed, thing.deleted, instances, frozenset(over))

    def _attributes_of(self, thing: Thing, hidden: Hidden) -> Iterable[str]:
        """Names of the attributes that have rows in the store: the index is jumped through, not read."""
        sql = """
            WITH RECURSIVE jump(attr) AS (
              SELECT min(h.attr) FROM history h WHERE h.n = ? AND h.attr > 0
              UNION ALL
              SELECT (SELECT min(g.attr) FROM history g WHERE g.n = ? AND g.attr > jump.attr)
              FROM jump WHERE jump.attr IS NOT NULL)
            SELECT attr FROM jump WHERE attr IS NOT NULL"""
        found = [self._text(attr) for (attr,) in self._rows(sql, (thing.n, thing.n))]
        return [*found, *(self._text(attr) for n, attr in hidden.amended if n == thing.n)]

    def _has_past(self, thing: Thing, cut: int, hidden: Hidden) -> bool:
        """Whether anything at all is left of an entity's past."""
        if not any(skip.entity == thing.id and not skip.attribute for skip in hidden.skips):
            return True
        sql = f"SELECT 1 FROM history h WHERE h.n = ? AND h.seq > ?{hidden.clause} LIMIT 1"
        return bool(self._rows(sql, (thing.n, cut)))

    def bounds(self, window: Window) -> tuple[str, int, int]:
        """The column a window looks at, and its range."""
        low = rows.micros(window.since) if window.since else -FOREVER
        high = rows.micros(window.until) if window.until else FOREVER
        return "moment" if window.by == "observedAt" else "at", low, high

    def narrowed(self, window: Window, hidden: Hidden) -> Sql:
        """The tests of a row of the store (``h``) besides entity, attribute and range."""
        sql, values = hidden.clause, list[Any]()
        if window.timed and window.by == "observedAt":
            sql += " AND h.observed = 1"
        if window.by == "deletedAt":
            sql += f" AND h.op IN ({GONE_OPS})"
        if window.datasets is not None:
            values = [number for name in window.datasets if (number := self._name(name)) is not None]
            sql += f" AND h.dataset IN ({marks(values) or '-1'})"
        return sql, values

    def _hot(self, thing: Thing, name: str, window: Window, cut: int, hidden: Hidden) -> list[Instance]:
        number = self._name(name)
        if number is None:
            return []
        column, low, high = self.bounds(window)
        narrow, values = self.narrowed(window, hidden)
        order = "DESC" if window.last else "ASC"
        sql = (
            f"SELECT {COLUMNS} FROM history h WHERE h.n = ? AND h.attr = ? AND h.{column} >= ? AND h.{column} < ? "
            f"AND h.seq > ?{narrow} ORDER BY h.{column} {order}, h.seq {order}, h.dataset {order} LIMIT ?"
        )
        limit = min(window.limit + 1, FOREVER)
        found = self._rows(sql, (thing.n, number, low, high, cut, *values, limit))
        made = [self._instance(name, number, *row) for row in found]
        return made[::-1] if window.last else made

    def _instance(
        self, name: str, number: int, seq: int, part: int, at: int, moment: int, observed: int, op: int, value: Any
    ) -> Instance:
        content = orjson.loads(value) if value else null_of({})
        id = f"urn:ngsi-ld:Instance:{seq}-{number}-{part}"
        return Instance(id, name, self._text(part), at, at, moment, bool(observed), op in GOING, content)

    def _corrected(self, thing: Thing, name: str, window: Window, hidden: Hidden) -> list[Instance]:
        """Amended instances that lie in the window."""
        number = self._name(name)
        _, low, high = self.bounds(window)
        found = []
        for seq, attr, part, _, at, moment, observed, op, value, modified in hidden.amended.get(
            (thing.n, number or 0), ()
        ):
            content, dataset = orjson.loads(value), self._text(part)
            id = f"urn:ngsi-ld:Instance:{seq}-{attr}-{part}"
            one = Instance(id, name, dataset, at, modified, moment, bool(observed), False, content)
            forgotten = any(
                skip.entity == thing.id
                and skip.attribute in ("", name)
                and skip.dataset in (None, dataset)
                and skip.seq >= seq
                for skip in hidden.skips
            )
            timed = not window.timed or window.by != "observedAt" or one.observed
            wanted = op != STRUCK and window.by != "deletedAt" and low <= one.at(window.by) < high
            if wanted and timed and not forgotten and (window.datasets is None or dataset in window.datasets):
                found.append(one)
        return found

    # -- closed days

    def reading(
        self,
        things: Sequence[Thing],
        attributes: Sequence[str],
        window: Window,
        days: Sequence[DayFile],
        hidden: Hidden,
    ) -> Reading | None:
        """What to read of the files of closed days; None: nothing."""
        column, low, high = self.bounds(window)
        spans = [
            (day, (day.first_at, day.last_at) if column == "at" else (day.first_moment, day.last_moment))
            for day in days
            if not day.dropped
        ]
        names = [day.name for day, (first, last) in spans if last >= low and first < high]
        if not names or not things:
            return None
        return Reading(
            names,
            self._tenant,
            [thing.id for thing in things],
            attributes,
            "written" if column == "at" else "moment",
            low,
            high,
            window.timed and window.by == "observedAt",
            window.by == "deletedAt",
            None if window.datasets is None else sorted(window.datasets),
            hidden.skips,
        )

    def _closed(
        self,
        things: Sequence[Thing],
        attributes: Sequence[str],
        window: Window,
        days: Sequence[DayFile],
        hidden: Hidden,
    ) -> dict[str, dict[str, list[Instance]]]:
        """Instances from closed days, by entity and attribute."""
        reading = self.reading(things, attributes, window, days, hidden)
        found: dict[str, dict[str, list[Instance]]] = {}
        if reading is None:
            return found
        limit = min(window.limit + 1 + len(hidden.struck), FOREVER)
        for entity, name, _, seq, part, at, moment, observed, op, _, value in files.rows(
            self._open(), reading, limit, bool(window.last)
        ):
            number = self._name(name)
            if number is None or (seq, number, part) in hidden.struck:
                continue
            instance = self._instance(name, number, seq, part, at, moment, observed, op, value)
            found.setdefault(entity, {}).setdefault(name, []).append(instance)
        return found
