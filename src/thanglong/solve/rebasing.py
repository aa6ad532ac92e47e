"""Figures of one set of units counted for another: sums move by shares, so the city's sum stays what it was."""

from collections.abc import Hashable, Mapping
from math import floor
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def rebase(values: Mapping[K, float], shares: Mapping[K, Mapping[K, float]]) -> dict[K, float]:
    """Sums by new unit. ``shares[old][new]`` says how much of an old unit went where; a unit without shares stays.

    Shares of a unit are scaled to one, so the sum over all units is kept (to rounding of floats).
    """
    found: dict[K, float] = {}
    for old, value in values.items():
        parts = shares.get(old) or {old: 1.0}
        whole = sum(parts.values())
        if whole <= 0:
            parts, whole = {old: 1.0}, 1.0
        for new, share in parts.items():
            found[new] = found.get(new, 0.0) + value * share / whole
    return found


def whole(values: Mapping[K, float]) -> dict[K, int]:
    """Whole numbers with the same (rounded) sum: the largest remainders are rounded up."""
    found = {key: floor(value) for key, value in values.items()}
    missing = round(sum(values.values())) - sum(found.values())
    order = sorted(values, key=lambda key: (found[key] - values[key], str(key)))
    for key in order[: max(missing, 0)]:
        found[key] += 1
    return found


def lasting(starts: Mapping[K, Mapping[K, float]], depth: int = 12) -> dict[K, dict[K, float]]:
    """Shares through several changes: old -> the units that took over and were not themselves followed."""
    found: dict[K, dict[K, float]] = {}
    for old in starts:
        now: dict[K, float] = {old: 1.0}
        for _ in range(depth):
            following: dict[K, float] = {}
            for unit, share in now.items():
                parts = starts.get(unit)
                total = sum(parts.values()) if parts else 0.0
                if not parts or total <= 0:
                    following[unit] = following.get(unit, 0.0) + share
                    continue
                for new, part in parts.items():
                    following[new] = following.get(new, 0.0) + share * part / total
            if following == now:
                break
            now = following
        found[old] = now
    return found
