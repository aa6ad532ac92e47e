"""How a query is answered: by the most selective index range, or by walking the ids and testing each entity.

A range is counted first, up to a bound. A short one drives the query (its entities are fetched, tested against the
other criteria, sorted). If all are long, the ids are walked in order and the walk ends as soon as the page is full.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from thanglong.kit import clock
from thanglong.kit.errors import N_, Invalid
from thanglong.kit.ports import AllOf, AnyOf, Area, Condition, Term, ThingQuery
from thanglong.stores.things import ordering, space
from thanglong.stores.things.names import Rows
from thanglong.stores.things.terms import Sql, Terms, after_prefix, checked_pattern, literal_prefix, marks

PROBE = 20_000
SAMPLE = 200
"""Entities of a range that are tested to learn how many of it pass."""
CLUSTERED = 4
"""What stands together often has neighbouring ids: so much further the walk is reckoned to go for a place."""
NAMED = "x.id"
"""Stands in a test that needs the id of the entity and not only its number."""
MOST_ORDERED = 200_000


class Finder(ABC):
    """One query on one store; a subclass knows the dialect (placeholders are ``?``).

    ``rows`` runs a select, ``name`` gives the number of an interned name or None when it was never written.
    """

    REGEX = ""
    BARE = "a.{}"

    def __init__(self, query: ThingQuery, tenant: int | None, rows: Rows, name: Callable[[str], int | None]) -> None:
        self.query = query
        self.tenant = tenant
        self.rows = rows
        self.name = name
        self.types: list[int] = []
        self._places: list[Sql] = []

    @abstractmethod
    def among(self, column: str, values: Sequence[str]) -> Sql:
        """A boolean expression: the column is one of many texts."""

    @abstractmethod
    def numbered(self, numbers: Sequence[int]) -> Sql:
        """A select of these numbers as ``n``."""

    @abstractmethod
    def boxes(self, attribute: int, box: space.Bounds | None) -> Sql:
        """A select ``n, lon, lat, shape`` of GeoProperties whose bounds meet the box (None: all)."""

    def find(self) -> list[Any]:
        """The states, in the order of ids or of the query."""
        if self.query.order:
            return self._ordered()
        plan = self._plan()
        if plan is None:
            return []
        source, values = self._page(*plan)
        return [
            row[0]
            for row in self.rows(
                f"SELECT e.state FROM ({source}) p CROSS JOIN entity e WHERE e.n = p.n ORDER BY p.id", values
            )
        ]

    def _ordered(self) -> list[Any]:
        """The states of a page in the order the query wants: all that hold are ordered by what the index knows."""
        plan = self._plan(whole=True)
        if plan is None:
            return []
        source, values = self._whole(*plan)
        found = self.rows(f"SELECT p.n, p.id FROM ({source}) p LIMIT {MOST_ORDERED + 1}", values)
        if len(found) > MOST_ORDERED:
            raise Invalid(N_("Too many entities to put in order; narrow the question."))
        query = self.query
        sorted_numbers = ordering.ordered(self, query.order, query.collation, found)
        page = sorted_numbers[query.offset : query.offset + query.limit]
        sql, chosen = self.numbered(page)
        states = dict(self.rows(f"SELECT e.n, e.state FROM ({sql}) p CROSS JOIN entity e WHERE e.n = p.n", chosen))
        return [states[n] for n in page if n in states]

    def _whole(self, driver: Sql | None, tests: list[Sql]) -> Sql:
        if driver is not None:
            return self._driven(driver, tests)
        return _union([self._walk(kind, tests) for kind in self._walks()])

    def count(self) -> int:
        """How many there are, whatever ``limit``, ``offset`` and ``after``."""
        if self._only_types():
            return self._tally()
        plan = self._plan(whole=True)
        if plan is None:
            return 0
        source, values = self._whole(*plan)
        return int(self.rows(f"SELECT count(*) FROM ({source}) p", values)[0][0])

    # -- what to do

    def _plan(self, whole: bool = False) -> tuple[Sql | None, list[Sql]] | None:
        """The driving select (None: walk the ids) and the tests on ``x``; None when nothing can hold.

        ``whole``: all that hold are wanted, not a page of them.
        """
        query = self.query
        if self.tenant is None:
            return None
        self.types = [number for kind in query.types if (number := self.name(kind)) is not None]
        if query.types and not self.types:
            return None
        everything = self.all_types()
        compiler = Terms(self.tenant, self.types or everything, self.name, self.REGEX, self.BARE, everything)
        tests = [(compiler.test(condition), compiler.drive(condition)) for condition in self._conditions()]
        if not self._spatial(tests):
            return None
        if query.ids:
            return None, [*self._id_tests(), *(test for test, _ in tests)]
        ranges = sorted(
            ((self._size(drive), drive, test) for test, drive in tests if drive is not None), key=lambda item: item[0]
        )
        # what few entities pass is tested first, what has no range last
        ordered = [*(test for _, _, test in ranges), *(test for test, drive in tests if drive is None)]
        if not self._drives(ranges, ordered[1:], whole):
            return None, [*self._id_tests(), *ordered]
        return ranges[0][1], [*self._id_tests(), *ordered[1:]]

    def _drives(self, ranges: Sequence[tuple[int, Sql, Sql]], others: Sequence[Sql], whole: bool) -> bool:
        """Whether the shortest range is to drive the query, or walking the ids finds the page sooner.

        Driving tests every entity of the range, then fetches and sorts those that pass. Walking tests one entity after
        the other until the page is full: as many as the page holds, divided by the share of entities that pass all.
        """
        if not ranges:
            return False
        total, (size, drive, _) = max(self._total(), 1), ranges[0]
        if whole:
            return size <= total
        if size > PROBE:
            return False
        page, passing = self.query.limit + self.query.offset, float(size)
        if size > SAMPLE and others:
            passing *= self._share(drive, others)
        walked = page * total / max(passing, 1.0)
        if self._of_place(drive):
            walked *= CLUSTERED
        return size <= min(walked, total)

    def _of_place(self, drive: Sql) -> bool:
        return any(drive is one for one in self._places)

    def _share(self, drive: Sql, tests: Sequence[Sql]) -> float:
        """The share of a range's entities that pass the other tests, by the first few; never 0."""
        some = (f"SELECT * FROM ({drive[0]}) o LIMIT {SAMPLE}", drive[1])
        sql, values = self._passing(some, tests)
        return max(int(self.rows(f"SELECT count(*) FROM ({sql}) c", values)[0][0]), 1) / SAMPLE

    def _total(self) -> int:
        kinds = f" AND type IN ({marks(self.types)})" if self.types else ""
        return int(
            self.rows(f"SELECT coalesce(sum(count), 0) FROM tally WHERE tenant = ?{kinds}", [self.tenant, *self.types])[
                0
            ][0]
        )

    def _conditions(self) -> Iterable[Condition]:
        found: list[Condition] = [Term(*term) for term in self.query.q]
        if self.name("expiresAt") is not None:
            # transient entities whose time is over are gone, also before they are swept out
            found.append(AnyOf([Term("expiresAt", "missing"), Term("expiresAt", ">", clock.now())]))
        where = self.query.where
        if isinstance(where, AllOf):
            found.extend(where.parts)
        elif where is not None:
            found.append(where)
        return found

    def _spatial(self, tests: list[tuple[Sql, Sql | None]]) -> bool:
        """Add the spatial criteria; False when nothing can hold them."""
        query = self.query
        if query.box is not None:
            number = self.name("location")
            if number is None:
                return False
            sql, values = self.boxes(number, query.box)
            drive = (f"SELECT b.n FROM ({sql}) b", values)
            tests.append(((f"x.n IN ({drive[0]})", values), drive))
            self._places.append(drive)
        for area in self._areas():
            number = self.name(area.attribute)
            if number is None:
                return False
            shape = space.geometry(area)
            found = space.keep(area, shape, self.rows(*self.boxes(number, space.bounds(area, shape))))
            if not found:
                return False
            drive = self.numbered(found)
            tests.append(((f"x.n IN ({drive[0]})", drive[1]), drive))
            self._places.append(drive)
        return True

    def _areas(self) -> Iterable[Area]:
        if self.query.area is not None:
            yield self.query.area
        if self.query.near is not None:
            lon, lat, metres = self.query.near
            yield Area("near", {"type": "Point", "coordinates": [lon, lat]}, most=metres)

    def _size(self, drive: Sql) -> int:
        sql, values = drive
        return int(self.rows(f"SELECT count(*) FROM (SELECT 1 FROM ({sql}) d LIMIT {PROBE + 1}) c", values)[0][0])

    def _id_tests(self) -> list[Sql]:
        query, found = self.query, list[Sql]()
        if query.ids:
            found.append(self.among("x.id", query.ids))
        if query.id_prefix:
            found.append(("x.id >= ? AND x.id < ?", [query.id_prefix, after_prefix(query.id_prefix)]))
        if query.id_pattern:
            pattern = checked_pattern(query.id_pattern)
            if prefix := literal_prefix(pattern):
                found.append(("x.id >= ? AND x.id < ?", [prefix, after_prefix(prefix)]))
            found.append((self.REGEX.format("x.id"), [pattern]))
        return found

    def _only_types(self) -> bool:
        query = self.query
        others = (query.ids, query.id_prefix, query.q, query.box, query.near, query.where, query.area, query.id_pattern)
        return len(query.types) <= 1 and not any(others) and self.name("expiresAt") is None

    def _tally(self) -> int:
        if not self.query.types:
            return int(
                self.rows("SELECT count(*) FROM entity x WHERE x.tenant = ? AND x.alive = 1", [self.tenant])[0][0]
            )
        kind = self.name(self.query.types[0])
        return sum(
            int(row[0])
            for row in self.rows("SELECT t.count FROM tally t WHERE t.tenant = ? AND t.type = ?", [self.tenant, kind])
        )

    def all_types(self) -> list[int]:
        """Numbers of all types the tenant has entities of."""
        return [row[0] for row in self.rows("SELECT type FROM tally WHERE tenant = ? AND count > 0", [self.tenant])]

    # -- SQL

    def _walks(self) -> list[int | None]:
        return list(self.types) if self.types and not self.query.ids else [None]

    def _page(self, driver: Sql | None, tests: list[Sql]) -> Sql:
        query = self.query
        if query.after:
            tests = [*tests, ("x.id > ?", [query.after])]
        if driver is not None:
            sql, values = self._driven(driver, tests)
            return f"{sql} ORDER BY x.id LIMIT ? OFFSET ?", [*values, query.limit, query.offset]
        parts = []
        for kind in self._walks():
            sql, values = self._walk(kind, tests)
            parts.append((f"{sql} ORDER BY x.id LIMIT ?", [*values, query.limit + query.offset]))
        sql, values = _union([(f"SELECT * FROM ({sql}) w", values) for sql, values in parts])
        return f"SELECT u.n, u.id FROM ({sql}) u ORDER BY u.id LIMIT ? OFFSET ?", [*values, query.limit, query.offset]

    def _driven(self, driver: Sql, tests: list[Sql]) -> Sql:
        passing, values = self._passing(driver, tests)
        sql = f"SELECT DISTINCT x.n, x.id FROM ({passing}) d CROSS JOIN entity x WHERE x.n = d.n"
        named = [test for test in tests if NAMED in test[0]]
        # ranges of attributes hold entities of the types asked for and no others; places do not tell types
        sql, values = f"{sql} AND x.tenant = ? AND x.alive = 1", [*values, self.tenant]
        return self._tested(sql, values, named, self._of_place(driver))

    def _passing(self, driver: Sql, tests: Sequence[Sql]) -> Sql:
        """The numbers of a range that pass the tests for which the entity itself need not be fetched."""
        sql, values = f"SELECT x.n FROM ({driver[0]}) x WHERE 1 = 1", list(driver[1])
        return self._tested(sql, values, [test for test in tests if NAMED not in test[0]], False)

    def _walk(self, kind: int | None, tests: list[Sql]) -> Sql:
        if kind is None:
            sql = "SELECT x.n, x.id FROM entity x WHERE x.tenant = ? AND x.alive = 1"
            return self._tested(sql, [self.tenant], tests, bool(self.types))
        sql = "SELECT x.n, x.id FROM kind x WHERE x.tenant = ? AND x.type = ?"
        return self._tested(sql, [self.tenant, kind], tests, False)

    def _tested(self, sql: str, values: list[Any], tests: list[Sql], by_type: bool) -> Sql:
        if by_type and self.types:
            kinds = f"k.tenant = ? AND k.type IN ({marks(self.types)}) AND k.id = x.id"
            # the first type stands in the entity's own row: only one that has several needs the look aside
            typed = f"(x.type IN ({marks(self.types)}) OR EXISTS (SELECT 1 FROM kind k WHERE {kinds}))"
            tests = [*tests, (typed, [*self.types, self.tenant, *self.types])]
        for test, more in tests:
            sql, values = f"{sql} AND {test}", [*values, *more]
        return sql, values


def _union(parts: list[Sql]) -> Sql:
    return " UNION ".join(sql for sql, _ in parts), [value for _, values in parts for value in values]
