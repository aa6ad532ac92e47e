"""Aggregates over the past: plain numbers are summed by the database over the index of the past alone, everything else
is read and summed here."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from thanglong.kit.past import Aggregate, Bucket, Instance, Period, Summary, Window
from thanglong.kit.ports import DayFile
from thanglong.stores.parquet import evolution as files
from thanglong.stores.things.evolution import FOREVER, GONE_OPS, Thing
from thanglong.stores.things.pastquery import PastQueries
from thanglong.stores.things.periods import Numbers, begin, index_of, summed

Ends = tuple[int, int]
Steps = tuple[int, int]
Groups = dict[tuple[str, str], list[Any]]
EVER = FOREVER // 2
"""Before every moment: steps of FOREVER from here are one period."""
FINE = 2000
"""From so many periods on the database sorts the rows into periods instead of summing one period after the other."""


class Aggregates(PastQueries):
    """``aggregates`` of ``kit.past.PastStore``."""

    def aggregates(
        self, ids: Sequence[str], attributes: Sequence[str], window: Window, methods: Sequence[str], period: Period
    ) -> list[Summary]:
        """See ``kit.past.PastStore``."""
        known = self._things(ids)
        things = [known[id] for id in dict.fromkeys(ids) if id in known]

        def read(cut: int, days: Sequence[DayFile]) -> list[Summary]:
            closed = _Closed(self, things, attributes, window, days)
            asked = _Asked(self, replace(window, last=0, most=FOREVER), methods, period, cut, closed)
            found = [self._summary(_Question(asked, thing), attributes) for thing in things]
            return [one for one in found if one.aggregates]

        found: list[Summary] = self._steady(read)
        return found

    def _summary(self, one: "_Question", attributes: Sequence[str]) -> Summary:
        thing, window = one.thing, one.asked.window
        names = list(attributes) or one.names()
        ends = {name: pair for name in names if (pair := one.ends(name)) is not None}
        if not ends:
            return Summary(thing.id, thing.types)
        _, low, high = self.bounds(window)
        start = low if window.since else min(first for first, _ in ends.values())
        end = high if window.until else max(last for _, last in ends.values())
        found: list[Aggregate] = []
        for name in ends:
            found += one.aggregates(name, start, end, ends[name])
        return Summary(thing.id, thing.types, found)


class _Closed:
    """What closed days hold of the entities of one question: asked of the files for all of them at once."""

    def __init__(
        self,
        store: Aggregates,
        things: Sequence[Thing],
        attributes: Sequence[str],
        window: Window,
        days: Sequence[DayFile],
    ) -> None:
        self._store, self._window = store, window
        self.hidden = store._hidden(things)
        self._reading = store.reading(things, attributes, window, days, self.hidden)
        self._sums: dict[Steps, Groups] = {}
        found = files.ends(store._open(), self._reading) if self._reading else []
        self.ends = {(entity, name): (first, last) for entity, name, first, last in found}

    def names(self, entity: str) -> list[str]:
        """The attributes an entity has in closed days."""
        return [name for of, name in self.ends if of == entity]

    def sums(self, entity: str, name: str, start: int, width: int) -> Sequence[Any]:
        """``files.sums`` of one attribute; steps that all entities share are summed for all of them at once."""
        if self._reading is None or (entity, name) not in self.ends:
            return ()
        if self._window.since is None and width != FOREVER:
            alone = self._reading._replace(entities=[entity], attributes=[name])
            return [row[2:] for row in files.sums(self._store._open(), alone, start, width)]
        if (start, width) not in self._sums:
            groups: Groups = defaultdict(list)
            for of, key, *row in files.sums(self._store._open(), self._reading, start, width):
                groups[of, key].append(row)
            self._sums[start, width] = groups
        return self._sums[start, width].get((entity, name), ())


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question about many entities."""

    store: Aggregates
    window: Window
    methods: Sequence[str]
    period: Period
    cut: int
    closed: _Closed

    @property
    def whole(self) -> bool:
        """Whether there is one period over everything."""
        return not self.period.months and not self.period.micros


class _Question:
    """What is asked of one entity."""

    def __init__(self, asked: _Asked, thing: Thing) -> None:
        self.asked, self.thing, self.store = asked, thing, asked.store
        self.hidden = asked.closed.hidden
        self.column, self.low, self.high = self.store.bounds(asked.window)
        narrow, self.values = self.store.narrowed(asked.window, self.hidden)
        self.narrow = f"{narrow} AND h.op NOT IN ({GONE_OPS})"

    def names(self) -> list[str]:
        """The attributes that have any instance."""
        names = [*self.store._attributes_of(self.thing, self.hidden), *self.asked.closed.names(self.thing.id)]
        return [name for name in dict.fromkeys(names) if name != "scope"]

    def ends(self, name: str) -> Ends | None:
        """The first and the last moment of an attribute in the window; None: there is none."""
        found: list[Ends] = []
        number = self.store._name(name)
        if number is not None:
            column = f"h.{self.column}"
            where = f"FROM history h WHERE h.n = ? AND h.attr = ? AND {column} >= ? AND {column} < ? AND h.seq > ?"
            where += self.narrow
            given = (self.thing.n, number, self.low, self.high, self.asked.cut, *self.values)
            first = self.store._rows(f"SELECT {column} {where} ORDER BY {column} LIMIT 1", given)
            last = self.store._rows(f"SELECT {column} {where} ORDER BY {column} DESC LIMIT 1", given)
            found += [(first[0][0], last[0][0])] if first and last else []
        if (self.thing.id, name) in self.asked.closed.ends:
            found.append(self.asked.closed.ends[self.thing.id, name])
        window = self.asked.window
        corrected = self.store._corrected(self.thing, name, window, self.hidden)
        found += [(one.at(window.by), one.at(window.by)) for one in corrected]
        return (min(row[0] for row in found), max(row[1] for row in found)) if found else None

    def aggregates(self, name: str, start: int, end: int, ends: Ends) -> list[Aggregate]:
        """The periods of an attribute, for each of its data sets."""
        whole, period = self.asked.whole, self.asked.period
        if not self.hidden.struck and not period.months and "distinctCount" not in self.asked.methods:
            width = period.micros
            numbers = self._numbers(name, -EVER, FOREVER, ends) if whole else self._numbers(name, start, width, ends)
            if numbers is not None:
                buckets = [
                    Bucket(
                        start if whole else start + index * width,
                        end if whole else start + (index + 1) * width,
                        numbers[index].values(self.asked.methods),
                    )
                    for index in sorted(numbers)
                ]
                return [Aggregate(name, "", "Property", buckets)]
        return self._read(name, start, end)

    def _read(self, name: str, start: int, end: int) -> list[Aggregate]:
        """By reading every instance."""
        whole, period, window = self.asked.whole, self.asked.period, self.asked.window
        found = self.store.evolutions([self.thing.id], [name], window)
        groups: dict[str, dict[int, list[Instance]]] = defaultdict(lambda: defaultdict(list))
        for one in found[0].instances.get(name, ()) if found else ():
            if not one.deleted:
                index = 0 if whole else index_of(period, start, one.at(window.by))
                groups[one.dataset][index].append(one)
        made = []
        for dataset, indexed in groups.items():
            kind = next(iter(indexed.values()))[0].content.get("type")
            buckets = [
                Bucket(
                    start if whole else begin(period, start, index),
                    end if whole else begin(period, start, index + 1),
                    summed(indexed[index], self.asked.methods),
                )
                for index in sorted(indexed)
            ]
            made.append(Aggregate(name, dataset, "Relationship" if kind == "Relationship" else "Property", buckets))
        return made

    def _numbers(self, name: str, start: int, width: int, ends: Ends) -> dict[int, Numbers] | None:
        """Sums by period where all instances are plain numbers of the default data set, else None."""
        found: dict[int, Numbers] = {}
        summed_up = self.asked.closed.sums(self.thing.id, name, start, width)
        for index, count, numbers, named, total, squares, least, most, spread in summed_up:
            if numbers != count or named:
                return None
            found.setdefault(index, Numbers()).join(Numbers(count, total, squares, least, most, spread))
        for index, count, numbers, dataset, *sums in self._hot_sums(name, start, width, ends):
            if numbers != count or dataset:
                return None
            if count:
                found.setdefault(index, Numbers()).join(_numbers_of(count, *sums))
        return found

    def _hot_sums(self, name: str, start: int, width: int, ends: Ends) -> list[tuple[int, ...]]:
        """``(period, rows, numbers, data set, sum, squares, least, most, centre, sum and squares from there)``."""
        number, column = self.store._name(name), self.column
        if number is None:
            return []
        value, centre = "h.number", self._centre(name)
        sums = ["count(*)", "count(h.number)", "max(h.dataset)", f"sum({value})"]
        sums.append(f"sum({value} * {value})" if "sumsq" in self.asked.methods else "0")
        extremes = not {"min", "max"}.isdisjoint(self.asked.methods)
        sums += [f"min({value})", f"max({value})"] if extremes else ["0", "0"]
        spread = "stddev" in self.asked.methods
        apart = f"({value} - {centre!r})"
        sums += [repr(centre), f"sum({apart})", f"sum({apart} * {apart})"] if spread else ["0", "0", "0"]
        range_of = f"h.{column} >= ? AND h.{column} < ? AND h.seq > ?"
        where = f"FROM history h WHERE h.n = ? AND h.attr = ? AND {range_of}{self.narrow}"
        given = (self.thing.n, number)
        first, last = (ends[0] - start) // width, (ends[1] - start) // width
        if last - first >= FINE or (not self.store.quick and last > first):
            sql = f"SELECT (h.{column} - {start}) / {width} AS period, {', '.join(sums)} {where} GROUP BY period"
            return self.store._rows(sql, (*given, self.low, self.high, self.asked.cut, *self.values))
        found = []
        sql = f"SELECT {', '.join(sums)} {where}"
        for index in range(first, last + 1):
            low = max(start + index * width, self.low)
            high = min(start + (index + 1) * width, self.high)
            found.append((index, *self.store._rows(sql, (*given, low, high, self.asked.cut, *self.values))[0]))
        return found

    def _centre(self, name: str) -> float:
        """A number near the mean, so that a spread keeps its digits: the first there is."""
        if "stddev" not in self.asked.methods:
            return 0.0
        sql = "SELECT h.number FROM history h WHERE h.n = ? AND h.attr = ? AND h.number IS NOT NULL LIMIT 1"
        found = self.store._rows(sql, (self.thing.n, self.store._name(name)))
        return float(found[0][0]) if found else 0.0


def _numbers_of(
    count: int, total: float, squares: float, least: float, most: float, centre: float, apart: float, spread: float
) -> Numbers:
    return Numbers(
        count, float(total), float(squares), float(least), float(most), float(spread) - float(apart) ** 2 / count
    )
