"""What was acknowledged is there after ``kill -9``, and history tells the same as the state; on both stores."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from thanglong.kit.ports import ThingQuery, ThingsStore

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
Opener = Callable[[], ThingsStore]

WRITER = """
import sys, threading
from datetime import UTC, datetime
from pathlib import Path
where, name = sys.argv[1:3]
if where.startswith("postgres"):
    from thanglong.stores.postgres.things import PostgresThings as Store
    store = Store(where)
else:
    from thanglong.stores.sqlite.things import SqliteThings as Store
    store = Store(Path(where))
at = datetime(2026, 3, 2, tzinfo=UTC)
lock = threading.Lock()

def work(thread):
    for i in range(1_000_000):
        entity = {"id": f"urn:w:{name}:{thread}", "type": "Counter", "n": {"type": "Property", "value": i},
                  "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [i % 180, thread]}}}
        store.write([entity], mode="upsert", at=at)
        with lock:
            sys.stdout.write(f"{thread} {i}\\n")
            sys.stdout.flush()

for t in range(4):
    threading.Thread(target=work, args=(t,), daemon=True).start()
threading.Event().wait()
"""


def start(where: str, name: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", WRITER, where, name], stdout=subprocess.PIPE, text=True)


def kill_after(process: "subprocess.Popen[str]", writes: int) -> dict[str, int]:
    """Let it write, kill it in the midst; the last acknowledged number of each of its threads."""
    acknowledged: dict[str, int] = {}
    assert process.stdout is not None
    for count, line in enumerate(process.stdout):
        thread, number = line.split()
        acknowledged[thread] = int(number)
        if count == writes:
            os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return acknowledged


def agree(store: ThingsStore) -> None:
    """State, history, log and index tell one story."""
    for entity in store.query(ThingQuery(types=["Counter"])):
        now = entity["n"]["value"]
        past = [sample.instance["value"] for sample in store.history(entity["id"], "n") if sample.instance]
        assert past == list(range(now + 1)), entity["id"]
        found = store.query(ThingQuery(types=["Counter"], q=[("n", "==", now)], ids=[entity["id"]]))
        assert [item["id"] for item in found] == [entity["id"]]
        lon, lat = entity["location"]["value"]["coordinates"]
        near = store.query(ThingQuery(types=["Counter"], box=(lon, lat, lon, lat)))
        assert entity["id"] in [item["id"] for item in near]
    seqs = [change.seq for change in store.changes(0, 1_000_000)]
    assert seqs == list(range(1, store.last_seq() + 1))


def test_kill_in_the_midst(opener: Opener, where: str) -> None:
    opener()
    for round_number in range(2):
        name = f"r{round_number}"
        acknowledged = kill_after(start(where, name), 60)
        store = opener()
        for thread, number in acknowledged.items():
            entity = store.get([f"urn:w:{name}:{thread}"])[f"urn:w:{name}:{thread}"]
            assert entity["n"]["value"] in (number, number + 1), "one write may have been on its way"
        agree(store)
    store.write([{"id": "urn:after", "type": "Counter", "n": {"type": "Property", "value": 0},
                  "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [1, 1]}}}],
                mode="create", at=T0)  # fmt: skip
    agree(store)


def test_two_processes_write_at_once(opener: Opener, where: str) -> None:
    store = opener()
    processes = [start(where, name) for name in ("a", "b")]
    results: dict[int, dict[str, int]] = {}

    def drive(number: int) -> None:
        results[number] = kill_after(processes[number], 120)

    threads = [threading.Thread(target=drive, args=(n,)) for n in range(2)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 2, "a process starved"
    assert time.monotonic() - began < 40
    for number, name in enumerate("ab"):
        for thread_name, last in results[number].items():
            entity = store.get([f"urn:w:{name}:{thread_name}"])[f"urn:w:{name}:{thread_name}"]
            assert entity["n"]["value"] in (last, last + 1)
    agree(store)


def test_a_failed_commit_keeps_nothing_and_spoils_nobody(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    from thanglong.stores.things import work

    store = opener()
    store.write([{"id": "urn:first", "type": "T"}], mode="create", at=T0)
    settle = work.Work._settle

    def failing(self: Any, entity: Any, *more: Any) -> None:
        if entity.id == "urn:bad":
            raise OSError("disk full")
        settle(self, entity, *more)

    monkeypatch.setattr(work.Work, "_settle", failing)
    failed: list[str] = []

    def write(name: str) -> None:
        try:
            store.write(
                [{"id": name, "type": "New" + name[4:], "x": {"type": "Property", "value": 1}}], mode="create", at=T0
            )
        except OSError:
            failed.append(name)

    names = ["urn:bad", *(f"urn:good{n}" for n in range(8))]
    threads = [threading.Thread(target=write, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == ["urn:bad"]
    assert store.last_seq() == 9 and len(store.types()) == 9
    monkeypatch.undo()
    assert store.write([{"id": "urn:bad", "type": "Newbad"}], mode="create", at=T0)[0].created
    assert opener().types() == store.types()
