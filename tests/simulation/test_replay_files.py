"""Runs of the recorded layout as others write them: order of columns, heads, separators, more vehicles; clear errors."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from thanglong.cli.emergency import app
from thanglong.solve import simulation

CODES, HOSPITALS, HOMES, CALLS = (11, 12, 13, 14, 15), (12, 15), (11, 13, 13), 40


def write(path: Path, rows: list[list[Any]], parted: str = ",") -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=parted).writerows(rows)


def inputs(folder: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for path in (folder / "runs").glob("*_one.csv"):
        found[path.name] = [row[-1] for row in csv.reader(path.open())][1:]
    return found


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A small area and a run of 40 calls, without a record."""
    (tmp_path / "runs").mkdir()
    r = np.random.default_rng(5)
    spots = r.uniform(0, 9000, (len(CODES), 2))
    minutes = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1)) / 800 + r.uniform(0, 1, (5, 5))
    np.fill_diagonal(minutes, 0)
    write(
        tmp_path / "times.csv",
        [["postal code", *CODES], *([code, *row] for code, row in zip(CODES, minutes.tolist(), strict=True))],
    )
    write(
        tmp_path / "nodes.csv",
        [
            ["postal code", "x", "y", "inhabitants"],
            *([code, *spot, 0.2] for code, spot in zip(CODES, spots.tolist(), strict=True)),
        ],
    )
    write(tmp_path / "hospitals.csv", [["Hospital"], *([code] for code in HOSPITALS)])
    write(tmp_path / "bases.csv", [["Base Locations"], [11], [13]])
    write(tmp_path / "homes.csv", [["Ambulance", "Base"], *([i, home] for i, home in enumerate(HOMES))])
    for name, values in {
        "interarrival_times": r.exponential(12, CALLS).tolist(), "on_site_aid_times": r.uniform(5, 30, CALLS).tolist(),
        "drop_off_times": r.uniform(5, 30, CALLS).tolist(), "location_IDs": r.choice(CODES, CALLS).tolist(),
        "to_hospital_bool": (r.random(CALLS) < 0.6).tolist(),
    }.items():  # fmt: skip
        write(tmp_path / "runs" / f"{name}_test_one.csv", [[0], *([value] for value in values)])
    describe(tmp_path)
    return tmp_path


def describe(folder: Path, common: dict[str, Any] | None = None, **facts: Any) -> None:
    shared = {
        "travel_times": "times.csv (minutes)",
        "nodes": "nodes.csv",
        "hospitals": "hospitals.csv",
        "bases": "bases.csv",
    }
    one = {"calls": CALLS, "ambulances": 3, "ambulance_bases": "homes.csv"} | facts
    (folder / "runs" / "runs.json").write_text(json.dumps({"common": common or shared, "runs": {"one": one}}))


def play(folder: Path) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, ["replay", str(folder), "--json"])
    assert done.exit_code == 0, done.output
    (run,) = json.loads(done.stdout)["runs"]
    results: list[dict[str, Any]] = run["results"]
    return results


def turned(folder: Path) -> None:
    """Columns and rows in another order."""
    rows = list(csv.reader((folder / "nodes.csv").open()))
    write(folder / "nodes.csv", [[row[3], row[2], row[0], row[1]] for row in (rows[0], *rows[:0:-1])])
    rows = list(csv.reader((folder / "homes.csv").open()))
    write(folder / "homes.csv", [[row[1], row[0]] for row in (rows[0], *rows[:0:-1])])
    rows = list(csv.reader((folder / "times.csv").open()))
    write(folder / "times.csv", [rows[0], *rows[:0:-1]])


def headless(folder: Path) -> None:
    for name, values in inputs(folder).items():
        write(folder / "runs" / name, [[value] for value in values])


def numbered(folder: Path) -> None:
    """As pandas writes with its index, and no number of calls told."""
    for name, values in inputs(folder).items():
        write(folder / "runs" / name, [["", "value"], *([i, value] for i, value in enumerate(values))])
    describe(folder)
    told = json.loads((folder / "runs" / "runs.json").read_text())
    del told["runs"]["one"]["calls"]
    (folder / "runs" / "runs.json").write_text("\ufeff" + json.dumps(told))


def european(folder: Path) -> None:
    """Semicolons, decimal commas, blank lines and Windows' ends of lines."""
    for path in folder.glob("*.csv"):
        rows = [[cell.replace(".", ",") for cell in row] for row in csv.reader(path.open())]
        write(path, [*rows, []], ";")


def fuller(folder: Path) -> None:
    """More vehicles listed than the run had, and more calls than it played."""
    rows = list(csv.reader((folder / "homes.csv").open()))
    write(folder / "homes.csv", [*rows, [3, 15], [4, 15]])
    for name, values in inputs(folder).items():
        write(folder / "runs" / name, [[0], *([value] for value in (*values, values[0], values[1]))])


@pytest.mark.parametrize("change", [turned, headless, numbered, european, fuller])
def test_the_same_run_written_otherwise_is_the_same_run(made: Path, change: Callable[[Path], None]) -> None:
    before = play(made)
    assert len(before) == CALLS
    change(made)
    assert play(made) == before


def test_a_record_is_compared_by_the_number_of_the_patient(made: Path) -> None:
    rows = [[call["call"], call["ambulance"], call["response_minutes"]] for call in play(made)]
    write(
        made / "runs" / "Patient_x_One.csv", [["patient_ID", "assigned_to_ambulance_nr", "response_time"], *rows[::-1]]
    )
    done = CliRunner().invoke(app, ["replay", str(made), "--json"])
    (run,) = json.loads(done.stdout)["runs"]
    assert (run["compared"], run["same"], run["same_ambulance"]) == (True, True, CALLS)


def test_an_area_without_hospitals_plays_runs_in_which_nobody_is_carried(made: Path) -> None:
    describe(made, {"travel_times": "times.csv", "nodes": "nodes.csv"})
    refused = CliRunner().invoke(app, ["replay", str(made)])
    assert refused.exit_code == 2
    assert "names no hospitals" in refused.output
    days = CliRunner().invoke(app, ["simulate", str(made), "--units", "3"])
    assert (days.exit_code, "need “bases” and “hospitals”" in days.output) == (2, True)
    write(made / "runs" / "to_hospital_bool_test_one.csv", [[0], *([False] for _ in range(CALLS))])
    assert len(play(made)) == CALLS


def lost_cell(folder: Path) -> None:
    values = inputs(folder)["on_site_aid_times_test_one.csv"]
    write(
        folder / "runs" / "on_site_aid_times_test_one.csv",
        [["i", "v"], *([i, "" if i == 6 else v] for i, v in enumerate(values))],
    )


def odd_word(folder: Path) -> None:
    values = inputs(folder)["to_hospital_bool_test_one.csv"]
    write(folder / "runs" / "to_hospital_bool_test_one.csv", [[0], ["perhaps"], *([value] for value in values[1:])])


def fewer(folder: Path) -> None:
    values = inputs(folder)["drop_off_times_test_one.csv"]
    write(folder / "runs" / "drop_off_times_test_one.csv", [[0], *([value] for value in values[:-3])])


def stranger(folder: Path) -> None:
    write(folder / "homes.csv", [["Ambulance", "Base"], [0, 11], [1, 99], [2, 13]])


def from_one(folder: Path) -> None:
    write(folder / "homes.csv", [["Ambulance", "Base"], [1, 11], [2, 13], [3, 13]])


def no_key(folder: Path) -> None:
    describe(folder, {"nodes": "nodes.csv"})


def short_record(folder: Path) -> None:
    write(
        folder / "runs" / "Patient_one.csv", [["patient_ID", "assigned_to_ambulance_nr", "response_time"], [0, 1, 2.5]]
    )


def other_record(folder: Path) -> None:
    write(folder / "runs" / "Patient_one.csv", [["patient_ID", "unit"], *([i, 1] for i in range(CALLS))])


def no_list(folder: Path) -> None:
    (folder / "runs" / "runs.json").write_text("[]")


def gone(folder: Path) -> None:
    (folder / "runs" / "runs.json").unlink()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (gone, "there is no runs/runs.json in it"),
        (lost_cell, "on_site_aid_times_test_one.csv, line 8: “” is no number"),
        (odd_word, "line 2: “perhaps” is neither True nor False"),
        (fewer, "holds 37 values, runs.json tells of 40 calls"),
        (stranger, "99 is not in the driving-time matrix"),
        (from_one, "there must be 3 ambulances, numbered from 0"),
        (no_key, "“travel_times” is missing in common"),
        (short_record, "tells of 1 calls, the run has 40"),
        (other_record, "there is no column “assigned_to_ambulance_nr”"),
        (no_list, "must hold “common” and “runs”"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(made: Path, harm: Callable[[Path], None], said: str) -> None:
    harm(made)
    done = CliRunner().invoke(app, ["replay", str(made)])
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


def test_the_first_start_says_that_it_takes_longer(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "ready", lambda: False)
    assert "once after an installation" in CliRunner().invoke(app, ["replay", str(made)]).output
    monkeypatch.undo()
    assert simulation.ready(), "it has just run"
    assert "once after an installation" not in CliRunner().invoke(app, ["replay", str(made)]).output
