"""How the city database is asked: conditions, areas, orders, and the query they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Term:
    """One condition on an attribute. ``attribute`` may be a path: ``address[city]``, ``temperature.accuracy``.

    ``operator`` is one of ``== != < <= > >= ~= !~= exists missing``. ``value`` is a bool, number, string, aware
    datetime, a list of these (any of them; only with ``==`` and ``!=``) or a pair ``(low, high)`` as a tuple (a closed
    range, only with ``==`` and ``!=``).

    Two attributes stand for the entity itself: ``@type`` its types, ``scope`` its scopes (both only as texts).
    """

    attribute: str
    operator: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: "Sequence[Condition]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: "Sequence[Condition]"


@dataclass(frozen=True, slots=True)
class Linked:
    """An entity that the Relationship ``attribute`` points to holds ``part`` (and has one of ``types``, if given)."""

    attribute: str
    part: "Condition"
    types: Sequence[str] = ()


Condition = Term | AllOf | AnyOf | Linked


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is ordered by: the value at a path, or with ``near`` (a GeoJSON geometry) the distance from it."""

    path: str
    descending: bool = False
    near: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """A spatial criterion on one GeoProperty.

    ``relation`` is near (with ``least``/``most`` metres), within, intersects, contains, disjoint, equals or overlaps;
    ``geometry`` a GeoJSON geometry in degrees.
    """

    relation: str
    geometry: Mapping[str, Any]
    attribute: str = "location"
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class ThingQuery:
    """What to find: all criteria must hold. The answer is in the order of the entities' ids, or as ``order`` says.

    ``q`` is a list of terms ``(attribute, operator, value)`` as in :class:`Term`, all of which must hold, ``where`` a
    whole condition; ``box`` is west, south, east, north in degrees, ``near`` longitude, latitude, metres, both on
    ``location``; ``after`` the last entity id of the previous page.
    """

    types: Sequence[str] = ()
    ids: Sequence[str] = ()
    id_prefix: str = ""
    q: Sequence[tuple[str, str, Any]] = ()
    box: tuple[float, float, float, float] | None = None
    near: tuple[float, float, float] | None = None
    after: str = ""
    limit: int = 1000
    offset: int = 0
    where: Condition | None = None
    area: Area | None = None
    id_pattern: str = ""
    order: Sequence[Order] = ()
    collation: str = ""
