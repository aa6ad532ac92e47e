"""Hand-drawn roads and the first edges of the graph."""

from typing import Any

import numpy as np
import shapely

from thanglong.solve.city import CLASSES, Ints, Plane
from thanglong.solve.network.graph import MOTORWAY, Graph, middles
from thanglong.solve.network.land import Land, smooth
from thanglong.solve.network.sketch import Sketch

BRIDGE_REACH_M = 1500.0
JOIN_M = 320.0


def main_roads(sketch: Sketch, land: Land, plane: Plane) -> tuple[Graph, list[str]]:
    """Hand-drawn roads cut to the city and to dry land, joined where they cross, sampled into short edges."""
    names: list[str] = [""]
    pieces: list[Any] = []
    kinds: list[int] = []
    owners: list[int] = []
    gates = shapely.points([plane.xy(lon, lat) for _, lon, lat in sketch.bridges]) if sketch.bridges else None
    for line in sketch.lines:
        if line.name not in names:
            names.append(line.name)
        road = smooth(plane.to_plane(shapely.LineString(line.points)), 1).intersection(land.outline)
        dry = road.difference(land.water)
        wet = [
            piece
            for piece in shapely.get_parts(road.intersection(land.rivers))
            if gates is not None and piece.length > 1 and float(shapely.distance(gates, piece).min()) < BRIDGE_REACH_M
        ]
        whole = shapely.line_merge(shapely.union_all([dry, *wet]))
        for piece in shapely.get_parts(whole):
            if piece.geom_type == "LineString" and piece.length > 60:
                pieces.append(piece)
                kinds.append(CLASSES.index(line.kind))
                owners.append(names.index(line.name))
    noded = shapely.get_parts(shapely.union_all(pieces, grid_size=5.0))
    owner = _owner_of(noded, pieces, np.array(kinds))
    graph = Graph(np.empty((0, 2)))
    sample(graph, noded, np.array(kinds)[owner], np.array(owners)[owner], land, plane)
    _join_ends(graph, land)
    _name_bridges(graph, names, sketch, plane)
    return graph, names


def _owner_of(noded: Any, pieces: list[Any], kinds: Ints) -> Ints:
    """For each noded piece the drawn road it came from: among those along it, the one of the highest class."""
    middle = shapely.line_interpolate_point(noded, 0.5, normalized=True)
    part, road = shapely.STRtree(pieces).query(middle, predicate="dwithin", distance=8.0)
    best = np.argsort(-kinds[road], kind="stable")
    answer = np.asarray(shapely.STRtree(pieces).nearest(middle), dtype=np.int64)
    answer[part[best]] = road[best]
    return answer


def sample(graph: Graph, lines: Any, kind: Ints, name: Ints, land: Land, plane: Plane, step: float = 0.0) -> None:
    """Cut lines into edges of 130 to 450 m by class and add them, sharing nodes at equal ends."""
    spacing = np.where(kind == MOTORWAY, 400.0, 160.0) if not step else np.full(len(lines), step)
    us, vs, which = [], [], []
    at: dict[tuple[int, int], int] = {(round(x), round(y)): i for i, (x, y) in enumerate(graph.xy.tolist())}
    points: list[tuple[float, float]] = []
    first = len(graph.xy)

    def node(x: float, y: float) -> int:
        key = (round(x), round(y))
        if key not in at:
            at[key] = first + len(points)
            points.append((x, y))
        return at[key]

    for i, line in enumerate(shapely.segmentize(lines, spacing)):
        ids = [node(x, y) for x, y in shapely.get_coordinates(line).tolist()]
        ids = [n for j, n in enumerate(ids) if j == 0 or n != ids[j - 1]]
        us.extend(ids[:-1])
        vs.extend(ids[1:])
        which.extend([i] * (len(ids) - 1))
    graph.add_nodes(np.array(points).reshape(-1, 2))
    u, v, owner = np.array(us, dtype=np.int64), np.array(vs, dtype=np.int64), np.array(which, dtype=np.int64)
    segments = shapely.linestrings(np.stack([graph.xy[u], graph.xy[v]], axis=1))
    bridge = np.asarray(shapely.intersects(land.rivers, segments))
    graph.add_edges(u, v, kind[owner], name[owner], bridge)


def _join_ends(graph: Graph, land: Land) -> None:
    """Carry each loose end of a drawn road on to the nearest other road, when one is within reach."""
    degree = np.bincount(graph.u, minlength=len(graph.xy)) + np.bincount(graph.v, minlength=len(graph.xy))
    for end in np.flatnonzero(degree == 1).tolist():
        edge = int(np.flatnonzero((graph.u == end) | (graph.v == end))[0])
        away = np.hypot(*(graph.xy - graph.xy[end]).T)
        others = np.unique(
            np.concatenate([graph.u[graph.name != graph.name[edge]], graph.v[graph.name != graph.name[edge]]])
        )
        other = int(others[away[others].argmin()])
        line = shapely.LineString(graph.xy[[end, other]])
        if 0 < away[other] < JOIN_M and not line.intersects(land.water):
            graph.add_edges(np.array([end]), np.array([other]), graph.kind[edge], graph.name[edge])


def _name_bridges(graph: Graph, names: list[str], sketch: Sketch, plane: Plane) -> None:
    """Give each bridge edge the name of the nearest crossing."""
    spots = np.array([plane.xy(lon, lat) for _, lon, lat in sketch.bridges]).reshape(-1, 2)
    edges = np.flatnonzero(graph.bridge)
    if not len(spots) or not len(edges):
        return
    away = np.hypot(*(middles(graph)[edges][:, None, :] - spots[None, :, :]).transpose(2, 0, 1))
    first = len(names)
    names.extend(name for name, _, _ in sketch.bridges)
    graph.name[edges] = first + away.argmin(axis=1)
