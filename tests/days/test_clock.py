"""The clock jumps: an hour forward, an hour back, a leap second. Nothing is lost, doubled, stuck or out of order."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.kit import bus, clock, ports
from thanglong.kit.ports import SYSTEM
from thanglong.stores.jobs.models import Job
from thanglong.stores.jobs.queue import TableQueue, Worker, run_one
from thanglong.stores.sqlite.things import SqliteThings

START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
JUMPS = [timedelta(hours=1), timedelta(hours=-1), timedelta(hours=-1), timedelta(seconds=-1), timedelta(days=40)]


@pytest.fixture
def jumping() -> Iterator[clock.Frozen]:
    with clock.use(clock.Frozen(START)) as used:
        assert isinstance(used, clock.Frozen)
        yield used


@pytest.mark.django_db(transaction=True)
def test_the_ledger_keeps_its_order_and_its_proofs(jumping: clock.Frozen) -> None:
    numbers = []
    for jump in [timedelta(), *JUMPS]:
        jumping.at += jump
        for _ in range(3):
            with transaction.atomic():
                numbers.append(ledger.append(SYSTEM, "test.done", ObjectRef("test", str(uuid4()))).id)
        ledger.seal()
        report = ledger.check()
        assert report.ok, report.fault
    assert numbers == sorted(numbers)
    assert report.pending == 0


def test_history_keeps_the_order_in_which_it_was_written(jumping: clock.Frozen, tmp_path: Path) -> None:
    store = SqliteThings(tmp_path / "things.db")
    try:
        for number, jump in enumerate([timedelta(), *JUMPS]):
            jumping.at += jump
            entity = {"id": "urn:x:1", "type": "Lamp", "n": {"type": "Property", "value": number}}
            store.write([entity], mode="upsert", at=clock.now())
        found = [change.attributes["n"]["value"] for change in store.changes(0) if change.attributes]
        assert found == list(range(len(JUMPS) + 1))
        assert store.get(["urn:x:1"])["urn:x:1"]["n"]["value"] == len(JUMPS)
    finally:
        store.close()


@pytest.mark.django_db(transaction=True)
def test_due_work_stays_due_when_the_clock_is_set_back(jumping: clock.Frozen, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setitem(bus.tasks._items, "test.note", lambda name: done.append(name))
    worker = Worker()
    TableQueue().put("test.note", {"name": "due"}, run_at=clock.now())
    TableQueue().put("test.note", {"name": "tomorrow"}, run_at=clock.now() + timedelta(days=1))
    jumping.at -= timedelta(hours=1)
    assert not run_one(), "by the clock alone it would wait an hour"
    worker._mind_the_clock()
    assert run_one()
    assert not run_one()
    assert done == ["due"]
    assert Job.objects.get().run_at == START + timedelta(days=1), "a deadline of tomorrow stays one of tomorrow"
    jumping.at -= timedelta(seconds=1)
    worker._mind_the_clock()
    jumping.at += timedelta(hours=2)
    worker._mind_the_clock()
    assert Job.objects.get().run_at == START + timedelta(days=1)


@pytest.mark.django_db
def test_a_session_outlives_a_small_step_and_pages_answer(jumping: clock.Frozen) -> None:
    client = Client()
    for jump in [timedelta(), *JUMPS]:
        jumping.at += jump
        for address in ("/", "/signin/", "/ledger/", "/healthz"):
            assert client.get(address).status_code in (200, 503)
            if address != "/healthz":
                assert client.get(address).status_code == 200


LEAP = "2016-12-31T23:59:60Z"


def test_a_leap_second_is_read_or_refused_in_words(tmp_path: Path) -> None:
    """A device may send the 60th second; it is an answer with a reason or the second after it, never a fault of ours."""
    from tests.surfaces.conftest import Broker

    before, store = ports.plugged.things, SqliteThings(tmp_path / "things.db")
    ports.plug(things=store)
    try:
        broker = Broker()
        level = {"type": "Property", "value": 1, "observedAt": LEAP}
        made = broker("POST", "/entities", {"id": "urn:x:2", "type": "Lamp", "level": level})
        assert made.status_code in (201, 400), made.text
        if made.status_code == 400:
            assert made.json()["detail"] or made.json()["title"]
            assert not store.get(["urn:x:2"])
        answer = broker("GET", f"/temporal/entities?type=Lamp&timerel=after&timeAt={LEAP}")
        assert answer.status_code < 500
    finally:
        ports.plug(things=before)
        store.close()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", [f"/reports/?since={LEAP}", f"/centre/replay.json?day={LEAP}", f"/api/places?on={LEAP}"]
)
def test_a_leap_second_in_an_address_is_no_fault_of_ours(address: str) -> None:
    assert Client(raise_request_exception=False).get(address).status_code < 500
