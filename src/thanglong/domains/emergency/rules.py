"""From recorded runs to what the simulator reads."""

import numpy as np

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
