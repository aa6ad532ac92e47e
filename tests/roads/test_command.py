"""``thanglong roads import``: an account for people and for programs, refusals in words."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


def run(*arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "thanglong.cli.main", "roads", "import", *arguments, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_an_account_of_the_import(tmp_path: Path, shared_data: Path) -> None:
    file = shared_data / "roads" / "hanoi-central-2026-04-11.osm.pbf"
    if not file.is_file():
        pytest.skip("needs ../shared/data/roads (see docs/do/run-the-tests.md)")
    told = run(str(file), "--dry-run", "--json", data=tmp_path)
    account = json.loads(told.stdout)
    assert told.returncode == 0
    assert account["dry_run"]
    assert account["restrictions"] > 100
    assert {problem["kind"] for problem in account["problems"]} == {"maxspeed"}
    assert not (tmp_path / "roads.npz").exists()


def test_what_is_no_map_is_refused_in_a_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(b"not a map")
    told = run(str(broken), "--dry-run", data=tmp_path)
    assert told.returncode == 1
    assert "cannot be read as OpenStreetMap data" in told.stderr
    assert "Traceback" not in told.stderr
