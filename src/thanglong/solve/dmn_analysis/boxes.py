"""Exact geometry of rules: a rule is a box, one set of cells in each column, and so are gaps and overlaps.

A column is cut into cells such that each test either holds on the whole of a cell or nowhere in it; a set of cells is
an ``int`` used as a bit set. Questions about a table are then questions about finitely many boxes:

- two rules meet when their sets meet in every column (a look-up per column gives all partners of a rule at once);
- what no rule covers is found by cutting the space where the fewest rules are cut with it, the way a k-d tree is
  built, until a piece is free of rules or lies in one. Where no two rules meet, volumes tell at once whether a piece is
  full, so a table without overlaps is checked in time linear in its rules.

Covering by boxes is hard in the worst case (it contains tautology), so the search has a budget and says when it is
spent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Box = tuple[int, ...]
"""One bit set of cells per column."""

BUDGET = 20_000
"""Pieces looked at before a question is given up."""


class Undecided(Exception):
    """The budget was spent before the question was answered."""


def volume(box: Box) -> int:
    """Number of cell combinations in a box."""
    product = 1
    for cells in box:
        product *= cells.bit_count()
    return product


def meet(a: Box, b: Box) -> Box | None:
    """What two boxes share, or None."""
    both = tuple(x & y for x, y in zip(a, b, strict=True))
    return both if all(both) else None


def inside(a: Box, b: Box) -> bool:
    """Whether ``a`` lies in ``b``."""
    return all(not x & ~y for x, y in zip(a, b, strict=True))


def bits(cells: int) -> Iterator[int]:
    """The positions of the set bits, lowest first."""
    while cells:
        low = cells & -cells
        yield low.bit_length() - 1
        cells ^= low


def partners(rules: Sequence[Box]) -> list[int]:
    """For each rule the bit set of the other rules it meets."""
    if not rules:
        return []
    found = [(1 << len(rules)) - 1] * len(rules)
    for column in range(len(rules[0])):
        by_cell: dict[int, int] = {}
        for number, rule in enumerate(rules):
            for cell in bits(rule[column]):
                by_cell[cell] = by_cell.get(cell, 0) | 1 << number
        known: dict[int, int] = {}
        for number, rule in enumerate(rules):
            cells = rule[column]
            if cells not in known:
                mask = 0
                for cell in bits(cells):
                    mask |= by_cell[cell]
                known[cells] = mask
            found[number] &= known[cells]
    return [mask & ~(1 << number) for number, mask in enumerate(found)]


@dataclass(slots=True)
class Search:
    """Looks in ``space`` for what ``rules`` leave uncovered. ``apart``: no two of the rules meet, so volumes decide."""

    space: Box
    rules: Sequence[Box]
    apart: bool = False
    budget: int = BUDGET
    _left: int = field(default=0, init=False)

    def holes(self) -> Iterator[Box]:
        """Uncovered boxes, grown as far as they go; together they cover all that is uncovered, none lies in an earlier.

        :raises Undecided: the budget is spent.
        """
        self._left = self.budget
        told: list[Box] = []
        for piece in self._pieces():
            if any(inside(piece, hole) for hole in told):
                continue
            hole = self._grown(piece)
            told.append(hole)
            yield hole

    @property
    def spent(self) -> int:
        """Pieces looked at so far."""
        return self.budget - max(self._left, 0)

    def hole(self) -> Box | None:
        """One uncovered box, or None when everything is covered.

        :raises Undecided: the budget is spent.
        """
        return next(self.holes(), None)

    def _pieces(self) -> Iterator[Box]:
        start = [rule for rule in self.rules if meet(rule, self.space)]
        stack = [(self.space, start)]
        while stack:
            box, active = stack.pop()
            self._left -= 1
            if self._left < 0:
                raise Undecided
            if not active:
                yield box
                continue
            parts = [shared for rule in active if (shared := meet(rule, box)) is not None]
            if self._full(box, parts):
                continue
            column, left = self._cut(box, parts)
            for cells in (box[column] & ~left, left):
                piece = (*box[:column], cells, *box[column + 1 :])
                stack.append((piece, [part for part in parts if part[column] & cells]))

    def _full(self, box: Box, parts: Sequence[Box]) -> bool:
        whole = volume(box)
        sizes = [volume(part) for part in parts]
        if max(sizes) == whole:
            return True
        return self.apart and sum(sizes) == whole

    def _cut(self, box: Box, parts: Sequence[Box]) -> tuple[int, int]:
        """The column and its left cells at the cut that leaves the fewest rules on both sides, evenly."""
        best: tuple[int, int, int] | None = None
        for column, cells in enumerate(box):
            if not cells & (cells - 1):
                continue
            for at, left, right in _cuts([part[column] for part in parts if part[column] != cells]):
                whole = len(parts) - sum(1 for part in parts if part[column] != cells)
                score = (left + whole) ** 2 + (right + whole) ** 2
                low = cells & ((1 << at) - 1)
                if low and low != cells and (best is None or score < best[0]):
                    best = score, column, low
        if best is None:  # the tests' hulls hide every cut: split off one rule's own cells
            column = next(c for c, cells in enumerate(box) if any(part[c] != cells for part in parts))
            return column, next(part[column] for part in parts if part[column] != box[column])
        return best[1], best[2]

    def _grown(self, box: Box) -> Box:
        """The box widened column by column while no rule meets it: a gap then reads as one sentence."""
        grown = list(box)
        for column, cells in enumerate(self.space):
            blocked = 0
            for rule in self.rules:
                if all(mine & other for c, (mine, other) in enumerate(zip(grown, rule, strict=True)) if c != column):
                    blocked |= rule[column]
            grown[column] = cells & ~blocked
        return tuple(grown)


def _cuts(sets: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Positions where one of the sets begins or ends, with the number of sets reaching left and right of each."""
    if not sets:
        return
    begins = sorted((cells & -cells).bit_length() - 1 for cells in sets)
    ends = sorted(cells.bit_length() for cells in sets)
    places = sorted({*begins, *ends})
    started = ended = 0
    for at in places:
        while started < len(begins) and begins[started] < at:
            started += 1
        while ended < len(ends) and ends[ended] <= at:
            ended += 1
        yield at, started, len(sets) - ended
