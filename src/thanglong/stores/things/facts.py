"""What there is: types, their attributes, how many and of which kinds; fast on a million entities."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from thanglong.stores.things import rows
from thanglong.stores.things.terms import marks

SAMPLE = 50
"""Entities looked at from each end to say of which kinds an attribute is."""


class Facts:
    """The part of a things store that answers discovery."""

    @abstractmethod
    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]: ...

    @abstractmethod
    def _name(self, text: str) -> int | None: ...

    @abstractmethod
    def _tenant_id(self) -> int | None: ...

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
        found = {name for (name,) in self._rows(sql, (tenant, kind, tenant, kind))}
        return sorted(name for name in found if name not in rows.OWN and found.isdisjoint(_roots(name)))

    def attribute_count(self, attribute: str, types: Sequence[str]) -> int:
        """See ``kit.ports.ThingsStore``."""
        number, tenant = self._name(attribute), self._tenant_id()
        kinds = [kind for name in types if (kind := self._name(name)) is not None]
        if number is None or not kinds:
            return 0
        where = f"FROM attribute a WHERE a.tenant = ? AND a.type IN ({marks(kinds)}) AND a.attr = ? AND a.ordinal = 0"
        what = "SELECT count(*)" if len(kinds) == 1 else "SELECT count(*) FROM (SELECT DISTINCT a.n, a.dataset"
        sql = f"{what} {where}" if len(kinds) == 1 else f"{what} {where}) d"
        return int(self._rows(sql, (tenant, *kinds, number))[0][0])

    def attribute_kinds(self, attribute: str, type: str) -> list[str]:
        """See ``kit.ports.ThingsStore``."""
        number, tenant, kind = self._name(attribute), self._tenant_id(), self._name(type)
        found: set[str] = set()
        for order in ("ASC", "DESC"):
            some = (
                "SELECT DISTINCT a.n FROM attribute a WHERE a.tenant = ? AND a.type = ? AND a.attr = ? "
                f"ORDER BY a.n {order} LIMIT {SAMPLE}"
            )
            sql = f"SELECT e.state FROM ({some}) p CROSS JOIN entity e WHERE e.n = p.n"
            for (state,) in self._rows(sql, (tenant, kind, number)):
                value = orjson.loads(state).get(attribute)
                found |= {str(one["type"]) for one in rows.instances(value) if isinstance(one, dict) and "type" in one}
        return sorted(found)


def _roots(path: str) -> Iterable[str]:
    """The names a path into an attribute may begin with."""
    return (path[:end] for end in range(1, len(path)) if path[end] in ".[")
