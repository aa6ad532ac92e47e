"""Closed days: history and log read the same before and after, on both stores, whenever the process is killed."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from thanglong.kit.ports import ThingsStore
from thanglong.stores.parquet import DayFiles
from thanglong.stores.postgres.things import PostgresThings
from thanglong.stores.sqlite.things import SqliteThings

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
Open = Callable[[], ThingsStore]


@pytest.fixture
def closing(where: str, tmp_path: Path) -> Any:
    """Opens the store with its folder of day files."""
    opened: list[ThingsStore] = []

    def open_store(tenant: str = "") -> ThingsStore:
        days = DayFiles(tmp_path / "days")
        store: ThingsStore
        if where.startswith("postgres"):
            store = PostgresThings(where, tenant, days=days)
        else:
            store = SqliteThings(Path(where), tenant, days=days)
        opened.append(store)
        return store

    yield open_store
    for store in opened:
        store.close()


def fill(store: ThingsStore, days: int = 3, writes: int = 60, seed: int = 1) -> None:
    """Writes over some days: late observations, data sets, deletions, values of every kind."""
    rng = random.Random(seed)
    for n in range(days * writes):
        at = T0 + timedelta(days=n // writes, minutes=n % writes)
        name = f"urn:t:{rng.randrange(5)}"
        if rng.random() < 0.05:
            store.delete([name], at=at)
            continue
        value = rng.choice([rng.randrange(100), rng.random(), True, "phố cổ", None, {"a": [1, 2]}])
        instance: dict[str, Any] = {"type": "Property", "value": value}
        if rng.random() < 0.5:
            instance["observedAt"] = (at - timedelta(hours=rng.randrange(60))).isoformat()
        entity = {"id": name, "type": rng.choice(["Lamp", "Meter"]), rng.choice(["level", "power"]): instance}
        if rng.random() < 0.2:
            entity["level"] = [
                {"type": "Property", "value": n},
                {"type": "Property", "value": 2, "datasetId": "urn:d:1"},
            ]
        store.write([entity], mode="upsert", at=at)


def told(store: ThingsStore) -> list[Any]:
    """Everything the past can be asked, in several ways."""
    found: list[Any] = [
        store.changes(0, 10_000),
        store.changes(7, 20),
        store.changes(0, 30, ["Lamp"]),
        store.last_seq(),
    ]
    for entity in (f"urn:t:{n}" for n in range(5)):
        for attribute in ("level", "power"):
            found.append(store.history(entity, attribute))
            found.append(store.history(entity, attribute, limit=7))
            found.append(store.history(entity, attribute, limit=7, newest=True))
            found.append(store.history(entity, attribute, limit=9, newest=True, written=True))
            since, until = T0 + timedelta(hours=20), T0 + timedelta(days=2)
            found.append(store.history(entity, attribute, since, until, written=True))
            found.append(store.history(entity, attribute, since, until))
    found.append(store.steps(5, 160, ["Lamp", "Meter"], ["power"], 1000))
    found += [store.seq_before(T0 + timedelta(hours=hours)) for hours in range(-2, 80, 7)]
    return found


def close_first(store: ThingsStore, day: int, trim: bool = True) -> Any:
    oldest = store.oldest()
    assert oldest is not None
    last = store.seq_before(T0.replace(hour=0) + timedelta(days=day + 1))
    file = store.export_day(f"2026-03-{2 + day:02d}", oldest[0], last)
    assert store.enter_day(file)
    while trim and store.trim(17):
        pass
    return file


@pytest.mark.parametrize("trim", [True, False], ids=["trimmed", "not yet trimmed"])
def test_closed_days_read_as_before(closing: Open, trim: bool) -> None:
    store, other = closing(), closing()
    fill(store)
    before = told(store)
    assert told(other) == before
    for day in range(3):
        file = close_first(store, day, trim)
        assert store.check_day(file, content=True) is None
        assert told(store) == before
        assert told(other) == before
    assert store.oldest() is None
    assert [file.last + 1 for file in store.days()[:-1]] == [file.first for file in store.days()[1:]]
    store.write([{"id": "urn:t:1", "type": "Lamp", "level": {"type": "Property", "value": 7}}], mode="upsert",
                at=T0 + timedelta(days=9))  # fmt: skip
    assert [change.seq for change in other.changes(store.last_seq() - 1)] == [store.last_seq()]
    newest = other.history("urn:t:1", "level", limit=1, newest=True, written=True)
    assert newest[0].instance == {"type": "Property", "value": 7}


def test_tenants_do_not_see_each_other_s_past(closing: Any) -> None:
    one, two = closing("one"), closing("two")
    for store, value in ((one, 1), (two, 2)):
        store.write(
            [{"id": "urn:t:1", "type": "Lamp", "level": {"type": "Property", "value": value}}], mode="upsert", at=T0
        )
    close_first(one, 0)
    for store, value in ((one, 1), (two, 2)):
        assert [sample.instance["value"] for sample in store.history("urn:t:1", "level")] == [value]
        assert [change.attributes["level"]["value"] for change in store.changes(0)] == [value]


def test_two_that_close_the_same_day_do_it_once(closing: Open) -> None:
    store, other = closing(), closing()
    fill(store, 1)
    last = store.last_seq()
    one, two = store.export_day("2026-03-02", 1, last), other.export_day("2026-03-02", 1, last)
    assert (one.content, one.rows) == (two.content, two.rows)
    assert store.enter_day(one)
    assert not other.enter_day(two)
    assert len(other.days()) == 1


def test_readers_meanwhile_see_one_past(closing: Open) -> None:
    store, other = closing(), closing()
    fill(store, 3, 200)
    expected = store.changes(0, 10_000)
    wrong: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            if other.changes(0, 10_000) != expected:
                wrong.append(1)

    reader = threading.Thread(target=read)
    reader.start()
    for day in range(3):
        close_first(store, day)
    done.set()
    reader.join()
    assert not wrong


def test_a_file_that_changed_or_went_is_found(closing: Open, tmp_path: Path) -> None:
    store = closing()
    fill(store, 2)
    first, second = close_first(store, 0), close_first(store, 1)
    path = tmp_path / "days" / first.name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    assert "not the file" in str(store.check_day(first))
    store.drop_day(second.day)
    assert "missing" in str(store.check_day(second))
    assert store.days()[1].dropped
    assert store.changes(first.last, 100) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from thanglong.stores.parquet import DayFiles, days
where, folder, step = sys.argv[1:4]
files = DayFiles(Path(folder))
if where.startswith("postgres"):
    from thanglong.stores.postgres.things import PostgresThings
    store = PostgresThings(where, days=files)
else:
    from thanglong.stores.sqlite.things import SqliteThings
    store = SqliteThings(Path(where), days=files)
def die(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)
if step == "copied":
    days._sync = die
elif step == "checked":
    Path.replace = die
file = store.export_day("2026-03-02", 1, store.last_seq())
if step == "written":
    die()
if step == "entering":
    inner = store._transact
    store._transact = lambda guard, statements: inner(guard, [*statements, ("SELECT die()", ())])
    try:
        store.enter_day(file)
    except Exception:
        die()
store.enter_day(file)
if step == "entered":
    die()
store.trim(10)
die()
"""


@pytest.mark.slow
@pytest.mark.parametrize("step", ["checked", "written", "entering", "trimming"])
def test_killed_at_any_step_nothing_is_lost_or_doubled(closing: Open, where: str, tmp_path: Path, step: str) -> None:
    store = closing()
    fill(store, 1)
    before = told(store)
    run = subprocess.run([sys.executable, "-c", KILLED, where, str(tmp_path / "days"), step], env=dict(os.environ))
    assert run.returncode == -signal.SIGKILL
    assert told(store) == before
    assert bool(store.days()) == (step == "trimming")
    if not store.days():
        close_first(store, 0)
    while store.trim():
        pass
    assert told(store) == before
    assert store.check_day(store.days()[0], content=True) is None
