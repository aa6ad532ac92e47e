"""What the analysis of a table takes and gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from thanglong.solve.dmn.feel import ast
from thanglong.solve.dmn_analysis.words import Said

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Column:
    """An input of a table: its ``name`` (label or expression), the FEEL ``kind`` of its values ("" when not declared),
    the ``allowed`` values, and the ``expression`` it asks for."""

    name: str
    kind: str = ""
    allowed: ast.UnaryTests | None = None
    expression: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A rule: its tests by column, its outputs as canonical FEEL (None: not a fixed value), its ``rank`` by the
    order of the output values (lowest first; None when it has none), and its line in the file."""

    tests: Sequence[ast.UnaryTests]
    outputs: Sequence[str | None] = ()
    rank: tuple[int, ...] | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table to analyse. ``policy`` is the hit policy's letter, for C with its aggregator (``C+``);
    ``default`` says whether every output has a default value."""

    name: str
    policy: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    default: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. ``code`` is ``gap``, ``overlap``, ``conflict``, ``masked``, ``never``, ``twice`` or
    ``undecided``; ``rules`` count from 1; ``example`` is an input that shows it, by column name."""

    code: str
    level: Level
    said: Said
    line: int = 0
    rules: tuple[int, ...] = ()
    example: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""
