"""Quarters, villages and their streets, grown from where people live."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from thanglong.solve.city import City, Floats, Ints
from thanglong.solve.network.graph import (
    MOTORWAY,
    RESIDENTIAL,
    SECONDARY,
    TERTIARY,
    Graph,
    distance_to,
    gabriel,
    middles,
)
from thanglong.solve.network.land import Land

URBAN = 4000.0


@dataclass(frozen=True, slots=True)
class Quarters:
    """Middles of quarters and villages, the direction of their streets, how dense, how far they reach (metres)."""

    xy: Floats
    angle: Floats
    density: Floats
    reach: Floats


def quarters(city: City, land: Land, graph: Graph) -> Quarters:
    """Middles spread by density: every 800 m in town, every 2 km in the fields; away from main roads and water."""
    rng = city.rng("roads", "quarters")
    west, south, east, north = land.outline.bounds
    tries = np.column_stack([rng.uniform(west, east, 60_000), rng.uniform(south, north, 60_000)])
    tries = tries[land.dry(tries, 150)]
    density = city.density.at(*city.plane.lonlat(tries[:, 0], tries[:, 1]))
    space = np.interp(density, [300, 1500, 3000, 8000, 20_000], [2900, 1900, 1200, 850, 620])
    hills = np.asarray(shapely.contains_xy(land.parks, tries[:, 0], tries[:, 1]))
    chosen = _spaced(tries[~hills], space[~hills])
    xy, density, space = tries[~hills][chosen], density[~hills][chosen], space[~hills][chosen]
    away = distance_to(graph, xy)
    keep = away > 0.25 * np.minimum(space, 1200)
    xy, density = xy[keep], density[keep]
    reach = np.where(density > URBAN, 5000.0, np.interp(density, [300, 1500, URBAN], [260, 420, 900]))
    reach = reach * rng.uniform(0.75, 1.35, len(xy))
    return Quarters(xy, rng.uniform(0, np.pi / 2, len(xy)), density, reach)


def _spaced(xy: Floats, space: Floats) -> list[int]:
    """Indices of points such that each is at least its own ``space`` from all chosen before (dart throwing)."""
    cell = 600.0
    grid: dict[tuple[int, int], list[int]] = {}
    chosen: list[int] = []
    points, radii = xy.tolist(), space.tolist()
    for i, (x, y) in enumerate(points):
        r = radii[i]
        span = int(r // cell) + 1
        cx, cy = int(x // cell), int(y // cell)
        clear = True
        for gx in range(cx - span, cx + span + 1):
            for gy in range(cy - span, cy + span + 1):
                for j in grid.get((gx, gy), ()):
                    if (points[j][0] - x) ** 2 + (points[j][1] - y) ** 2 < r * r:
                        clear = False
                        break
                if not clear:
                    break
            if not clear:
                break
        if clear:
            grid.setdefault((cx, cy), []).append(i)
            chosen.append(i)
    return chosen


def connect(city: City, graph: Graph, land: Land, seeds: Quarters) -> None:
    """Join quarters and villages to each other and to the main roads by slightly winding roads."""
    rng = city.rng("roads", "connect")
    first = len(graph.xy)
    graph.add_nodes(seeds.xy)
    u, v = gabriel(graph.xy, 80.0)
    fresh = (v >= first) & (graph.kind_at(u) != MOTORWAY)
    u, v = u[fresh], v[fresh]
    lines: Any = shapely.linestrings(np.stack([graph.xy[u], graph.xy[v]], axis=1))
    length = np.hypot(*(graph.xy[u] - graph.xy[v]).T)
    good = ~shapely.intersects(land.water, lines) & (length < 4500)
    good &= ~_crosses(graph, lines, u, v)
    u, v, length = u[good], v[good], length[good]
    density = city.density.at(*city.plane.lonlat(*((graph.xy[u] + graph.xy[v]) / 2).T))
    kind = np.where((density > 2500) & (rng.random(len(u)) < 0.5), SECONDARY, TERTIARY)
    _wind(graph, u, v, kind, np.where(density > 2500, 180.0, 700.0), rng)


def _crosses(graph: Graph, lines: Any, u: Ints, v: Ints) -> NDArray[np.bool_]:
    """Which new lines would cut an edge that is already there (other than at a shared end)."""
    new, old = shapely.STRtree(graph.lines()).query(lines, predicate="crosses")
    shared = (graph.u[old] == u[new]) | (graph.v[old] == u[new]) | (graph.u[old] == v[new]) | (graph.v[old] == v[new])
    answer = np.zeros(len(lines), dtype=np.bool_)
    answer[new[~shared]] = True
    return answer


def _wind(graph: Graph, u: Ints, v: Ints, kind: Ints, step: Floats, rng: np.random.Generator) -> None:
    """Add edges u-v as chains of about ``step`` metres that bow to one side by a few per cent."""
    a, b = graph.xy[u], graph.xy[v]
    length = np.hypot(*(b - a).T)
    parts = np.maximum(np.round(length / step), 1).astype(np.int64)
    owner = np.repeat(np.arange(len(u)), parts - 1)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(parts - 1) - (parts - 1), parts - 1) + 1
    t = (rank / parts[owner])[:, None]
    normal = np.column_stack([-(b - a)[:, 1], (b - a)[:, 0]])
    bow = rng.normal(0, 0.035, len(u))[owner][:, None]
    inner = graph.add_nodes(a[owner] * (1 - t) + b[owner] * t + normal[owner] * bow * np.sin(np.pi * t))
    start = np.cumsum(parts - 1) - (parts - 1)
    which = np.repeat(np.arange(len(u)), parts)
    place = np.arange(len(which)) - np.repeat(np.cumsum(parts) - parts, parts)
    padded = np.append(inner, 0) if len(inner) else np.zeros(1, dtype=np.int64)
    tail = np.where(place == 0, u[which], padded[np.clip(start[which] + place - 1, 0, len(padded) - 1)])
    last = place == parts[which] - 1
    head = np.where(last, v[which], padded[np.clip(start[which] + place, 0, len(padded) - 1)])
    graph.add_edges(tail, head, kind[which])


def fill(city: City, graph: Graph, land: Land, seeds: Quarters, edges: int) -> None:
    """Streets: a rotated lattice around each quarter's middle, as fine as ``edges`` in all allows."""
    rng = city.rng("roads", "fill")
    spacing = np.interp(seeds.density, [300, 1500, 4000, 10_000, 25_000], [170, 160, 190, 150, 105])
    wanted = max(edges - len(graph.u), 2000)
    stretch = 1.0
    for _ in range(2):
        points, step = _lattices(seeds, spacing * stretch, land, rng)
        stretch *= float(np.sqrt(len(points) * 1.25 / wanted)) if len(points) else 0.7
    points, step = _lattices(seeds, spacing * stretch, land, rng)
    away = distance_to(graph, points)
    keep = away > 0.5 * step
    points, step = points[keep], step[keep]
    close = _spaced(points, step * 0.6)
    points, step = points[close], step[close]
    first = len(graph.xy)
    graph.add_nodes(points)
    _streets(graph, land, first, step)


def _lattices(seeds: Quarters, spacing: Floats, land: Land, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Jittered lattice points (N, 2) with their spacing; each belongs to its nearest middle and within its reach."""
    middles_: Any = shapely.points(seeds.xy)
    tree = shapely.STRtree(middles_)
    clouds, steps = [], []
    extent = np.minimum(seeds.reach, 1500.0)
    for i in range(len(seeds.xy)):
        h = float(spacing[i])
        n = int(extent[i] // h) + 1
        x, y = np.meshgrid(np.arange(-n, n + 1) * h * 1.12, np.arange(-n, n + 1) * h * 0.9)
        flat = np.column_stack([x.ravel(), y.ravel()]) + rng.normal(0, 0.05 * h, (x.size, 2))
        flat = flat[np.hypot(*flat.T) < extent[i]]
        c, s = np.cos(seeds.angle[i]), np.sin(seeds.angle[i])
        clouds.append(flat @ np.array([[c, s], [-s, c]]) + seeds.xy[i])
        steps.append(np.full(len(flat), h))
    points, step = np.concatenate(clouds), np.concatenate(steps)
    owner = np.repeat(np.arange(len(seeds.xy)), [len(cloud) for cloud in clouds])
    mine = np.asarray(tree.nearest(shapely.points(points))) == owner
    dry = mine & land.dry(points, 45)
    dry &= ~np.asarray(shapely.contains_xy(land.parks, points[:, 0], points[:, 1]))
    return points[dry], step[dry]


def _streets(graph: Graph, land: Land, first: int, step: Floats) -> None:
    """Gabriel edges that touch a new node, are not too long, stay on land and do not enter motorways or bridges."""
    u, v = gabriel(graph.xy)
    fresh = v >= first
    u, v = u[fresh], v[fresh]
    closed = np.zeros(len(graph.xy), dtype=np.bool_)
    shut = (graph.kind == MOTORWAY) | graph.bridge
    closed[graph.u[shut]] = closed[graph.v[shut]] = True
    length = np.hypot(*(graph.xy[u] - graph.xy[v]).T)
    good = (length < 1.36 * step[v - first]) & ~closed[u] & ~closed[v]
    u, v = u[good], v[good]
    lines = shapely.linestrings(np.stack([graph.xy[u], graph.xy[v]], axis=1))
    good = ~shapely.intersects(land.water, lines) & ~_crosses(graph, lines, u, v)
    graph.add_edges(u[good], v[good], RESIDENTIAL)


def thin(graph: Graph, rng: np.random.Generator) -> None:
    """Take some streets away where blocks allow it: towns are no chessboards, and alleys have ends."""
    degree = np.bincount(graph.u, minlength=len(graph.xy)) + np.bincount(graph.v, minlength=len(graph.xy))
    keep = np.ones(len(graph.u), dtype=np.bool_)
    for edge in rng.permutation(np.flatnonzero(graph.kind == RESIDENTIAL))[: int(len(graph.u) * 0.10)].tolist():
        u, v = int(graph.u[edge]), int(graph.v[edge])
        if degree[u] > 2 and degree[v] > 2:
            keep[edge] = False
            degree[u] -= 1
            degree[v] -= 1
    graph.keep(keep)


def oneways(city: City, graph: Graph) -> NDArray[np.bool_]:
    """A few one-way streets in the densest quarters; main roads and bridges stay two-way."""
    density = city.density.at(*city.plane.lonlat(*middles(graph).T))
    dense = density > max(URBAN, float(np.quantile(density, 0.9)))
    pick = city.rng("roads", "oneway").random(len(graph.u)) < 0.12
    return np.asarray(dense & pick & (graph.kind == RESIDENTIAL) & ~graph.bridge)
