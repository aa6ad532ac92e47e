"""How much of each unit of the city is reached in time: its streets stand for the people along them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from thanglong.solve.city import Floats, Ints
from thanglong.solve.routing.engine import Engine, Places, View


@dataclass(frozen=True, slots=True)
class Ground:
    """What is to be covered: per street its unit's number in ``units`` (-1: none) and its part of the unit's weight."""

    units: tuple[UUID, ...]
    weight: Floats
    of: Ints
    part: Floats


def ground_of(engine: Engine, bit: int, owners: Sequence[UUID | None], people: Mapping[UUID, int | None]) -> Ground:
    """The ground of a vehicle: ``owners`` the unit of each street, ``people`` the residents of each unit.

    Residents are spread over the streets of their unit by length. Unless all units know theirs, a unit weighs what its
    streets measure in kilometres: one kind of weight for the whole city.
    """
    open_to = np.zeros(len(engine.network.u), dtype=bool)
    open_to[engine.arcs.stretch[(engine.arcs.access & bit) > 0]] = True
    units = tuple(sorted({owner for owner, here in zip(owners, open_to, strict=True) if here and owner is not None}))
    number = {unit: i for i, unit in enumerate(units)}
    of = np.array([number.get(owner, -1) if here and owner is not None else -1
                   for owner, here in zip(owners, open_to, strict=True)], dtype=np.int64)  # fmt: skip
    km: Floats = np.bincount(of[of >= 0], weights=engine.network.length[of >= 0] / 1000, minlength=len(units)).astype(
        float
    )
    known = [people.get(unit) for unit in units]
    weight: Floats = km if any(n is None for n in known) else np.array(known, dtype=float)
    part: Any = (
        np.where(of >= 0, engine.network.length / 1000 / np.maximum(km[of], 1e-9), 0.0) if len(units) else km[:0]
    )
    return Ground(units, weight, of, part)


def covered(engine: Engine, view: View, ground: Ground, starts: Places, minutes: Sequence[float]) -> list[Floats]:
    """For each number of minutes the weight reached in each unit; a street counts by the longer part driven of it."""
    by_arc = engine.entered(view, starts)
    ms = np.maximum(view.open_ms, 1)
    found = []
    for m in minutes:
        share = np.clip((m * 60_000 - by_arc) / ms, 0.0, 1.0)
        best: Any = np.zeros(len(engine.network.u))
        np.maximum.at(best, engine.arcs.stretch, share)
        here = ground.of >= 0
        sums = np.bincount(ground.of[here], weights=(best * ground.part)[here], minlength=len(ground.units))
        found.append(ground.weight * np.minimum(sums, 1.0))
    return found
