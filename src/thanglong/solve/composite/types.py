"""The nouns: framework (a tree of indicators), panel (units by columns), pipeline (steps with options).

All are immutable and plain: a framework or pipeline is equal to its JSON. Missing values are NaN everywhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import BadFramework

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Node:
    """An indicator (a leaf, a column of the panel) or an aggregate of its children.

    ``direction`` is +1 (more is better) or -1. ``weight`` counts within the parent, relative to its siblings.
    ``target`` and ``goalposts`` are in the indicator's own unit, before any turn of direction. ``aggregate`` is the
    method by which this node joins its children where it differs from the pipeline's.
    """

    code: str
    parent: str | None = None
    name: str = ""
    weight: float = 1.0
    direction: int = 1
    unit: str = ""
    target: float | None = None
    goalposts: tuple[float, float] | None = None
    denominator: str | None = None
    aggregate: str | None = None


@dataclass(frozen=True)
class Framework:
    """A tree of nodes with one root. Leaves are indicators; the order of nodes is kept in every table."""

    nodes: tuple[Node, ...]
    title: str = ""

    def __post_init__(self) -> None:
        codes = [node.code for node in self.nodes]
        double = sorted({code for code in codes if codes.count(code) > 1})
        if double:
            raise BadFramework(f"codes given twice: {', '.join(double)}")
        lost = sorted({str(n.parent) for n in self.nodes if n.parent is not None} - set(codes))
        if lost:
            raise BadFramework(f"parents that are not in the framework: {', '.join(lost)}")
        roots = [node.code for node in self.nodes if node.parent is None]
        if len(roots) != 1:
            raise BadFramework(f"a framework has exactly one root, this one has {len(roots)}: {', '.join(roots)}")
        self._check_values()
        for node in self.nodes:
            self._check_loop(node)

    def _check_values(self) -> None:
        for node in self.nodes:
            if node.direction not in (1, -1):
                raise BadFramework(f"{node.code}: direction is 1 or -1, not {node.direction}")
            if not np.isfinite(node.weight):
                raise BadFramework(f"{node.code}: the weight is not a number")

    def _check_loop(self, node: Node) -> None:
        seen, at = {node.code}, node.parent
        while at is not None:
            if at in seen:
                raise BadFramework(f"{node.code} is its own ancestor")
            seen.add(at)
            at = self[at].parent

    @cached_property
    def _by_code(self) -> dict[str, Node]:
        return {node.code: node for node in self.nodes}

    @cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {node.code: [] for node in self.nodes}
        for node in self.nodes:
            if node.parent is not None:
                found[node.parent].append(node.code)
        return {code: tuple(children) for code, children in found.items()}

    def __getitem__(self, code: str) -> Node:
        return self._by_code[code]

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    @cached_property
    def root(self) -> str:
        """Code of the index itself."""
        return next(node.code for node in self.nodes if node.parent is None)

    @cached_property
    def indicators(self) -> tuple[str, ...]:
        """Codes of the leaves, in the order given."""
        return tuple(node.code for node in self.nodes if not self._children[node.code])

    @cached_property
    def aggregates(self) -> tuple[str, ...]:
        """Codes of the inner nodes, lowest level first."""
        inner = [node.code for node in self.nodes if self._children[node.code]]
        return tuple(sorted(inner, key=lambda code: self.levels[code]))

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """All codes: indicators first, then aggregates from the lowest level up."""
        return self.indicators + self.aggregates

    @cached_property
    def levels(self) -> dict[str, int]:
        """Level of each code: 1 for an indicator, one more than its highest child for an aggregate."""
        found: dict[str, int] = {}

        def level(code: str) -> int:
            if code not in found:
                found[code] = 1 + max((level(child) for child in self._children[code]), default=0)
            return found[code]

        for node in self.nodes:
            level(node.code)
        return found

    @property
    def height(self) -> int:
        """Level of the root."""
        return self.levels[self.root]

    def children(self, code: str) -> tuple[str, ...]:
        return self._children[code]

    def at_level(self, level: int) -> tuple[str, ...]:
        """Codes of one level, in the order given."""
        return tuple(node.code for node in self.nodes if self.levels[node.code] == level)

    def leaves(self, code: str) -> tuple[str, ...]:
        """Indicators below (or at) a code."""
        if not self._children[code]:
            return (code,)
        return tuple(leaf for child in self._children[code] for leaf in self.leaves(child))

    def ancestor(self, code: str, level: int) -> str | None:
        """The node of ``level`` above a code, if any."""
        at: str | None = code
        while at is not None and self.levels[at] < level:
            at = self[at].parent
        return at if at is not None and self.levels[at] == level else None

    def with_weights(self, weights: Mapping[str, float]) -> "Framework":
        """The same tree with other weights for the named nodes."""
        strange = sorted(set(weights) - set(self._by_code))
        if strange:
            raise BadFramework(f"weights for codes that are not in the framework: {', '.join(strange)}")
        nodes = tuple(replace(n, weight=float(weights[n.code])) if n.code in weights else n for n in self.nodes)
        return Framework(nodes, self.title)

    def weights(self) -> dict[str, float]:
        return {node.code: node.weight for node in self.nodes}


@dataclass(frozen=True)
class Panel:
    """Units by columns. ``values[i, j]`` is column ``codes[j]`` of row ``units[i]`` (and year ``times[i]``)."""

    units: tuple[str, ...]
    codes: tuple[str, ...]
    values: Array
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    times: Array | None = None

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.units), len(self.codes)):
            raise BadFramework(
                f"values are {self.values.shape}, not {len(self.units)} units by {len(self.codes)} codes"
            )
        keys = list(zip(self.units, [None] * len(self.units) if self.times is None else self.times, strict=True))
        if len(set(keys)) != len(keys):
            raise BadFramework("a unit stands in two rows" + (" of the same time" if self.times is not None else ""))

    def column(self, code: str) -> Array:
        try:
            return self.values[:, self.codes.index(code)]
        except ValueError:
            raise BadFramework(f"the panel has no column {code!r}") from None

    def columns(self, codes: Sequence[str]) -> Array:
        """Copy of the named columns as rows by ``codes``."""
        at = {code: j for j, code in enumerate(self.codes)}
        missing = [code for code in codes if code not in at]
        if missing:
            raise BadFramework(f"the panel lacks the columns: {', '.join(missing)}")
        return self.values[:, [at[code] for code in codes]].copy()

    def rows(self, keep: Bools | Ints) -> "Panel":
        """The panel with some of its rows."""
        at = np.flatnonzero(keep) if keep.dtype == np.bool_ else keep
        return Panel(
            tuple(self.units[int(i)] for i in at),
            self.codes,
            self.values[at],
            {key: tuple(labels[int(i)] for i in at) for key, labels in self.groups.items()},
            None if self.times is None else self.times[at],
        )

    def years(self) -> list[Ints]:
        """Row numbers of each time, in order of time; one entry with all rows when there is no time."""
        if self.times is None:
            return [np.arange(len(self.units))]
        return [np.flatnonzero(self.times == t) for t in np.unique(self.times)]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pipeline: ``kind`` (denominate, impute, screen, treat, normalise, aggregate ...) and its
    options."""

    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The steps of an index in order. Options not given take the documented defaults."""

    steps: tuple[Step, ...]

    @classmethod
    def of(cls, *steps: "Step | tuple[str, Mapping[str, Any]] | str") -> "Pipeline":
        """Build from steps, ``("treat", {...})`` pairs or bare kinds."""
        made: list[Step] = []
        for step in steps:
            if isinstance(step, Step):
                made.append(step)
            elif isinstance(step, str):
                made.append(Step(step))
            else:
                made.append(Step(step[0], dict(step[1])))
        return cls(tuple(made))


def real(x: object) -> Array:
    """``x`` as an array of doubles (no copy where it is one)."""
    return np.asarray(x, dtype=np.float64)


def cells(rows: Ints, columns: Sequence[int]) -> tuple[Ints, Ints]:
    """Index of the block where rows and columns cross."""
    return rows[:, None], np.asarray(columns, dtype=np.int64)[None, :]


def index_of(codes: Iterable[str]) -> dict[str, int]:
    """Position of each code."""
    return {code: j for j, code in enumerate(codes)}
