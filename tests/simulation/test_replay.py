"""Recorded runs of a real service come out call by call and movement by movement, and a changed record is noticed."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from thanglong.cli.emergency import app


@pytest.fixture
def utrecht(shared_data: Path) -> Path:
    folder = shared_data / "emergency" / "utrecht_elaspy"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data/emergency/utrecht_elaspy")
    return folder


def test_recorded_runs_come_out_the_same(utrecht: Path) -> None:
    done = CliRunner().invoke(app, ["replay", str(utrecht), "--json"])
    assert done.exit_code == 0, done.output
    runs = {run["name"]: run for run in json.loads(done.stdout)["runs"]}
    assert {name: run["calls"] for name, run in runs.items()} == {"diesel_3": 1400, "diesel_5": 800}
    for run in runs.values():
        assert run["compared"] and run["same"]
        assert run["same_ambulance"] == run["calls"] == len(run["results"])
        assert run["largest_difference_minutes"] <= 1e-6
        assert run["same_movements"] == run["movements"] > 2000


def test_a_changed_record_and_a_missing_file_are_noticed(utrecht: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(utrecht, folder)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    record = folder / "runs" / "Patient_Test_Diesel_5.csv"
    record.write_text(record.read_text().replace("10.161387634277338", "10.171387634277338"))
    done = CliRunner().invoke(app, ["replay", str(folder)])
    assert done.exit_code == 1
    assert "✗ diesel_5: 800 of 800 calls by the same ambulance" in done.stdout
    assert "✓ diesel_3" in done.stdout
    (folder / "hospital.txt").touch()
    next((folder / "runs").glob("drop_off*diesel_3.csv")).unlink()
    broken = CliRunner().invoke(app, ["replay", str(folder)])
    assert broken.exit_code == 2
    assert "drop_off_times*_diesel_3.csv" in broken.output


def test_simulated_days_tell_two_policies_apart_and_repeat(utrecht: Path) -> None:
    told = {}
    for policy in ("home", "cover", "home"):
        asked = ["simulate", str(utrecht), "--policy", policy, "--calls", "5000", "--seeds", "3", "--json"]
        done = CliRunner().invoke(app, asked)
        assert done.exit_code == 0, done.output
        row = json.loads(done.stdout)
        assert told.setdefault(policy, row) == row
    assert told["cover"]["late"] < told["home"]["late"]
    assert told["cover"]["idle_driving_hours_a_day"] > told["home"]["idle_driving_hours_a_day"]
    wrong = CliRunner().invoke(app, ["simulate", str(utrecht), "--stand", "1,2"])
    assert wrong.exit_code == 2
    assert "21 numbers whose sum is 20" in wrong.output
