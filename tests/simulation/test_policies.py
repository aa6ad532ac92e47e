"""Policies compared from the command line: limits of crews, paired intervals, pictures, areas of two layouts."""

import json
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


def run(*asked: str) -> dict[str, object]:
    done = CliRunner().invoke(app, [*asked, "--json"])
    assert done.exit_code == 0, done.output
    told: dict[str, object] = json.loads(done.stdout)
    return told


def test_moved_crews_win_within_their_limits(utrecht: Path, tmp_path: Path) -> None:
    asked = ("simulate", str(utrecht), "--calls", "1000", "--seeds", "3", "--policy")
    worth = run(*asked, "worth", "--moves", "2", "--out", str(tmp_path))
    assert worth["against"] == "home"
    assert worth["against_late"][2] < 0  # type: ignore[index]
    assert 0 < worth["moves_a_unit_and_day"] <= worth["moves_of_the_busiest_crew_a_day"] <= 4.5  # type: ignore[operator]
    assert worth["idle_driving_km_a_day"] > 0  # type: ignore[operator]
    assert set(worth["settings"]) == {"busy", "price", "pull", "least"}  # type: ignore[call-overload]
    for name in ("map.svg", "response.svg"):
        assert "<svg" in (tmp_path / name).read_text()
    still = run(*asked, "table")
    assert still["moves_a_unit_and_day"] == 0
    refused = CliRunner().invoke(app, [*asked, "fastest"])
    assert refused.exit_code == 2
    assert "home, cover, table, assign, worth" in refused.output


def test_placings_and_policies_stand_on_the_same_days(utrecht: Path, tmp_path: Path) -> None:
    told = run("plan", str(utrecht), "--units", "16", "--calls", "800", "--seeds", "2", "--policies", "cover,assign",
               "--out", str(tmp_path))  # fmt: skip
    rows = told["placings"]
    assert isinstance(rows, list)
    assert [row["name"] for row in rows] == ["model optimum", "tuned", "tuned, cover", "tuned, assign"]
    assert all(row["seeds"] == [1000, 1001] and sum(row["stand"]) == 16 for row in rows)
    assert rows[1]["against_tuned"] == [0.0, 0.0, 0.0]
    assert rows[3]["moves_a_unit_and_day"] > 0
    for name in ("late.svg", "driving.svg"):
        assert "<svg" in (tmp_path / name).read_text()


@pytest.mark.slow
def test_roads_and_population_make_an_area(shared_data: Path) -> None:
    folder = shared_data / "roads" / "jemss" / "edmonton"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data/roads/jemss/edmonton")
    stand = "0,2,1,2,0,1,2,2,1,0,1,1,2,0,1,0,0"
    told = run("simulate", str(folder), "--units", "16", "--calls", "2000", "--seeds", "3", "--stand", stand)
    assert 0.25 < told["late"] < 0.37  # type: ignore[operator]
    assert told["idle_driving_km_a_day"] > 300  # type: ignore[operator]
