"""The demo city: build it step by step, let it live on, and tell two of them apart."""

import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from thanglong.core.places import service as places
from thanglong.core.things import service as things
from thanglong.domains.roads import service as roads
from thanglong.kit import bus, clock, ports, registry
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import SYSTEM
from thanglong.solve.city import City, Ward

log = logging.getLogger(__name__)
VERSION = 1
BATCH = 4000


@dataclass(frozen=True, slots=True)
class Made:
    """What ``city.json`` says about the demo city in a data folder."""

    name: str
    seed: int
    scale: float
    made_at: datetime
    version: int = VERSION


def _path() -> Path:
    return ports.plugged.data / "city.json"


def made() -> Made | None:
    """The demo city of this data folder, or None: real use, or a making that was cut short."""
    try:
        found = json.loads(_path().read_text())
    except FileNotFoundError:
        return None
    return Made(
        found["name"], found["seed"], found["scale"], datetime.fromisoformat(found["made_at"]), found.get("version", 0)
    )


def steps() -> list[tuple[str, registry.DemoStep]]:
    """The registered steps in order."""
    return sorted(registry.demo.items(), key=lambda item: (item[1].order, item[0]))


def build_city(
    name: str = "Hà Nội",
    seed: int = 1,
    scale: float = 0.01,
    report: Callable[[str], None] = lambda text: None,
    now: datetime | None = None,
) -> City:
    """Make a whole city: every registered step in order, then ``city.json``.

    The city's clock stands still at ``now`` meanwhile, so that one seed and one moment give one city. Each step opens
    its own transactions. ``city.json`` is written last and in one piece, so a making that was cut short leaves none.
    ``report`` hears a line per step with the seconds it took.
    """
    moment = (now or clock.now()).replace(microsecond=0)
    city = City(seed, scale, name, moment, units_at=places.units_at)
    with clock.use(clock.Frozen(moment)):
        for key, step in steps():
            if step.build is not None:
                report(_build(key, step.build, city))
    _remember(Made(city.name, seed, scale, moment))
    return city


def _build(key: str, build: Callable[[City, Callable[[str], None]], None], city: City) -> str:
    begun = time.perf_counter()
    lines: list[str] = []
    build(city, lines.append)
    flush(city)
    return f"{key}: {'; '.join(lines) or 'done'} ({time.perf_counter() - begun:.1f} s)"


def flush(city: City) -> int:
    """Write what the steps put into the city's outbox, in few large batches; how many entities."""
    waiting, city.outbox = city.outbox, []
    for start in range(0, len(waiting), BATCH):
        refused = [reason for reason in things.upsert(SYSTEM, waiting[start : start + BATCH]) if reason]
        if refused:
            log.warning("the things store refused %d entities of the demo: %s", len(refused), refused[0])
    return len(waiting)


def _remember(city: Made) -> None:
    target = _path()
    temporary = target.with_suffix(".tmp")
    record = {
        "name": city.name,
        "seed": city.seed,
        "scale": city.scale,
        "made_at": city.made_at.isoformat(),
        "version": city.version,
    }
    with temporary.open("w", encoding="utf-8") as out:
        json.dump(record, out, ensure_ascii=False)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(target)


def load_city() -> City:
    """The city context of an existing demo, for ticking: wards from the places, roads from their file."""
    found = made()
    if found is None:
        raise NotFound
    city = City(found.seed, found.scale, found.name, clock.now(), units_at=places.units_at)
    wards = []
    for unit in places.wards():
        shape = places.boundary(unit.id)
        if shape is not None and unit.lon is not None and unit.lat is not None:
            wards.append(
                Ward(unit.id, unit.name, unit.lon, unit.lat, unit.area_km2 or 1.0, unit.population or 0, shape)
            )
    city.wards = tuple(wards)
    city.roads = roads.load()
    return city


def live(city: City, since: datetime, until: datetime) -> int:
    """Let every domain live on from one moment of city time to the next; how many entities were written."""
    city.now = until
    for key, step in steps():
        if step.tick is None:
            continue
        try:
            step.tick(city, since, until)
        except Exception:
            log.exception("the demo's %s did not get through its tick", key)
    return flush(city)


def simulate(city: City, since: datetime, until: datetime, minutes: int = 1) -> None:
    """Run a stretch of city time without waiting, in steps of whole city minutes."""
    step = timedelta(minutes=minutes)
    moment = since
    while moment < until:
        following = min(moment + step, until)
        with clock.use(clock.Frozen(following)):
            live(city, moment, following)
        moment = following


def lived_until() -> datetime | None:
    """The moment up to which the demo of this data folder has lived."""
    try:
        return datetime.fromisoformat((ports.plugged.data / "run" / "demo-until").read_text())
    except (FileNotFoundError, ValueError):
        found = made()
        return found.made_at if found else None


def _keep_until(moment: datetime) -> None:
    target = ports.plugged.data / "run" / "demo-until"
    target.parent.mkdir(exist_ok=True)
    temporary = target.with_suffix(".tmp")
    temporary.write_text(moment.isoformat())
    temporary.replace(target)


class Ticker:
    """Lives the demo on from where it stood, also when that was in another process or long ago."""

    def __init__(self) -> None:
        self._city: City | None = None

    def __call__(self) -> None:
        if (ports.plugged.data / "run" / "demo-paused").is_file():
            return
        if self._city is None:
            self._city = load_city()
        now = clock.now()
        since = lived_until() or now - timedelta(minutes=1)
        if now > since:
            live(self._city, since, now)
            _keep_until(now)


def start_ticking() -> bool:
    """Let the worker of this process live the demo on, once a second; False where there is no demo city."""
    if made() is None:
        return False
    bus.tasks.add("demo.tick", Ticker())
    bus.every(1.0, "demo.tick")
    return True


def state_digest() -> dict[str, Any]:
    """Digests that two cities of one seed share at one city time: of the things and of each domain table."""
    from thanglong.cli.digest import tables

    return {"things": ports.plugged.things.digest(), **tables()}
