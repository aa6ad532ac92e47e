"""The workload model hangs together and agrees with the file it restates."""

import json
from pathlib import Path

import pytest

from thanglong.solve import workload


def test_figures_hang_together() -> None:
    assert sum(workload.HOURLY) == pytest.approx(1.0)
    assert 7800 < workload.messages_per_second() < 8000
    assert workload.things("Streetlight") == 3000
    assert workload.things("Ambulance", least=30) == 30
    assert sum(workload.cases_per_day(kind, 1) for kind in workload.WORK) == 762_500
    for item in [*workload.THINGS.values(), *workload.WORK.values()]:
        assert item.confidence in ("read", "derived", "guess")
        named = [part.split(" ")[0].rstrip(":") for part in item.source.split(", ")]
        assert any(name in workload.SOURCES for name in named)


def test_restates_the_shared_model(shared_data: Path) -> None:
    model = json.loads((shared_data / "load" / "workload.json").read_text())
    counts = {entity["type"]: entity["count"] for entity in model["entities"]}
    ours = {"StreetLight": "Streetlight", "LightingCabinet": "StreetlightControlCabinet", "FireVehicle": "FireEngine",
            "TrafficSignalController": "TrafficSignal", "TrafficDetector": "TrafficFlowObserved",
            "ParkingSite": "OffStreetParking", "ParkingSpace": "ParkingSpot", "Ambulance": "Ambulance"}  # fmt: skip
    for theirs, name in ours.items():
        assert workload.THINGS[name].count == counts[theirs]
    assert [case["per_day"] for case in model["cases"]] == [work.per_day for work in workload.WORK.values()]
    assert list(workload.HOURLY) == model["profiles"]["daily_curve_hourly_share"]
