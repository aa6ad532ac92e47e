"""Where variables lie while an expression runs.

A frame is one flat list: cell 0 is the :class:`~thanglong.solve.dmn.feel.run.Run`, the others are variables. Names are
given cells while compiling, so reading a variable is one index. A function value keeps a copy of the frame it was made
in (values never change, so a copy is a closure)."""

from collections.abc import Callable, Iterable
from typing import Any

from thanglong.solve.dmn.feel.types import Type
from thanglong.solve.dmn.feel.values import Value

Frame = list[Any]
Code = Callable[[Frame], Value]
"""A compiled expression."""


class Layout:
    """The cells of one frame."""

    __slots__ = ("size",)

    def __init__(self) -> None:
        self.size = 1

    def cell(self) -> int:
        """A new cell."""
        self.size += 1
        return self.size - 1


class Place:
    """The variables visible at one place of an expression: names to cells; ``item`` is the cell of a filter's element,
    whose entries are visible by their own names."""

    __slots__ = ("cells", "item", "layout", "parent", "types")

    def __init__(
        self,
        layout: Layout,
        names: Iterable[str] = (),
        parent: "Place | None" = None,
        item: int | None = None,
        types: Callable[[str], Type | None] | None = None,
    ) -> None:
        self.layout = layout
        self.parent = parent
        self.item = item
        self.cells = {name: layout.cell() for name in names}
        self.types: Callable[[str], Type | None] = types or (parent.types if parent else lambda name: None)

    def inner(self, names: Iterable[str] = (), item: int | None = None) -> "Place":
        """A place inside this one with more names."""
        return Place(self.layout, names, self, item)

    def find(self, name: str) -> tuple[int | None, list[int]]:
        """The cell of a name and the cells of filter elements nearer than it, nearest first."""
        items: list[int] = []
        place: Place | None = self
        while place is not None:
            if name in place.cells:
                return place.cells[name], items
            if place.item is not None:
                items.append(place.item)
            place = place.parent
        return None, items
