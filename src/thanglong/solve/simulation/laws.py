"""Calls drawn by law, each part from a stream of its own, so that two policies meet the same day (common random
numbers) and one law can be changed without moving the draws of the others."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from thanglong.solve.simulation.types import Bools, Calls, Floats

DAY = 1440.0
Law = Callable[[np.random.Generator, int], Floats]
"""Draws so many minutes."""


def fixed(minutes: float) -> Law:
    """Always the same."""
    return lambda rng, count: np.full(count, minutes)


def exponential(mean: float) -> Law:
    """Exponential with a mean."""
    return lambda rng, count: rng.exponential(mean, count)


def weibull(shape: float, scale: float) -> Law:
    """Weibull with shape and scale."""
    return lambda rng, count: scale * rng.weibull(shape, count)


def lognormal(sigma: float, location: float, scale: float, cutoff: float) -> Law:
    """``location + scale * exp(sigma * N(0, 1))``, drawn again until it lies in 0..cutoff.

    Raises ValueError when (almost) no draw can.
    """

    def draw(rng: np.random.Generator, count: int) -> Floats:
        made = np.empty(count)
        missing = np.arange(count)
        for _ in range(1000):
            made[missing] = location + scale * np.exp(sigma * rng.standard_normal(missing.size))
            missing = missing[(made[missing] < 0) | (made[missing] > cutoff)]
            if not missing.size:
                return made
        raise ValueError("the law's cut-off lets almost nothing through")

    return draw


def empirical(sample: Floats) -> Law:
    """Drawn from a sample with replacement."""
    values = np.asarray(sample, np.float64)
    return lambda rng, count: rng.choice(values, count)


def by_hour(moments: Floats, hours: tuple[float, ...]) -> Floats:
    """Moments of calls (minutes) stretched so that each hour of the day gets its part: ``hours`` are 24 rates of any
    scale. The law between calls keeps its mean over the day (a Poisson process becomes one whose rate follows the
    hours). Raises ValueError for other than 24 rates, negative ones or none above 0."""
    rates = np.asarray(hours, np.float64)
    if rates.shape != (24,) or np.any(rates < 0) or not np.any(rates > 0):
        raise ValueError("hours needs 24 rates of at least 0, one of them above")
    passed = np.concatenate([[0.0], np.cumsum(rates)]) / rates.sum() * DAY
    days, within = np.divmod(moments, DAY)
    # an hour without calls is a step: np.interp goes on from its end
    made: Floats = days * DAY + np.interp(within, passed, np.arange(0.0, DAY + 1, 60.0))
    return made


@dataclass(frozen=True, slots=True)
class Demand:
    """Where and how often help is called: ``between`` minutes between calls, ``weights`` (n,) of the nodes (any scale),
    laws of the stays, ``carried`` the share that ends in a hospital, ``priorities`` shares of priorities 0, 1, …
    ``kinds``: (bits of the vehicle classes that may go, share) of the calls; ``hours``: 24 rates of the day (empty: all
    alike); ``pace``: how many times the expected minutes the drives of a call take (None: as expected)."""

    between: Law
    weights: Floats
    on_scene: Law
    handover: Law
    carried: float = 0.63
    priorities: tuple[float, ...] = (1.0,)
    kinds: tuple[tuple[int, float], ...] = ((-1, 1.0),)
    hours: tuple[float, ...] = ()
    pace: Law | None = None

    def draw(self, count: int, seed: int) -> Calls:
        """So many calls; the same seed gives the same calls."""
        streams = [np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(8)]
        shares = np.asarray(self.weights, np.float64) / np.sum(self.weights)
        carried: Bools = streams[3].random(count) < self.carried
        moments = np.cumsum(self.between(streams[0], count))
        bits = np.array([kind for kind, _ in self.kinds], np.int64)
        return Calls(
            by_hour(moments, self.hours) if self.hours else moments,
            streams[1].choice(shares.size, count, p=shares).astype(np.int64),
            self.on_scene(streams[2], count), carried, self.handover(streams[4], count),
            streams[5].choice(len(self.priorities), count, p=np.asarray(self.priorities)).astype(np.int64),
            bits[streams[6].choice(len(bits), count, p=np.array([share for _, share in self.kinds]))],
            self.pace(streams[7], count) if self.pace else np.zeros(0),
        )  # fmt: skip
