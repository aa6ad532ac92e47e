"""Recorded runs of a real service come out call by call and movement by movement."""

from pathlib import Path

import numpy as np
import pytest

from thanglong.domains.emergency import rules
from thanglong.formats import elaspy
from thanglong.solve import simulation as sim


@pytest.mark.parametrize("name", ["diesel_3", "diesel_5"])
def test_recorded_runs_come_out_the_same(shared_data: Path, name: str) -> None:
    folder = shared_data / "emergency" / "utrecht_elaspy"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data/emergency/utrecht_elaspy")
    told = elaspy.describe(folder)
    run = elaspy.read_run(folder, name, told["runs"][name])
    area = elaspy.read_area(folder, told["common"])
    land, fleet, calls = rules.recorded(area, run)
    out = sim.simulate(land, fleet, calls, sim.Rules(snap=True), keep_moves=True)
    assert [unit for unit, _ in run.recorded] == out.unit.tolist()
    np.testing.assert_allclose(out.response, [minutes for _, minutes in run.recorded], rtol=0, atol=1e-6)
    shown = out.moves.kind != sim.HANDOVER
    still = out.moves.kind[shown] == sim.ON_SCENE
    assert [row[0] for row in run.movements] == out.moves.unit[shown].tolist()
    np.testing.assert_allclose([row[1] for row in run.movements], out.moves.at[shown], rtol=0, atol=1e-6)
    codes = np.array(area.codes)
    for column, part in ((2, out.moves.source[shown]), (3, out.moves.target[shown])):
        told_codes = [None if rests else int(code) for rests, code in zip(still, codes[part], strict=True)]
        assert [row[column] for row in run.movements] == told_codes
