"""Things of one kind as columns, and the NGSI-LD dictionaries made of them. Arrays in, plain dictionaries out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

Attributes = dict[str, Any]


def stamp(moment: datetime) -> str:
    """A moment as NGSI-LD writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def urn(kind: str, code: str, number: int) -> str:
    """The id of the ``number``-th thing of a kind in the city with a short ``code``."""
    return f"urn:ngsi-ld:{kind}:{code}-{number:06d}"


def number_of(id: str) -> int:
    """The number in an id made by :func:`urn`; -1 for another id."""
    tail = id.rsplit("-", 1)[-1]
    return int(tail) if tail.isdigit() else -1


def prop(value: Any, at: str = "", unit: str = "") -> Attributes:
    """A Property: NumPy numbers become plain ones."""
    if hasattr(value, "item"):
        value = value.item()
    found: Attributes = {"type": "Property", "value": value}
    if unit:
        found["unitCode"] = unit
    if at:
        found["observedAt"] = at
    return found


def point(lon: float, lat: float, at: str = "") -> Attributes:
    """A GeoProperty of a point, rounded to about a decimetre."""
    return shape({"type": "Point", "coordinates": [round(float(lon), 6), round(float(lat), 6)]}, at)


def shape(geometry: Mapping[str, Any], at: str = "") -> Attributes:
    """A GeoProperty of any GeoJSON geometry."""
    found: Attributes = {"type": "GeoProperty", "value": geometry}
    if at:
        found["observedAt"] = at
    return found


def relation(target: str) -> Attributes:
    """A Relationship."""
    return {"type": "Relationship", "object": target}


def roster(
    kind: str,
    code: str,
    names: Sequence[str],
    lon: Sequence[float],
    lat: Sequence[float],
    units: Sequence[UUID | None],
    columns: Mapping[str, Sequence[Any]],
    at: str,
) -> list[Attributes]:
    """Entities 0..n-1 of a kind with name, location and unit.

    ``columns`` hold one value per entity: plain values become Properties observed ``at``; dictionaries are taken as
    they are; None is left out.
    """
    made = []
    for i, name in enumerate(names):
        entity: Attributes = {"id": urn(kind, code, i), "type": kind, "name": prop(name)}
        entity["location"] = point(lon[i], lat[i])
        unit = units[i]
        if unit is not None:
            entity["unit"] = relation(f"urn:ngsi-ld:Unit:{unit}")
        for key, column in columns.items():
            value = column[i]
            if value is not None:
                entity[key] = value if isinstance(value, dict) and "type" in value else prop(value, at)
        made.append(entity)
    return made


def figure(key: str, value: float, of: float | None, at: str) -> Attributes:
    """A figure of the whole city, kept as a thing so that it has a past: ``key`` names it."""
    entity: Attributes = {"id": figure_id(key), "type": "CityFigure", "value": prop(value, at)}
    if of is not None:
        entity["of"] = prop(of, at)
    return entity


def figure_id(key: str) -> str:
    """The id of a figure."""
    return f"urn:ngsi-ld:CityFigure:{key}"
