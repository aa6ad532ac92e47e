"""Which cells of a published table to withhold so that no withheld one follows from the totals.

Primary: counts of fewer than ``least``. Complementary: further cells, cheapest first, until the withheld cells of a
table with both margins published have no *bridge*. (Rows and columns are the nodes of a graph, withheld cells its
edges; a cell is determined by the totals exactly when its edge is a bridge.) Zeros stay: nobody is found in them.
"""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def bridges(mask: Mask) -> list[tuple[int, int]]:
    """Withheld cells that row and column totals give away."""
    rows = mask.shape[0]
    near: dict[int, list[int]] = defaultdict(list)
    for row, column in zip(*np.nonzero(mask), strict=True):
        near[int(row)].append(rows + int(column))
        near[rows + int(column)].append(int(row))
    found: list[tuple[int, int]] = []
    seen: dict[int, int] = {}
    low: dict[int, int] = {}
    for root in list(near):
        if root in seen:
            continue
        seen[root] = low[root] = len(seen)
        stack = [(root, -1, iter(near[root]))]
        while stack:
            node, parent, following = stack[-1]
            for other in following:
                if other not in seen:
                    seen[other] = low[other] = len(seen)
                    stack.append((other, node, iter(near[other])))
                    break
                if other != parent:
                    low[node] = min(low[node], seen[other])
            else:
                stack.pop()
                if parent >= 0:
                    low[parent] = min(low[parent], low[node])
                    if low[node] > seen[parent]:
                        found.append((min(node, parent), max(node, parent) - rows))
    return found


def column(counts: NDArray[np.int64], mask: Mask) -> Mask:
    """Withhold enough of one column whose total is published: at least two, or none."""
    mask = mask.copy()
    order = np.argsort(np.where(counts > 0, counts, np.iinfo(np.int64).max), kind="stable")
    for place in order:
        if mask.sum() != 1:
            break
        if counts[place] > 0:
            mask[place] = True
    return mask


def table(counts: NDArray[np.int64], forced: Mask, least: int) -> Mask:
    """The withheld cells of a table of ``counts`` (rows x columns) with both margins published.

    ``forced`` cells are withheld anyway. Costs a search of the table for each cell that has to be protected.
    """
    mask = forced | ((counts > 0) & (counts < least))
    if not mask.any():
        return mask
    if 1 in counts.shape:
        return column(counts.ravel(), mask.ravel()).reshape(counts.shape)
    cost = np.where(counts > 0, counts, 10**12).astype(float)
    for _ in range(int(counts.size)):
        open_cells = bridges(mask)
        if not open_cells:
            break
        row, other = open_cells[0]
        price = np.where(mask, 0.0, cost)
        ring = price[row][None, :] + price[:, other][:, None] + price
        ring[row, :] = np.inf
        ring[:, other] = np.inf
        second, third = np.unravel_index(int(np.argmin(ring)), ring.shape)
        mask[row, third] = mask[second, other] = mask[second, third] = True
    return mask


def nested(counts: NDArray[np.int64], least: int, parts: tuple[int, ...] = (4, 3)) -> list[Mask]:
    """Withheld cells of whole periods and their parts: units x years, x quarters, x months (for parts 4, 3).

    ``counts`` (units x months) covers whole years. Published are all cells not withheld and the city's totals of every
    period. What is withheld for a period is withheld for its parts, or it would be their sum.
    """
    units = counts.shape[0]
    levels = [counts]
    for size in reversed(parts):
        levels.insert(0, levels[0].reshape(units, -1, size).sum(axis=2))
    top = levels[0]
    above = (top > 0) & (top < least)
    above = np.stack([column(top[:, n], above[:, n]) for n in range(top.shape[1])], axis=1)
    masks = [above]
    for size, level in zip(parts, levels[1:], strict=True):
        forced = np.repeat(above, size, axis=1) & (level > 0)
        made = [table(level[:, n : n + size], forced[:, n : n + size], least) for n in range(0, level.shape[1], size)]
        above = np.concatenate(made, axis=1)
        masks.append(above)
    return masks
