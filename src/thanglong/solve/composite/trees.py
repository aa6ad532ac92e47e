"""A weighted tree in many draws at once: shares of every node, and sums over units that lack the same indicators."""

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from . import exact
from .aggregate import backward, falls, forward, method_of
from .errors import CompositeError
from .types import Array, Bools, Framework, Ints, index_of


class Drawn:
    """Weights of every node in every draw, and what follows from them, worked out once for all variants of one tree."""

    def __init__(self, tree: Framework, raw: Mapping[str, Array]) -> None:
        self.tree, self.raw = tree, raw
        self._halves: dict[tuple[str, ...], exact.Halves] = {}

    @cached_property
    def shares(self) -> dict[str, Array]:
        return _shares(self.tree, self.raw)

    def path(self, part: str, top: str, shares: Mapping[str, Array]) -> Array:
        """Product of shares from a part up to, not with, ``top``."""
        weight = shares[part]
        above = self.tree[part].parent
        while above is not None and above != top:
            weight = weight * shares[above]
            above = self.tree[above].parent
        return weight

    def halves(self, parts: tuple[str, ...], top: str) -> exact.Halves:
        """Exact halves of the complete tree's weights, kept for the next variant."""
        if parts not in self._halves:
            self._halves[parts] = exact.halves(np.stack([self.path(c, top, self.shares) for c in parts]))
        return self._halves[parts]


def _shares(
    framework: Framework, weights: Mapping[str, Array], present: Mapping[str, bool] | None = None
) -> dict[str, Array]:
    """Weight of each node over the sum of its (present) siblings, added one by one: the same bits in any batch."""
    out: dict[str, Array] = {}
    for code in framework.aggregates:
        children = [c for c in framework.children(code) if present is None or present[c]]
        if not children:
            continue
        total = weights[children[0]].copy()
        for child in children[1:]:
            total += weights[child]
        for child in children:
            out[child] = weights[child] / total
    return out


class Group:
    """Units of a variant that lack the same indicators, with the exact halves of their transformed scores."""

    def __init__(self, tree: Framework, x: Array, options: Mapping[str, Any], gaps: Bools, units: Ints) -> None:
        self.units, self.tree = units, tree
        self.power = float(options["options"].get("power", 1.0))
        self.methods = {c: method_of(self.tree, c, options["method"]) for c in self.tree.aggregates}
        self.at = index_of(self.tree.indicators)
        self.x = x[units]
        self.present = self._present(gaps, options["threshold"])
        self.empty = not self.present[self.tree.root]
        self.complete = all(self.present.values())
        self._cut: dict[str, tuple[list[str], list[str], exact.Fixed | None]] = {}
        self.bound = 1.0
        # the order of sums is turned where f falls, and again where a low index is best
        self.turned = falls(self.methods[self.tree.root], self.power) != (self.tree[self.tree.root].direction < 0)
        if not self.empty:
            self._segment(self.tree.root)
            top = forward(self.methods[self.tree.root], self.x[:, ~gaps], self.power)
            self.bound = 2.0 ** math.frexp(float(np.abs(top).max()) * (1 + 1e-9))[1]

    def _present(self, gaps: Bools, threshold: Any) -> dict[str, bool]:
        present = {code: not gaps[j] for code, j in self.at.items()}
        for code in self.tree.aggregates:
            children = self.tree.children(code)
            share = sum(present[c] for c in children) / len(children)
            limit = (
                threshold
                if threshold is None or isinstance(threshold, (int, float))
                else threshold[self.tree.levels[code] - 2]
            )
            present[code] = share > 0 and (limit is None or share >= limit)
        return present

    def _parts(self, code: str) -> tuple[list[str], list[str]]:
        """Indicators and other-method aggregates that meet in ``code`` once aggregates of its own method are opened."""
        leaves: list[str] = []
        inner: list[str] = []
        for child in self.tree.children(code):
            if not self.present[child]:
                continue
            if child in self.at:
                leaves.append(child)
            elif self.methods[child] == self.methods[code]:
                more, others = self._parts(child)
                leaves += more
                inner += others
            else:
                inner.append(child)
        return leaves, inner

    def _segment(self, code: str) -> None:
        leaves, inner = self._parts(code)
        matrix = None
        if leaves:
            x = forward(self.methods[code], self.x[:, [self.at[c] for c in leaves]], self.power)
            matrix = exact.fixed(x)
        self._cut[code] = (leaves, inner, matrix)
        for child in inner:
            forward(
                self.methods[code],
                self.x[:, [self.at[c] for c in self.tree.leaves(child) if self.present[c]]],
                self.power,
            )
            self._segment(child)

    def _sum(self, code: str, drawn: Drawn, at: slice, shares: Mapping[str, Array] | None) -> Array:
        """Weighted sum of f of the parts of ``code``: draws by units. ``shares`` None: the complete tree's."""
        leaves, inner, matrix = self._cut[code]
        total: Array | None = None
        if matrix is not None:
            if shares is None:
                cut = drawn.halves(tuple(leaves), code).draws(at)
            else:
                cut = exact.halves(np.stack([drawn.path(c, code, shares) for c in leaves]))
            total = exact.sums(cut, matrix)
        for child in inner:
            value = backward(self.methods[child], self._sum(child, drawn, at, shares), self.power)
            weight = drawn.path(child, code, drawn.shares)[at] if shares is None else drawn.path(child, code, shares)
            value = forward(self.methods[code], value, self.power) * weight[:, None]
            total = value if total is None else total + value
        if total is None:
            raise CompositeError(f"{code} has no parts")
        return total

    def order(self, drawn: Drawn, at: slice) -> Array:
        """Numbers that order the units of each draw: larger is better, none beyond ``bound``."""
        shares = None if self.complete else _shares(self.tree, {c: w[at] for c, w in drawn.raw.items()}, self.present)
        total = self._sum(self.tree.root, drawn, at, shares)
        return np.negative(total, out=total) if self.turned else total

    def scores(self, order: Array) -> Array:
        return backward(self.methods[self.tree.root], -order if self.turned else order, self.power)
