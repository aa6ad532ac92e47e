"""How firm is each rank? Thousands of variants of one index, and the spread of every unit's place over them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .draws import Engine, Progress
from .errors import CompositeError
from .factors import Choice, Design, Factor, Line, Range, design, parse_line, rows_of, uniforms
from .types import Array, Bools, Framework, Ints, Panel, Pipeline


@dataclass(frozen=True)
class Uncertainty:
    """Ranks of every unit in every draw. ``ranks`` is draws by units (0: the unit had no rank in that draw)."""

    units: tuple[str, ...]
    nominal: Ints
    ranks: np.ndarray[Any, np.dtype[np.signedinteger[Any]]]
    seed: int
    design: Design
    failed: dict[int, str] = field(default_factory=dict)
    scores: Array | None = None

    @property
    def draws(self) -> int:
        return len(self.ranks)

    def line(self, draw: int) -> str:
        """The one line that brings draw number ``draw`` back, see :func:`replay`."""
        if not 0 <= draw < self.draws:
            raise CompositeError(f"no draw {draw}: there are {self.draws}")
        return str(Line("U", self.seed, draw, self.design.digest))

    def _good(self) -> np.ndarray[Any, np.dtype[np.signedinteger[Any]]]:
        if not self.failed:
            return self.ranks
        keep: Bools = np.ones(self.draws, dtype=bool)
        keep[list(self.failed)] = False
        return self.ranks[keep]

    def quantiles(self, probabilities: Sequence[float]) -> Array:
        """Quantiles of each unit's rank (linear between order statistics, NumPy's and R's default): probabilities by
        units."""
        good = self._good()
        if not len(good):
            raise CompositeError(f"every draw failed, the first because: {next(iter(self.failed.values()))}")
        p = np.asarray(probabilities, dtype=np.float64)
        if (good == 0).any():
            filled = np.where(good == 0, np.nan, good.astype(np.float64))
            ranked = (good > 0).any(axis=0)
            out = np.full((len(p), good.shape[1]), np.nan)
            out[:, ranked] = np.nanquantile(filled[:, ranked], p, axis=0)
            return out
        ordered = np.ascontiguousarray(good.T)
        ordered.sort(axis=1)
        at = p * (len(good) - 1)
        low = np.floor(at).astype(np.int64)
        high = np.minimum(low + 1, len(good) - 1)
        below, above = ordered[:, low].astype(np.float64), ordered[:, high].astype(np.float64)
        return (below + (above - below) * (at - low)).T

    def mean(self) -> Array:
        """Mean rank of each unit over the draws that gave it one; NaN where none did."""
        good = self._good()
        count = (good > 0).sum(axis=0)
        total = good.sum(axis=0, dtype=np.float64)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def acceptability(self) -> Array:
        """Share of draws in which each unit (row) held each rank (column), the first column being rank 1."""
        good = self._good()
        n = len(self.units)
        out = np.empty((n, n))
        for j in range(n):
            out[j] = np.bincount(good[:, j], minlength=n + 1)[1:]
        return out / max(len(good), 1)


def uncertainty(
    panel: Panel, framework: Framework, pipeline: Pipeline, factors: Sequence[Factor], draws: int = 10_000, seed: int
    = 1,
    *, keep_scores: bool = False, time: float | None = None, progress: Progress | None = None,
) -> Uncertainty:  # fmt: skip
    """Vary the factors of an index ``draws`` times at random and rank the units each time.

    An address that the base does not contain raises :class:`UnknownStep`. A draw whose combination cannot be computed
    (a
    geometric mean of a zero, say) is counted in ``failed`` with its reason and left out of the figures.
    """
    if draws < 1:
        raise CompositeError("at least one draw is needed")
    plan = design(panel, framework, pipeline, factors)
    engine = Engine(panel, plan, time)
    out = np.zeros((draws, len(engine.units)), dtype=engine.dtype)

    def take(rows: Ints, found: "np.ndarray[Any, np.dtype[np.signedinteger[Any]]]") -> None:
        out[rows] = found

    scores = np.full(out.shape, np.nan) if keep_scores else None
    failed = engine.evaluate(uniforms(seed, 0, draws, plan.width), take, scores, progress)
    return Uncertainty(engine.units, engine.nominal(), out, seed, plan, failed, scores)


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw brought back: its options and weights in words, its scores and ranks."""

    line: str
    options: dict[str, Any]
    weights: dict[str, float]
    units: tuple[str, ...]
    scores: Array
    ranks: Ints
    failure: str = ""


class Replayer:
    """Brings draws back from their lines; keeps what draws share, so that many can be replayed fast."""

    def __init__(
        self,
        panel: Panel,
        framework: Framework,
        pipeline: Pipeline,
        factors: Sequence[Factor],
        time: float | None = None,
    ) -> None:
        self.design = design(panel, framework, pipeline, factors)
        self.engine = Engine(panel, self.design, time)

    def __call__(self, line: str) -> Draw:
        """The draw of a line, bit for bit as it was; a line of another design is an error."""
        parsed = parse_line(line)
        if parsed.design != self.design.digest:
            raise CompositeError(
                f"the line belongs to design {parsed.design}, this one is {self.design.digest}: data or settings differ"
            )
        u = rows_of(parsed, self.design.width, self.design.columns)
        found = np.zeros((1, len(self.engine.units)), dtype=np.int64)
        scores = np.full(found.shape, np.nan)

        def take(rows: Ints, ranks: "np.ndarray[Any, np.dtype[np.signedinteger[Any]]]") -> None:
            found[rows] = ranks

        failed = self.engine.evaluate(u, take, scores)
        options = self.engine.changes_of(u[0])
        tree = self.engine.variant(options).framework or self.design.framework
        weights = {code: float(w[0]) for code, w in self.engine.raw_weights(u, tree).items()}
        if all(isinstance(f, (Choice, Range)) for f in self.design.factors):
            weights = {}
        return Draw(line, options, weights, self.engine.units, scores[0], found[0], failed.get(0, ""))


def replay(
    line: str,
    panel: Panel,
    framework: Framework,
    pipeline: Pipeline,
    factors: Sequence[Factor],
    time: float | None = None,
) -> Draw:
    """One draw of an uncertainty or sensitivity analysis, rebuilt from its line."""
    return Replayer(panel, framework, pipeline, factors, time)(line)
