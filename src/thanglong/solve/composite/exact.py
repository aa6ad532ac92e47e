"""Weighted sums and ranks without rounding surprises: the arithmetic under every uncertainty draw.

Scores and weights are cut into two fixed-point halves of ``bits`` bits each. A product of halves is then a sum of whole
numbers below 2**53, which a double holds exactly, so a matrix product gives the same bits whatever its order, block
size,
number of threads or machine. Three half products give the sum with about 2 * bits bits (44 for 100 indicators, an error
near 1e-13 of the scale). Two units whose parts and weights are the same in any order are tied exactly.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .errors import Unsuitable
from .types import Array, Bools, Ints, real

Ranks = npt.NDArray[np.int16] | npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A matrix (rows by parts) in two halves: value = (high + low / 2**bits) * unit. ``both`` holds them side by
    side."""

    both: Array
    unit: float
    bits: int

    @property
    def high(self) -> Array:
        return self.both[:, : self.both.shape[1] // 2]


@dataclass(frozen=True, slots=True)
class Halves:
    """Weights (parts by draws) in two halves, low above high: the mirror of :class:`Fixed`."""

    both: Array
    bits: int

    def draws(self, at: slice) -> "Halves":
        return Halves(self.both[:, at], self.bits)


def bits_for(parts: int) -> int:
    """Bits of a half so that sums over ``parts`` stay whole below 2**53."""
    bits = (52 - math.ceil(math.log2(parts + 2))) // 2
    if bits < 12:
        raise Unsuitable(f"{parts} indicators are too many for exact sums")
    return bits


def fixed(x: Array) -> Fixed:
    """Cut a finite matrix, rows by parts; the unit is a power of two, so cutting loses nothing above the last bit
    kept."""
    if not np.isfinite(x).all():
        raise Unsuitable("scores that are not finite cannot be summed")
    bits = bits_for(x.shape[1])
    top = float(np.abs(x).max(initial=0.0))
    unit = 2.0 ** (math.frexp(top)[1] - bits) if top > 0 else 1.0
    scaled = x / unit
    high = np.rint(scaled)
    return Fixed(np.concatenate([high, np.rint((scaled - high) * 2.0**bits)], axis=1), unit, bits)


def halves(weights: Array) -> Halves:
    """Cut weights, parts by draws, each between 0 and 1 and each draw's summing to about 1."""
    bits, (parts, draws) = bits_for(len(weights)), weights.shape
    both = np.empty((2 * parts, draws))
    low, high = both[:parts], both[parts:]
    np.multiply(weights, 2.0**bits, out=low)
    np.rint(low, out=high)
    low -= high
    low *= 2.0**bits
    np.rint(low, out=low)
    return Halves(both, bits)


def sums(weights: Halves, x: Fixed) -> Array:
    """Weighted sums of each draw and row: draws by rows, exact up to one last rounding."""
    parts = len(weights.both) // 2
    cross = np.matmul(weights.both.T, x.both.T)
    cross /= 2.0**x.bits
    cross += np.matmul(weights.both[parts:].T, x.high.T)
    cross *= x.unit / 2.0**x.bits
    return real(cross)


def ranks_of(order: Array, bound: float, absent: Bools | None, out: Ranks) -> None:
    """Ranks of each row of ``order`` (larger is better, 1 = best, ties share the best) into ``out``.

    ``bound``: a power of two that no value passes. Values are told apart on a grid of bound * 2**-(60 - log2 units).
    ``absent`` units get 0. Position and value travel in one whole number, so that one plain sort does all.
    """
    rows, units = order.shape
    index_bits = max(1, math.ceil(math.log2(max(units, 2))))
    mask = (1 << index_bits) - 1
    shift = 61 - math.frexp(bound)[1]
    key = np.multiply(order, -(2.0**shift)).astype(np.int64)
    key &= ~np.int64(mask)
    key |= np.arange(units, dtype=np.int64)
    if absent is not None and absent.any():
        key[:, absent] = np.int64(2**62) + np.flatnonzero(absent)
    key.sort(axis=1)
    gaps = np.subtract(key[:, 1:], key[:, :-1]) if units > 1 else np.full((rows, 1), 2**40)
    suspects = np.flatnonzero(gaps.min(axis=1) <= mask)
    place = np.arange(1, units + 1, dtype=out.dtype)
    if len(suspects):
        ties = _tied_places(key[suspects] >> index_bits, place)
    key &= mask
    key += (np.arange(rows, dtype=np.int64) * units)[:, None]
    flat = out.reshape(-1)
    flat[key.reshape(-1)] = np.broadcast_to(place, (rows, units)).reshape(-1)
    if len(suspects):
        flat[key[suspects].reshape(-1)] = ties.reshape(-1)
    if absent is not None and absent.any():
        out[:, absent] = 0


def _tied_places(value: Ints, place: npt.NDArray[np.signedinteger]) -> npt.NDArray[np.signedinteger]:
    first = np.ones(value.shape, dtype=bool)
    first[:, 1:] = value[:, 1:] != value[:, :-1]
    return np.maximum.accumulate(np.where(first, place, place.dtype.type(0)), axis=1)
