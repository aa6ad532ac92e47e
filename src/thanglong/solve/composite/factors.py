"""What is varied in an uncertainty or sensitivity analysis, and the design whose every draw one line can bring back."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .errors import BadFramework, CompositeError, UnknownStep, Unsuitable
from .pipeline import addresses
from .types import Array, Framework, Panel, Pipeline


@dataclass(frozen=True, slots=True)
class Choice:
    """One option takes one of several values, each as likely, for example ``Choice("normalise.method", ("minmax",
    "rank"))``.

    Several addresses may be set together: each value is then a mapping from address to value.
    """

    address: str
    values: tuple[Any, ...]
    width = 1

    @property
    def name(self) -> str:
        return self.address

    def pick(self, u: float) -> dict[str, Any]:
        value = self.values[min(int(u * len(self.values)), len(self.values) - 1)]
        return dict(value) if isinstance(value, Mapping) and self.joint else {self.address: value}

    @property
    def joint(self) -> bool:
        """True when values set several addresses at once."""
        return all(isinstance(v, Mapping) and all("." in str(k) for k in v) and v for v in self.values)

    def addresses(self) -> list[str]:
        return sorted({str(k) for v in self.values for k in v}) if self.joint else [self.address]


@dataclass(frozen=True, slots=True)
class Range:
    """One numeric option, uniform between two ends. Each draw is then computed on its own: slower than a choice."""

    address: str
    low: float
    high: float
    width = 1

    @property
    def name(self) -> str:
        return self.address

    def pick(self, u: float) -> dict[str, Any]:
        return {self.address: self.low + (self.high - self.low) * u}

    def addresses(self) -> list[str]:
        return [self.address]


@dataclass(frozen=True, slots=True)
class WeightNoise:
    """Every weight of the named levels is multiplied by 1 + f u, u uniform on [-1, 1]; ``levels`` maps level to f."""

    levels: Mapping[int, float]
    name: str = "weights"


@dataclass(frozen=True, slots=True)
class WeightSimplex:
    """Weights of the named levels uniform over all weights that sum to one within each parent (SMAA's view of not
    knowing)."""

    levels: tuple[int, ...]
    name: str = "weights"


@dataclass(frozen=True, slots=True)
class WeightSets:
    """One of several given weight sets, for example one for each delegate; codes not named keep their weight."""

    sets: tuple[Mapping[str, float], ...]
    name: str = "weights"


Factor = Choice | Range | WeightNoise | WeightSimplex | WeightSets


@dataclass(frozen=True)
class Design:
    """A checked list of factors on one base, with the columns of random numbers that each one reads."""

    framework: Framework
    pipeline: Pipeline
    factors: tuple[Factor, ...]
    digest: str
    columns: tuple[slice, ...] = field(default=())

    @property
    def width(self) -> int:
        return self.columns[-1].stop if self.columns else 0


def design(panel: Panel, framework: Framework, pipeline: Pipeline, factors: Sequence[Factor]) -> Design:
    """Check every factor against the base: an address, level or code that it does not have is an error."""
    if not factors:
        raise CompositeError("nothing to vary: give at least one factor")
    known = addresses(pipeline)
    names = [factor.name for factor in factors]
    if len(set(names)) < len(names):
        raise CompositeError(f"two factors of the same name: {', '.join(sorted(names))}")
    start, columns = 0, []
    for factor in factors:
        if isinstance(factor, (Choice, Range)):
            _check_option(factor, known, framework)
            width = 1
        else:
            width = _check_weights(factor, framework, pipeline)
        columns.append(slice(start, start + width))
        start += width
    if sum(not isinstance(f, (Choice, Range)) for f in factors) > 1:
        _check_levels_apart(factors)
    return Design(framework, pipeline, tuple(factors), digest(panel, framework, pipeline, factors), tuple(columns))


def _check_option(factor: Choice | Range, known: Sequence[str], framework: Framework) -> None:
    for address in factor.addresses():
        if address not in known:
            raise UnknownStep(address, known)
    if isinstance(factor, Choice) and len(factor.values) < 1:
        raise CompositeError(f"{factor.address}: a choice needs at least one value")
    if isinstance(factor, Range) and not factor.low < factor.high:
        raise CompositeError(f"{factor.address}: the range is empty")
    if "aggregate.method" in factor.addresses() and all(framework[c].aggregate for c in framework.aggregates):
        raise Unsuitable("aggregate.method has no effect: every aggregate of the framework fixes its own method")


def _check_levels_apart(factors: Sequence[Factor]) -> None:
    seen: set[int] = set()
    for factor in factors:
        levels = set(factor.levels) if isinstance(factor, (WeightNoise, WeightSimplex)) else set()
        if isinstance(factor, WeightSets) or levels & seen:
            raise CompositeError("two factors vary the same weights")
        seen |= levels


def _check_weights(factor: WeightNoise | WeightSimplex | WeightSets, framework: Framework, pipeline: Pipeline) -> int:
    """Width of the factor in columns; raises where it would vary what is not there."""
    if not any(step.kind == "aggregate" for step in pipeline.steps):
        raise UnknownStep("aggregate (whose weights are to vary)", addresses(pipeline))
    if isinstance(factor, WeightSets):
        if not factor.sets:
            raise CompositeError("no weight set given")
        if any(step.kind == "weigh" for step in pipeline.steps):
            raise CompositeError(
                "the pipeline's weigh step would be overruled by the weight sets: leave it out of the base"
            )
        for given in factor.sets:
            framework.with_weights(given)
            if any(value < 0 for value in given.values()):
                raise Unsuitable("a weight set holds a negative weight")
        return 1
    missing = [level for level in factor.levels if not 1 <= level < framework.height]
    if missing or not factor.levels:
        named = ", ".join(map(str, missing)) or "none"
        raise BadFramework(f"no weights at level {named}; weights stand at levels 1 to {framework.height - 1}")
    if isinstance(factor, WeightNoise) and any(not 0 < f <= 1 for f in factor.levels.values()):
        raise Unsuitable("noise lies above 0 and up to 1, so that no weight turns negative")
    return sum(len(framework.at_level(level)) for level in factor.levels)


def digest(panel: Panel, framework: Framework, pipeline: Pipeline, factors: Sequence[Factor]) -> str:
    """16 hexadecimal digits that change when anything a draw depends on changes."""
    h = hashlib.sha256()
    h.update(
        repr(
            [
                (n.code, n.parent, n.weight, n.direction, n.target, n.goalposts, n.denominator, n.aggregate)
                for n in framework.nodes
            ]
        ).encode()
    )
    h.update(json.dumps([[s.kind, dict(s.options)] for s in pipeline.steps], sort_keys=True, default=str).encode())
    h.update(repr(tuple(factors)).encode())
    h.update(repr((panel.units, panel.codes, sorted(panel.groups.items()))).encode())
    h.update(np.ascontiguousarray(panel.values).tobytes())
    h.update(b"" if panel.times is None else np.ascontiguousarray(panel.times).tobytes())
    return h.hexdigest()[:16]


def uniforms(seed: int, start: int, count: int, width: int) -> Array:
    """Rows ``start`` to ``start + count`` of the design: uniform numbers on [0, 1), any row reachable at once.

    Philox is a counter: row k begins at counter k * ceil(width / 4), whatever was drawn before it.
    """
    blocks = max(1, -(-width // 4))
    bits = np.random.Philox(key=seed)
    bits.advance(start * blocks)
    return np.random.Generator(bits).random((count, 4 * blocks))[:, :width]


@dataclass(frozen=True, slots=True)
class Line:
    """One draw as one line of text: ``tl1 part=A seed=7 draw=137 design=9f3c...``."""

    part: str
    seed: int
    draw: int
    design: str

    def __str__(self) -> str:
        return f"tl1 part={self.part} seed={self.seed} draw={self.draw} design={self.design}"


def parse_line(text: str) -> Line:
    """Read a line back; a line of another form is an error."""
    head, *rest = text.split()
    fields = dict(part.split("=", 1) for part in rest if "=" in part)
    try:
        if head != "tl1":
            raise KeyError(head)
        return Line(fields["part"], int(fields["seed"]), int(fields["draw"]), fields["design"])
    except (KeyError, ValueError):
        raise CompositeError(f"not a draw's line: {text!r}") from None


def rows_of(line: Line, width: int, columns: Sequence[slice]) -> Array:
    """The random numbers of the draw that a line names: part A, B, or ``ABi`` (A with factor i's columns from B)."""
    both = (
        uniforms(line.seed, line.draw, 1, 2 * width) if line.part != "U" else uniforms(line.seed, line.draw, 1, width)
    )
    if line.part in ("U", "A"):
        return both[:, :width]
    if line.part == "B":
        return both[:, width:]
    if not line.part.startswith("AB") or not line.part[2:].isdigit() or int(line.part[2:]) >= len(columns):
        raise CompositeError(f"not a part of a design: {line.part!r}")
    mixed = both[:, :width].copy()
    at = columns[int(line.part[2:])]
    mixed[:, at] = both[:, width:][:, at]
    return mixed
