"""Whether one entity, given as a dictionary, would be found by a query: the same meaning as the SQL of the finder.

Readers of the change log judge each written entity this way (subscriptions), without asking the database.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from thanglong.kit.errors import N_, Invalid
from thanglong.kit.ports import AllOf, Area, Condition, Linked, Term, ThingQuery
from thanglong.stores.things import rows, space
from thanglong.stores.things.rows import Leaf
from thanglong.stores.things.states import attributes_of, types_of
from thanglong.stores.things.terms import checked_pattern

Entity = Mapping[str, Any]
Judge = Callable[..., bool]
Get = Callable[[Sequence[str]], Mapping[str, Entity]]
Leaves = Callable[[str], Sequence[Leaf]]
Test = Callable[[Leaves], bool]
LEAVES = "leaves"
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def matcher(query: ThingQuery, get: Get | None = None, *, apart: bool = False) -> Judge:
    """A function that says whether an entity in the platform's form holds all criteria of a query but the page's.

    ``get`` fetches the entities that Relationships lead to; ``apart`` as in :func:`leaves_of`. Its second argument,
    a dictionary, lets several judges of one entity share what they know of it. Invalid for a pattern or area that
    cannot be.
    """
    tests = [*_plain(query), *(_spatial(area) for area in _areas(query))]
    conditions: list[Condition] = [Term(*term) for term in query.q]
    if query.where is not None:
        conditions.append(query.where)
    compiled = [_condition(condition, get) for condition in conditions]

    def judge(entity: Entity, shared: dict[str, Any] | None = None) -> bool:
        for plain in tests:
            if not plain(entity):
                return False
        if not compiled:
            return True
        leaves = None if shared is None else shared.get(LEAVES)
        if leaves is None:
            leaves = leaves_of(entity, apart)
            if shared is not None:
                shared[LEAVES] = leaves
        return all(test(leaves) for test in compiled)

    return judge


def leaves_of(entity: Entity, apart: bool = False) -> Leaves:
    """The index rows of an entity by path, each attribute looked at once and only when asked for.

    ``apart``: instances of an attribute stand side by side whatever their data set, as in its past.
    """
    known: dict[str, dict[str, list[Leaf]]] = {}

    def leaves(path: str) -> Sequence[Leaf]:
        if path == "@type":
            return [Leaf(path, "", 0, text=rows.key_text(name)) for name in types_of(entity)]
        for name in _roots(path, entity):
            if name not in known:
                found: dict[str, list[Leaf]] = {}
                for part in rows.instances(entity[name]) if apart else [entity[name]]:
                    for leaf in rows.leaves(name, part).values():
                        found.setdefault(leaf.path, []).append(leaf)
                known[name] = found
            if path in known[name]:
                return known[name][path]
        return ()

    return leaves


def _roots(path: str, entity: Entity) -> list[str]:
    """The attributes of an entity a path may begin with: names may hold dots and brackets themselves."""
    if path in entity:
        return [path]
    return [name for name, _ in attributes_of(entity) if path.startswith(name) and path[len(name)] in ".["]


def _plain(query: ThingQuery) -> list[Judge]:
    tests: list[Judge] = []
    if query.types:
        kinds = frozenset(query.types)
        tests.append(lambda entity: not kinds.isdisjoint(types_of(entity)))
    if query.ids:
        ids = frozenset(query.ids)
        tests.append(lambda entity: entity["id"] in ids)
    if query.id_prefix:
        tests.append(lambda entity: str(entity["id"]).startswith(query.id_prefix))
    if query.id_pattern:
        pattern = re.compile(checked_pattern(query.id_pattern))
        tests.append(lambda entity: pattern.search(entity["id"]) is not None)
    return tests


# -- conditions


def _condition(condition: Condition, get: Get | None) -> Test:
    if isinstance(condition, Term):
        return _term(condition)
    if isinstance(condition, Linked):
        return _linked(condition, get)
    parts = [_condition(part, get) for part in condition.parts]
    if isinstance(condition, AllOf):
        return lambda leaves: all(part(leaves) for part in parts)
    return lambda leaves: any(part(leaves) for part in parts)


def _linked(condition: Linked, get: Get | None) -> Test:
    if get is None:
        raise Invalid(N_("A condition on linked entities needs the entities; it cannot be judged on one alone."))
    part, kinds = _condition(condition.part, get), frozenset(condition.types)

    def test(leaves: Leaves) -> bool:
        targets = list(dict.fromkeys(leaf.ref for leaf in leaves(condition.attribute) if leaf.ref is not None))
        return any(
            (not kinds or not kinds.isdisjoint(types_of(entity))) and part(leaves_of(entity))
            for entity in (get(targets) if targets else {}).values()
        )

    return test


def _term(term: Term) -> Test:
    path, operator = term.attribute, term.operator
    if operator == "exists":
        return lambda leaves: bool(leaves(path))
    if operator == "missing":
        return lambda leaves: not leaves(path)
    plain = {"!=": "==", "!~=": "~="}.get(operator)
    holds = _value_test(plain or operator, term.value)
    if plain:
        return lambda leaves: bool(leaves(path)) and not any(holds(leaf) for leaf in leaves(path))
    return lambda leaves: any(holds(leaf) for leaf in leaves(path))


def _value_test(operator: str, value: Any) -> Callable[[Leaf], bool]:
    if operator == "~=":
        pattern = re.compile(checked_pattern(str(value)))
        return lambda leaf: leaf.text is not None and leaf.ref is None and pattern.search(leaf.text) is not None
    if isinstance(value, list):
        some = [_value_test(operator, item) for item in value]
        return lambda leaf: any(test(leaf) for test in some)
    if isinstance(value, tuple):
        low, high = _value_test(">=", value[0]), _value_test("<=", value[1])
        return lambda leaf: low(leaf) and high(leaf)
    return _scalar_test(operator, value)


def _scalar_test(operator: str, value: Any) -> Callable[[Leaf], bool]:
    compare = COMPARE[operator]
    if isinstance(value, bool):
        wanted = rows.TRUE if value else rows.FALSE
        return lambda leaf: operator == "==" and leaf.text == wanted
    if isinstance(value, (int, float)):
        return lambda leaf: leaf.number is not None and compare(leaf.number, value)
    if isinstance(value, datetime):
        at = rows.micros(value)
        return lambda leaf: leaf.time is not None and compare(leaf.time, at)
    text = rows.key_text(str(value)).encode()
    ordered = operator != "=="

    def holds(leaf: Leaf) -> bool:
        if leaf.text is None or (ordered and (leaf.ref is not None or leaf.text in (rows.TRUE, rows.FALSE))):
            return False
        return compare(leaf.text.encode("utf-8", "replace"), text)

    return holds


# -- space


def _areas(query: ThingQuery) -> list[Area]:
    found = [] if query.area is None else [query.area]
    if query.near is not None:
        lon, lat, metres = query.near
        found.append(Area("near", {"type": "Point", "coordinates": [lon, lat]}, most=metres))
    if query.box is not None:
        west, south, east, north = query.box
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        found.append(Area("intersects", {"type": "Polygon", "coordinates": [ring]}))
    return found


def _spatial(area: Area) -> Judge:
    shape = space.geometry(area)
    space.bounds(area, shape)  # Invalid for an unknown relation

    def judge(entity: Entity) -> bool:
        if area.attribute not in entity:
            return False
        candidates: list[space.Candidate] = []
        for instance in rows.instances(entity[area.attribute]):
            # any instance of the attribute is enough, so its data set does not matter
            place = rows.place({key: value for key, value in instance.items() if key != "datasetId"})
            if place is not None:
                point = place.shape is None
                text = None if point else orjson.dumps(place.shape).decode()
                candidates.append((0, place.west if point else None, place.south if point else None, text))
        return bool(space.keep(area, shape, candidates))

    return judge
