"""The network as a drawing: edges joined into streets, at four levels of detail."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from thanglong.domains.roads.types import Roads

# the classes the map style knows, by class of road; what carries traffic round or out of the city is told apart by name
DRAWN_AS = ("motorway", "radial", "main", "secondary", "street", "local")
RING_NAME = "Vành đai"
# from zoom: (highest class index drawn, tolerance of simplification in degrees)
DETAIL = ((14, 5, 0.0), (12, 5, 0.00004), (11, 4, 0.0001), (9, 3, 0.0003), (0, 2, 0.0012))
Feature = tuple[Any, Mapping[str, Any], int]


@dataclass(frozen=True, slots=True)
class _Level:
    tree: shapely.STRtree
    lines: Any
    properties: tuple[dict[str, Any], ...]


class Drawing:
    """Streets of a network, ready to be cut into tiles. Levels are made when first asked for."""

    def __init__(self, roads: Roads) -> None:
        self._streets = _streets(roads)
        self._levels: dict[int, _Level] = {}
        self._areas = [area for area in roads.areas if not area.polygon.is_empty]

    def roads(self, box: Any, zoom: int) -> Iterator[Feature]:
        """Streets that meet ``box`` with their class and, from zoom 12, name."""
        level = self._level(zoom)
        for i in level.tree.query(box, predicate="intersects").tolist():
            yield level.lines[i], level.properties[i], i + 1

    def areas(self, box: Any, zoom: int, kinds: tuple[str, ...]) -> Iterator[Feature]:
        """Areas of the named kinds that meet ``box``; narrow canals only from zoom 11, small ponds from zoom 10."""
        for i, area in enumerate(self._areas):
            fine = (area.kind == "canal" and zoom < 11) or (area.polygon.area < 2e-5 and zoom < 10)
            if area.kind in kinds and not fine and area.polygon.intersects(box):
                kind = "river" if area.kind == "canal" else area.kind
                yield area.polygon, {"name": area.name, "kind": kind}, i + 1

    def water_labels(self, box: Any, zoom: int) -> Iterator[Feature]:
        """A point in each water for its name; along a river one every few kilometres."""
        for i, area in enumerate(self._areas):
            if area.kind in ("river", "canal"):
                if zoom >= (10 if area.kind == "river" else 13):
                    for j, spot in enumerate(_along(area.polygon, 5 if zoom < 13 else 14)):
                        if spot.intersects(box):
                            yield spot, {"name": area.name}, (i + 1) * 100 + j
            elif area.kind == "lake" and (zoom >= 14 or area.polygon.area > 2e-5 * 4.0 ** (12 - zoom)):
                spot = area.polygon.representative_point()
                if spot.intersects(box):
                    yield spot, {"name": area.name}, (i + 1) * 100

    def _level(self, zoom: int) -> _Level:
        index = next(i for i, (start, _, _) in enumerate(DETAIL) if zoom >= start)
        if index not in self._levels:
            start, least, tolerance = DETAIL[index]
            kinds, names, lines = self._streets
            wanted = np.flatnonzero(kinds <= least)
            chosen = lines[wanted]
            if tolerance:
                chosen = shapely.simplify(chosen, tolerance)
            properties = tuple(
                {"class": _class(int(kinds[i]), names[i])} | ({"name": names[i].lstrip("*")} if start >= 12 else {})
                for i in wanted
            )
            self._levels[index] = _Level(shapely.STRtree(chosen), chosen, properties)
        return self._levels[index]


def _class(kind: int, name: str) -> str:
    if name.startswith("*"):
        return "bridge"
    if name.startswith(RING_NAME):
        return "ring"
    return DRAWN_AS[kind]


def _streets(roads: Roads) -> tuple[Any, list[str], Any]:
    """Edges of one class and name merged into lines: class per line, name per line (bridges marked *), lines."""
    ends = np.stack([np.column_stack([roads.lon[e], roads.lat[e]]) for e in (roads.u, roads.v)], axis=1)
    edges: Any = shapely.linestrings(np.round(ends, 6))
    code = (roads.kind * len(roads.names) + roads.name) * 2 + roads.bridge
    order = np.argsort(code, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(code[order])) + 1)
    merged = shapely.line_merge(shapely.multilinestrings(edges[order], indices=np.repeat(
        np.arange(len(groups)), [len(group) for group in groups])))  # fmt: skip
    lines, owner = shapely.get_parts(merged, return_index=True)
    heads = np.array([group[0] for group in groups])[owner]
    names = [("*" if roads.bridge[i] else "") + roads.names[roads.name[i]] for i in heads.tolist()]
    return roads.kind[heads], names, lines


def _along(polygon: Any, count: int) -> list[Any]:
    """Points in the middle of a long band, spread along its longer side."""
    ring = max(shapely.get_parts(polygon), key=lambda part: part.area).exterior
    points = shapely.get_coordinates(ring)[:-1]
    half = len(points) // 2
    left, right = points[:half], points[half : 2 * half][::-1]
    middle = (left + right) / 2
    steps = np.linspace(0, half - 1, count + 2).astype(int)[1:-1]
    spots = shapely.points(middle[steps])
    return [spot for spot in spots if spot.intersects(polygon)]
