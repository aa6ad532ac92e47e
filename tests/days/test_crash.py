"""The bad day: each process killed in the midst of work. What was acknowledged is there, once, and the ledger agrees."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.days.citizens import Citizens, check

pytestmark = pytest.mark.slow
Start = Callable[..., Any]


def kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def test_nothing_acknowledged_is_lost_when_processes_are_killed(start_city: Start) -> None:
    city = start_city("--scale", "0.002")
    with Citizens(city.address, 6) as citizens:
        for part in ("web", "live", "worker", "web", "live"):
            time.sleep(2.5)
            pids = city.pids(part)
            assert pids, f"{part} runs"
            kill(pids)
            city.wait_well(40)
        time.sleep(2)
    assert not citizens.refused, citizens.refused[:3]
    assert len(citizens.acknowledged) > 50, len(citizens.acknowledged)
    check(city, citizens)


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
