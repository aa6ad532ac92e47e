"""Finding entities by their past: candidates are walked in the order of ids, a chunk at a time, until the page is full.

Whether a candidate has instances in the window is asked of the index of the past and of the day files; conditions on
values are judged on the instances in the window.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from thanglong.kit.past import Evolution, Window
from thanglong.kit.ports import AllOf, AnyOf, Condition, DayFile, Linked, Term, ThingQuery
from thanglong.stores.ops import STRUCK
from thanglong.stores.parquet import evolution as files
from thanglong.stores.things.evolution import Evolutions, Thing
from thanglong.stores.things.judge import matcher
from thanglong.stores.things.terms import Sql, marks

CHUNK = 500
JUDGED = 50
"""Candidates whose instances are read at once to judge a condition."""


class PastQueries(Evolutions):
    """``past_ids`` and ``past_count`` of ``kit.past.PastStore``."""

    def past_ids(self, query: ThingQuery, attributes: Sequence[str], window: Window) -> list[str]:
        """See ``kit.past.PastStore``."""
        return list(islice(self._matching(query, attributes, window), query.offset, query.offset + query.limit))

    def past_count(self, query: ThingQuery, attributes: Sequence[str], window: Window) -> int:
        """See ``kit.past.PastStore``."""
        return sum(1 for _ in self._matching(replace(query, after=""), attributes, window))

    def _matching(self, query: ThingQuery, attributes: Sequence[str], window: Window) -> Iterator[str]:
        if self._tenant_id() is None:
            return
        conditional = query.where is not None or query.area is not None or bool(query.q)
        judge, wanted = matcher(query, apart=True), _named(query)
        last = query.after
        while True:
            ids = self._candidates(query, last, JUDGED if conditional else CHUNK)
            if not ids:
                return
            last = ids[-1]
            present = self._present(ids, attributes, window)
            ids = [id for id in ids if id in present]
            if conditional:
                whole = replace(window, last=0, most=2**62)
                yield from (one.id for one in self.evolutions(ids, wanted, whole) if judge(_entity(one)))
            else:
                yield from (id for id in ids if judge({"id": id, "type": list(query.types)}))

    def _candidates(self, query: ThingQuery, after: str, most: int) -> list[str]:
        """The next ids, present or past, of the types asked for."""
        tests, more = "x.id > ?", list[Any]([after])
        if query.ids:
            among, values = self._among("x.id", query.ids)
            tests, more = f"{tests} AND {among}", [*more, *values]
        tenant = self._tenant_id()
        if not query.types:
            sql = f"SELECT x.id FROM entity x WHERE x.tenant = ? AND x.alive >= 0 AND {tests} ORDER BY x.id LIMIT ?"
            return [id for (id,) in self._rows(sql, (tenant, *more, most))]
        numbers = [number for kind in query.types if (number := self._name(kind)) is not None]
        parts: list[Sql] = []
        for table in ("kind", "former"):
            for number in numbers:
                sql = f"SELECT x.id FROM {table} x WHERE x.tenant = ? AND x.type = ? AND {tests} ORDER BY x.id LIMIT ?"
                parts.append((f"SELECT * FROM ({sql}) w", [tenant, number, *more, most]))
        if not parts:
            return []
        union = " UNION ".join(sql for sql, _ in parts)
        given = [value for _, values in parts for value in values]
        return [id for (id,) in self._rows(f"SELECT u.id FROM ({union}) u ORDER BY u.id LIMIT ?", (*given, most))]

    def _present(self, ids: Sequence[str], attributes: Sequence[str], window: Window) -> set[str]:
        """Which of some entities have instances in the window."""
        things = list(self._things(ids).values())

        def read(cut: int, days: Sequence[DayFile]) -> set[str]:
            found = self._hot_present(things, attributes, window, cut)
            left = [thing for thing in things if thing.id not in found]
            hidden = self._hidden(left)
            reading = self.reading(left, attributes, window, days, hidden)
            if reading is None:
                return found
            if hidden.struck:
                return found | {
                    one.id for one in self.evolutions(reading.entities, attributes, window) if one.instances
                }
            return found | files.present(self._open(), reading)

        found: set[str] = self._steady(read)
        return found

    def _hot_present(self, things: Sequence[Thing], attributes: Sequence[str], window: Window, cut: int) -> set[str]:
        if not things:
            return set()
        hidden = self._hidden(things)
        column, low, high = self.bounds(window)
        narrow, values = self.narrowed(window, hidden)
        numbers = [number for name in attributes if (number := self._name(name)) is not None]
        if attributes and not numbers:
            return set()
        keys = f"h.attr IN ({marks(numbers)})" if numbers else "h.attr > 0"
        source, listed = self._finder(ThingQuery()).numbered([thing.n for thing in things])
        sql = (
            f"SELECT x.n FROM ({source}) x WHERE EXISTS (SELECT 1 FROM history h WHERE h.n = x.n AND {keys} "
            f"AND h.{column} >= ? AND h.{column} < ? AND h.seq > ?{narrow})"
        )
        found = {n for (n,) in self._rows(sql, (*listed, *numbers, low, high, cut, *values))}
        found |= {n for (n, _), some in hidden.amended.items() if any(row[7] != STRUCK for row in some)}
        return {thing.id for thing in things if thing.n in found}


def _entity(one: Evolution) -> dict[str, Any]:
    """The past as one entity whose attributes have all their instances; its scopes are those it ever had."""
    found: dict[str, Any] = {"id": one.id, "type": list(one.types)}
    for name, instances in one.instances.items():
        if name == "scope":
            found["scope"] = [text for instance in instances for text in _texts(instance.content.get("value"))]
        else:
            found[name] = [instance.content for instance in instances if not instance.deleted]
    return {key: value for key, value in found.items() if value}


def _texts(value: Any) -> list[str]:
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]


def _named(query: ThingQuery) -> list[str]:
    """Names of the attributes a query's conditions may look at: every beginning of their paths."""
    found = [query.area.attribute] if query.area else []
    for path in [*(term[0] for term in query.q), *_paths(query.where)]:
        found += [path[:end] for end in range(1, len(path)) if path[end] in ".["] + [path]
    return list(dict.fromkeys(found)) or ["scope"]


def _paths(condition: Condition | None) -> Iterable[str]:
    if isinstance(condition, (AllOf, AnyOf)):
        return [path for part in condition.parts for path in _paths(part)]
    return [condition.attribute] if isinstance(condition, (Term, Linked)) else []
