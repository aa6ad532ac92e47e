"""Recorded runs played again: from the files to what the simulator reads, and what differs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from thanglong.formats import elaspy
from thanglong.formats.elaspy import Area, Run, Unreadable
from thanglong.solve import simulation


def recorded(area: Area, run: Run) -> tuple[simulation.Land, simulation.Fleet, simulation.Calls]:
    """The land, the fleet and the calls of a recorded run. Raises Unreadable for codes the area does not know."""
    index = {code: number for number, code in enumerate(area.codes)}
    try:
        bases = sorted({index[code] for code in run.bases})
        homes = [bases.index(index[code]) for code in run.bases]
        places = [index[code] for code in run.places]
        hospitals = [index[code] for code in area.hospitals]
    except KeyError as error:
        raise Unreadable(f"{run.name}: {error.args[0]} is not in the driving-time matrix") from None
    if not len(run.between) == len(run.places) == len(run.on_scene) == len(run.carried) == len(run.handover):
        raise Unreadable(f"{run.name}: the input columns are not of one length")
    if any(run.carried) and not hospitals:
        raise Unreadable(f"{run.name}: patients are carried, but runs.json names no hospitals")
    urgent = np.array(area.minutes)
    land = simulation.Land(
        urgent, urgent / area.no_siren_factor, np.array(area.x), np.array(area.y), np.array(bases, np.int64),
        np.array(hospitals, np.int64), np.zeros(len(hospitals), np.int64),
    )  # fmt: skip
    calls = simulation.Calls.alike(
        np.cumsum(run.between), np.array(places, np.int64), np.array(run.on_scene), np.array(run.carried),
        np.array(run.handover),
    )  # fmt: skip
    return land, simulation.Fleet.alike(np.array(homes, np.int64)), calls


@dataclass(frozen=True, slots=True)
class Played:
    """One run played again. ``compared``: there was a record; ``units_equal`` calls served by the recorded unit;
    ``furthest`` the largest difference of a response time in minutes; ``movements_equal`` rows of the movement table
    that are the same (None: not recorded)."""

    name: str
    outcome: simulation.Outcome
    compared: bool
    units_equal: int
    furthest: float
    movements: int
    movements_equal: int | None

    @property
    def same(self) -> bool:
        """Nothing differs from the record."""
        calls = len(self.outcome.unit)
        moved = self.movements_equal is None or self.movements_equal == self.movements
        return not self.compared or (self.units_equal == calls and self.furthest <= TOLERANCE and moved)

    def told(self) -> dict[str, Any]:
        """The run as JSON, with every call."""
        out = self.outcome
        return {
            "name": self.name, "calls": len(out.unit), "same": self.same, "compared": self.compared,
            "same_ambulance": self.units_equal, "largest_difference_minutes": self.furthest,
            "movements": self.movements, "same_movements": self.movements_equal,
            "mean_response_minutes": float(out.response.mean()),
            "p90_response_minutes": float(np.quantile(out.response, 0.9)),
            "results": [
                {"call": call, "ambulance": int(unit), "response_minutes": float(minutes)}
                for call, (unit, minutes) in enumerate(zip(out.unit, out.response, strict=True))
            ],
        }  # fmt: skip

    def sentence(self) -> str:
        """The run in one line for a person."""
        calls = len(self.outcome.unit)
        mark = "✓" if self.same else "✗"
        if not self.compared:
            return f"{mark} {self.name}: {calls} calls, mean response {self.outcome.response.mean():.2f} min; no record"
        moved = "" if self.movements_equal is None else f", {self.movements_equal} of {self.movements} movements equal"
        return (
            f"{mark} {self.name}: {self.units_equal} of {calls} calls by the same ambulance, "
            f"response times within {self.furthest:.1e} min{moved}"
        )


TOLERANCE = 1e-6
NORM = 12.0
"""Minutes drawn as the norm in pictures of recorded runs."""


def replay(folder: Path) -> Iterator[Played]:
    """Every run of a folder, played again. Raises Unreadable."""
    told = elaspy.describe(folder)
    area = elaspy.read_area(folder, told["common"])
    for name, facts in told["runs"].items():
        yield play(area, elaspy.read_run(folder, name, facts))


def play(area: Area, run: Run) -> Played:
    """One run played again by the recorded rules, and compared with its record."""
    land, fleet, calls = recorded(area, run)
    out = simulation.simulate(land, fleet, calls, simulation.Rules(snap=True), keep_moves=True)
    compared = len(run.recorded) == len(calls)
    units = sum(unit == int(mine) for (unit, _), mine in zip(run.recorded, out.unit, strict=False))
    times = np.array([minutes for _, minutes in run.recorded]) if compared else out.response
    rows = _rows(area, out)
    equal = None
    if run.movements:
        same = sum(_alike(left, right) for left, right in zip(run.movements, rows, strict=False))
        equal = same if len(rows) == len(run.movements) else min(same, len(rows) - 1)
    furthest = float(np.max(np.abs(times - out.response), initial=0.0))
    return Played(run.name, out, compared, units, furthest, max(len(rows), len(run.movements)), equal)


Row = tuple[int, float, int | None, int | None]


def _rows(area: Area, out: simulation.Outcome) -> list[Row]:
    """The movement table as recorded: stays at the patient without places, stays at the hospital not at all."""
    rows: list[Row] = []
    moves = out.moves
    for unit, at, kind, source, target in zip(
        moves.unit.tolist(), moves.at.tolist(), moves.kind.tolist(), moves.source.tolist(), moves.target.tolist(),
        strict=True,
    ):  # fmt: skip
        if kind == simulation.ON_SCENE:
            rows.append((unit, at, None, None))
        elif kind != simulation.HANDOVER:
            rows.append((unit, at, area.codes[source], area.codes[target]))
    return rows


def _alike(left: Row, right: Row) -> bool:
    return left[0] == right[0] and abs(left[1] - right[1]) <= TOLERANCE and left[2:] == right[2:]
