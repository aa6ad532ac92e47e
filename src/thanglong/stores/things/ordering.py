"""Entities in an order of their values (clause 4.23): by what the index knows of them, or by distance."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import orjson

from thanglong.formats.ngsild.collation import Key, collator
from thanglong.kit.ports import Area, Order
from thanglong.stores.things import rows, space
from thanglong.stores.things.names import Rows
from thanglong.stores.things.states import ALIVE, stamps_of
from thanglong.stores.things.terms import Sql, marks

# the order of kinds of values (clause 4.23.2); what has no such attribute comes last, whatever the direction
NUMBER, TEXT, OBJECT, BOOLEAN, TIME, DATE, MOMENT, NO_GEOMETRY = range(8)
DATE_FORM = re.compile(r"\d{4}-\d\d-\d\d\Z")
TIME_FORM = re.compile(r"\d\d:\d\d(:\d\d)?")


class Asked(Protocol):
    """What ordering needs of the finder of a query."""

    tenant: int | None
    rows: Rows
    types: list[int]

    def name(self, text: str) -> int | None:
        """The number of a name."""

    def numbered(self, numbers: Sequence[int]) -> Sql:
        """A select of these numbers as ``n``."""

    def boxes(self, attribute: int, box: space.Bounds | None) -> Sql:
        """A select ``n, lon, lat, shape`` of GeoProperties."""

    def all_types(self) -> list[int]:
        """Numbers of all types the tenant has entities of."""


def ordered(finder: Asked, orders: Sequence[Order], collation: str, found: Sequence[Any]) -> list[int]:
    """The numbers of the entities ``found`` (number, id) in order; those that tie, by id."""
    numbers = [n for n, _ in sorted(found, key=lambda row: row[1])]
    collate = collator(collation)
    for order in reversed(orders):
        keys = _distances(finder, order) if order.near is not None else {}
        for n, key in _values(finder, order, numbers, collate, dict(found)).items():
            keys.setdefault(n, (NO_GEOMETRY, *key) if order.near is not None else key)
        there = [n for n in numbers if n in keys]
        there.sort(key=keys.__getitem__, reverse=order.descending)
        numbers = [*there, *(n for n in numbers if n not in keys)]
    return numbers


def _values(
    finder: Asked, order: Order, numbers: Sequence[int], collate: Callable[[str], Key], ids: dict[int, str]
) -> dict[int, Key]:
    if order.path == "id":
        return {n: (TEXT, collate(ids[n])) for n in numbers}
    chosen, values = finder.numbered(numbers)
    if order.path in ("createdAt", "modifiedAt"):
        column = "created" if order.path == "createdAt" else "modified"
        sql = f"SELECT e.n, e.{column} FROM ({chosen}) p CROSS JOIN entity e WHERE e.n = p.n"
        return {n: (MOMENT, at) for n, at in finder.rows(sql, values)}
    head, _, tail = order.path.rpartition(".")
    if tail in ("createdAt", "modifiedAt"):
        sql = f"SELECT e.n, e.created, e.state, e.stamps FROM ({chosen}) p CROSS JOIN entity e WHERE e.n = p.n"
        found = finder.rows(sql, values)
        stamps = {
            n: stamps_of(text, orjson.loads(state), created, ALIVE).get(head) for n, created, state, text in found
        }
        return {n: (MOMENT, pair[tail == "modifiedAt"]) for n, pair in stamps.items() if pair}
    attribute = finder.name(order.path)
    kinds = finder.types or finder.all_types()
    if attribute is None or not kinds:
        return {}
    sql = (
        "SELECT a.n, a.number, a.text, a.time FROM "
        f"({chosen}) p CROSS JOIN attribute a WHERE a.tenant = ? AND a.type IN ({marks(kinds)}) AND a.attr = ? "
        "AND a.n = p.n ORDER BY a.dataset DESC, a.ordinal DESC"
    )
    found = finder.rows(sql, [*values, finder.tenant, *kinds, attribute])
    return {n: _key(number, text, time, collate) for n, number, text, time in found}


def _key(number: float | None, text: str | None, time: int | None, collate: Callable[[str], Key]) -> Key:
    if number is not None:
        return NUMBER, float(number)
    if text is None:
        return (OBJECT,)
    if text in (rows.TRUE, rows.FALSE):
        return BOOLEAN, text
    if time is not None:
        return MOMENT, time
    if DATE_FORM.match(text):
        return DATE, text
    return (TIME, text) if TIME_FORM.match(text) else (TEXT, collate(text))


def _distances(finder: Asked, order: Order) -> dict[int, Key]:
    """Metres from the geometry of the order to every entity's attribute."""
    import shapely

    number = finder.name(order.path)
    if number is None or order.near is None:
        return {}
    shape = space.geometry(Area("near", order.near))
    found = finder.rows(*finder.boxes(number, None))
    shapes = [
        shapely.Point(lon, lat) if lon is not None else shapely.from_geojson(text)
        for _, lon, lat, text in found
    ]  # fmt: skip
    if not shapes:
        return {}
    ends = shapely.get_coordinates(shapely.shortest_line(shapes, shape))
    metres = space.distance(ends[::2, 0], ends[::2, 1], ends[1::2, 0], ends[1::2, 1])
    return {int(row[0]): (NUMBER, float(far)) for row, far in zip(found, metres, strict=True)}
