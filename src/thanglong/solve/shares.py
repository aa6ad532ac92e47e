"""Which part of each old unit went to which new one, and figures carried over by those parts.

Shares are nested mappings ``old -> new -> share`` with the shares of one old unit summing to 1. Areal weighting after
Goodchild and Lam (1980); with points of addresses or residents instead of area it is the point-weighted form of the
same. Whole numbers are kept whole by largest remainders (Hamilton's method). No Django, no units of measure.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

K = TypeVar("K", bound=Hashable)
Shares = Mapping[K, Mapping[K, float]]

# parts of an outline below this share are the noise of drawn borders
SLIVER = 0.002


def _tree(news: Sequence[BaseGeometry]) -> tuple[NDArray[np.object_], shapely.STRtree]:
    shapes = np.asarray(news, dtype=object)
    shapely.prepare(shapes)
    return shapes, shapely.STRtree(shapes)


def by_area(
    olds: Sequence[BaseGeometry], news: Sequence[BaseGeometry], least: float = SLIVER
) -> tuple[list[dict[int, float]], list[float]]:
    """For each old outline the share of its covered area in each new one (by index), and how much of it is covered.

    Parts below ``least`` of the old outline are left out. The outlines are in any one plane; degrees are fine within a
    city, because a share is a ratio of areas at one place.
    """
    shapes, tree = _tree(news)
    result: list[dict[int, float]] = []
    covered: list[float] = []
    for old in olds:
        hit = tree.query(old, predicate="intersects")
        area = np.maximum(shapely.area(shapely.intersection(old, shapes[hit])), 0.0)
        whole = float(old.area) or 1.0
        kept = area > least * whole
        hit, area = hit[kept], area[kept]
        total = float(area.sum())
        result.append({int(i): float(a / total) for i, a in zip(hit, area, strict=True)} if total > 0 else {})
        covered.append(min(total / whole, 1.0))
    return result, covered


def by_points(
    olds: Sequence[BaseGeometry],
    news: Sequence[BaseGeometry],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
) -> list[dict[int, float]]:
    """For each old outline the share of its points (addresses, residents: ``weights``) in each new one, by index.

    An old outline without a point gets no shares: weigh it by area.
    """
    points = np.asarray(shapely.points(x, y), dtype=object)
    weight = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=np.float64)
    first, second = (_first_hit(shapes, points) for shapes in (olds, news))
    both = (first >= 0) & (second >= 0)
    table = np.zeros((len(olds), len(news)))
    np.add.at(table, (first[both], second[both]), weight[both])
    result: list[dict[int, float]] = []
    for row in table:
        total = float(row.sum())
        result.append({int(i): float(row[i] / total) for i in np.flatnonzero(row > 0)} if total > 0 else {})
    return result


def _first_hit(shapes: Sequence[BaseGeometry], points: NDArray[np.object_]) -> NDArray[np.int64]:
    _, tree = _tree(shapes)
    found = np.full(len(points), -1, dtype=np.int64)
    point, polygon = tree.query(points, predicate="intersects")
    order = np.argsort(-polygon, kind="stable")
    found[point[order]] = polygon[order]
    return found


def largest(shares: Shares[K]) -> dict[K, dict[K, float]]:
    """Each old unit given whole to the one that took its largest share (equal ones: the last by name)."""
    return {old: {max(parts, key=lambda new: (parts[new], str(new))): 1.0} for old, parts in shares.items() if parts}


def backward(shares: Shares[K], weights: Mapping[K, float]) -> dict[K, dict[K, float]]:
    """The way back: which part of each new unit came from which old one.

    ``weights`` are the old units' own sizes (residents or area) in the measure of the shares. A new unit none of whose
    parts has a weight is divided by the shares alone.
    """
    parts: dict[K, dict[K, float]] = {}
    bare: dict[K, dict[K, float]] = {}
    for old, row in shares.items():
        for new, share in row.items():
            parts.setdefault(new, {})[old] = share * weights.get(old, 0.0)
            bare.setdefault(new, {})[old] = share
    result: dict[K, dict[K, float]] = {}
    for new, row in parts.items():
        known = row if sum(row.values()) > 0 else bare[new]
        total = sum(known.values())
        result[new] = {old: value / total for old, value in known.items() if value > 0}
    return result


def compose(first: Shares[K], then: Shares[K]) -> dict[K, dict[K, float]]:
    """Two changes one after the other; a unit that the second does not name stays."""
    result: dict[K, dict[K, float]] = {}
    for old, row in first.items():
        out: dict[K, float] = {}
        for middle, share in row.items():
            for new, part in (then.get(middle) or {middle: 1.0}).items():
                out[new] = out.get(new, 0.0) + share * part
        result[old] = out
    for old, parts in then.items():
        result.setdefault(old, dict(parts))
    return result


def carry(values: Mapping[K, float], shares: Shares[K]) -> tuple[dict[K, float], dict[K, float]]:
    """Sums by new unit, and for each the part (0..1) that rests on units which were not divided.

    The float sum over all units is the same before and after, to the last bit of ``math.fsum``: what rounding leaves
    over goes to the largest value. A unit without shares stays what it is. Values must be finite.
    """
    pieces: dict[K, list[float]] = {}
    sure: dict[K, float] = {}
    size: dict[K, float] = {}
    for old, value in values.items():
        parts = {new: part for new, part in (shares.get(old) or {old: 1.0}).items() if part > 0} or {old: 1.0}
        total = math.fsum(parts.values())
        for new, part in parts.items():
            piece = value if len(parts) == 1 else value * part / total
            pieces.setdefault(new, []).append(piece)
            size[new] = size.get(new, 0.0) + abs(piece)
            sure[new] = sure.get(new, 0.0) + (abs(piece) if len(parts) == 1 else 0.0)
    found = {new: math.fsum(parts) for new, parts in pieces.items()}
    exact = {new: sure[new] / size[new] if size[new] else 1.0 for new in found}
    return conserved(found, math.fsum(values.values())), exact


def conserved(values: dict[K, float], total: float) -> dict[K, float]:
    """The same values with ``math.fsum`` equal to ``total``: the difference (a rounding) goes to a single value."""
    order = sorted(values, key=lambda key: (-abs(values[key]), str(key)))
    for key in order:
        for _ in range(4):
            left = total - math.fsum(values.values())
            if left == 0:
                return values
            values[key] += left
    return values


def rounded(values: Mapping[K, float], total: int) -> dict[K, int]:
    """Whole numbers that sum to ``total``, each at most one away from its value when the sums agree: largest remainders
    are rounded up first."""
    found = {key: math.floor(value) for key, value in values.items()}
    missing = total - sum(found.values())
    order = sorted(values, key=lambda key: (found[key] - values[key], str(key)))
    for turn in range(abs(missing)):
        key = order[turn % len(order)] if missing > 0 else order[-1 - turn % len(order)]
        found[key] += 1 if missing > 0 else -1
    return found
