"""One seed and one moment give one city, in any process and on either store; and it lives one same day."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SCRIPT = """
import json, sys
from datetime import datetime, timedelta
import django
django.setup()
from django.core.management import call_command
from thanglong.site import compose
compose.plug()
call_command("migrate", verbosity=0, interactive=False)
from thanglong.cli import demo
from thanglong.core.places import service as places
from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, plain, position
from thanglong.kit import ports
from thanglong.kit.ports import SYSTEM

now = datetime.fromisoformat("2026-11-24T09:30:00+00:00")
city = demo.build_city(seed=int(sys.argv[1]), now=now)
made = demo.state_digest()
if sys.argv[2] == "reloaded":
    city = demo.load_city()
demo.simulate(city, now, now + timedelta(minutes=75))
lived = demo.state_digest()
astray = 0
counts = {}
for kind, count in ports.plugged.things.types().items():
    counts[kind] = count
    if kind in ("CityFigure", "Ambulance", "FireEngine"):
        continue
    found = [e for e in things.query(SYSTEM, ThingQuery(types=(kind,), limit=100_000)) if position(e)]
    spots = [position(e) for e in found]
    units = places.units_at([s[0] for s in spots], [s[1] for s in spots])
    astray += sum(plain(e, "unit") != f"urn:ngsi-ld:Unit:{u}" for e, u in zip(found, units, strict=True))
lamps = things.count(SYSTEM, ThingQuery(types=("Streetlight",), q=(("powerState", "==", "on"),)))
ports.plugged.things.close()
print(json.dumps({"made": made, "lived": lived, "counts": counts, "astray": astray, "on": lamps,
                  "city": demo.made().name}))
"""


def _run(folder: Path, seed: int = 1, how: str = "straight", database: str = "") -> dict[str, Any]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("THANGLONG_")}
    environment |= {
        "THANGLONG_DATA": str(folder),
        "THANGLONG_SECRET": "tests-only",
        "DJANGO_SETTINGS_MODULE": "thanglong.site.settings",
        "PYTHONHASHSEED": str(seed + len(how) + len(database)),
    }
    if database:
        environment["THANGLONG_DATABASE"] = database
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-P", "-c", SCRIPT, str(seed), how],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return _run(tmp_path_factory.mktemp("first"))


def test_two_processes_make_and_live_the_same_city(first: dict[str, Any], tmp_path: Path) -> None:
    second = _run(tmp_path / "a b", how="reloaded")
    assert second["made"] == first["made"]
    assert second["lived"] == first["lived"]
    assert first["made"]["things"] != first["lived"]["things"]


def test_both_stores_hold_the_same_city(first: dict[str, Any], tmp_path: Path, postgres_uri: str) -> None:
    import psycopg

    with psycopg.connect(postgres_uri, autocommit=True) as connection:
        connection.execute("CREATE DATABASE demo_digest")
    base, _, tail = postgres_uri.rpartition("/city")
    other = _run(tmp_path / "pg", database=f"{base}/demo_digest{tail}")
    assert other["made"] == first["made"]
    assert other["lived"] == first["lived"]


def test_the_city_is_in_proportion(first: dict[str, Any]) -> None:
    counts = first["counts"]
    assert first["city"] == "Hà Nội"
    assert first["astray"] == 0
    least = {
        "Streetlight": 3000, "StreetlightControlCabinet": 60, "TrafficSignal": 120, "TrafficFlowObserved": 200,
        "OffStreetParking": 60, "Ambulance": 30, "FireEngine": 30, "Hospital": 25, "FireHydrant": 300,
    }  # fmt: skip
    for kind, count in least.items():
        assert counts[kind] >= count, kind
    assert counts["DataCentre"] == 6
    assert counts["StreetlightControlCabinet"] * 50 == counts["Streetlight"]


def test_dusk_has_come(first: dict[str, Any]) -> None:
    assert first["on"] > 0.95 * first["counts"]["Streetlight"]  # 16:30 to 17:45 local time on 24 November


def test_another_seed_is_another_city(first: dict[str, Any], tmp_path: Path) -> None:
    other = _run(tmp_path, seed=2)
    assert other["made"]["things"] != first["made"]["things"]
