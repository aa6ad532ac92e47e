"""The nouns: a study (framework, pipeline, what to vary, rules) and what checks find."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from thanglong.solve.composite.factors import Factor
from thanglong.solve.composite.types import Framework, Pipeline


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of plausibility between indicators: ``holds`` is a formula that is true for plausible values."""

    key: str
    holds: str
    text: str
    text_vi: str = ""
    level: Literal["error", "warning"] = "warning"


@dataclass(frozen=True, slots=True)
class Study:
    """Everything an index needs but its data."""

    key: str
    title: str
    framework: Framework
    pipeline: Pipeline
    factors: tuple[Factor, ...]
    rules: tuple[Rule, ...]
    panel: Mapping[str, Any]
    status: str = "draft"
    title_vi: str = ""
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    document: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a person should look at: in which row, by which rule, with which values."""

    level: Literal["error", "warning"]
    rule: str
    text: str
    unit: str = ""
    time: float | None = None
    values: Mapping[str, float] | None = None
