"""Delivery: dead and slow receivers, retries, counters, order, what a killed process leaves (clause 5.8.6)."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.ngsild.receiver import Receiver, eventually

from thanglong.core.things.service import subscribing
from thanglong.core.things.types import Pass
from thanglong.kit import clock, ports
from thanglong.kit.ports import SYSTEM, ThingsStore
from thanglong.surfaces.ngsild.notify import Notifier, delivery
from thanglong.surfaces.outgoing import Forbidden, Outgoing, rule_of

WHO = Pass(SYSTEM, True, True)
SQLITE = pytest.mark.parametrize("things", ["sqlite"], indirect=True)
DEAD = "http://127.0.0.1:9/notify"


@pytest.fixture(autouse=True)
def alone(settings: Any) -> None:
    settings.THINGS_ALONE, settings.OUTGOING = True, "any"


@pytest.fixture
def notifier(things: ThingsStore) -> Iterator[Notifier]:
    made = Notifier()
    made.start()
    yield made
    made.stop()


def subscribe(uri: str, endpoint: dict[str, Any] | None = None, **members: Any) -> str:
    notification = {"endpoint": {"uri": uri, **(endpoint or {})}}
    return subscribing.create(
        WHO, {"type": "Subscription", "entities": [{"type": "Lamp"}], "notification": notification, **members}
    )


def write(number: int, entity: int = 1) -> None:
    lamp = {"id": f"urn:a:{entity}", "type": "Lamp", "number": {"type": "Property", "value": number}}
    ports.plugged.things.write([lamp], mode="upsert", at=clock.now())


def state(id: str) -> dict[str, Any]:
    return dict(subscribing.one(WHO, id).state)


def numbers(receiver: Receiver) -> list[int]:
    return [entity["number"]["value"] for item in list(receiver.got) for entity in item.data]


def test_each_notification_counts_once_however_often_it_is_tried(
    notifier: Notifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(delivery, "PROBE_EVERY", 0.05)
    id = subscribe(DEAD)
    write(1)
    found = eventually(lambda: state(id).get("failed") and state(id))
    assert (found["sent"], found["failed"]) == (1, 1) and "bad" in found and "ok" not in found
    before = found["bad"]
    eventually(lambda: state(id)["bad"] > before)
    write(2)
    found = eventually(lambda: state(id)["failed"] == 2 and state(id))
    assert found["sent"] == 2 and found["waiting"] == 2
    shown = delivery.shown_state(found)
    assert shown["status"] == "failed" and shown["timesSent"] == 2 and "lastSuccess" not in shown


@SQLITE
def test_what_a_dead_receiver_missed_arrives_in_order_when_it_is_back(
    notifier: Notifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE", 0.1)
    with Receiver() as receiver:
        port, url = receiver.port, receiver.url
    id = subscribe(url)
    for number in range(5):
        write(number)
    eventually(lambda: state(id).get("failed") == 5)
    with Receiver(port) as back:
        back.wait(5, 10)
        assert numbers(back) == [0, 1, 2, 3, 4]
        found = eventually(lambda: "waiting" not in state(id) and state(id))
        assert found["sent"] == 5 and delivery.shown_state(found)["status"] == "ok"
    assert subscribing.one(WHO, id).cursor is None


@SQLITE
def test_a_full_queue_leaves_the_rest_in_the_log(notifier: Notifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(delivery, "MOST_WAITING", 10)
    with Receiver() as receiver:
        port, url = receiver.port, receiver.url
    id = subscribe(url)
    for number in range(60):
        write(number, number % 3)
    eventually(lambda: state(id).get("waiting") == 10)
    with Receiver(port) as back:
        eventually(lambda: len(numbers(back)) >= 60, 15)
        told: dict[str, list[int]] = {}
        for item in back.got:
            for entity in item.data:
                told.setdefault(entity["id"], []).append(entity["number"]["value"])
        assert all(values == sorted(values) for values in told.values()) and len(numbers(back)) == 60


@SQLITE
def test_a_slow_receiver_keeps_nobody_waiting(notifier: Notifier) -> None:
    gate = threading.Event()

    def slowly(_: int) -> int:
        gate.wait(3)
        return 200

    with Receiver() as slow, Receiver() as quick:
        slow.answer = slowly
        subscribe(slow.url)
        subscribe(quick.url)
        begun = clock.monotonic()
        for number in range(10):
            write(number)
        assert clock.monotonic() - begun < 2
        quick.wait(10)
        assert numbers(quick) == list(range(10)) and len(slow.got) == 1
        gate.set()
        slow.wait(10)
        assert numbers(slow) == list(range(10))


@SQLITE
def test_a_refused_notification_is_not_tried_again_a_time_out_is(
    notifier: Notifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE", 0.1)
    with Receiver() as receiver:
        receiver.answer = lambda number: 400 if number == 1 else 503 if number == 2 else 200
        id = subscribe(receiver.url)
        write(1)
        write(2)
        receiver.wait(3)
        assert numbers(receiver) == [1, 2, 2]
        found = eventually(lambda: "ok" in state(id) and state(id))
        assert (found["sent"], found["failed"]) == (2, 2)


@SQLITE
def test_the_cooldown_is_kept(notifier: Notifier) -> None:
    with Receiver() as receiver:
        receiver.answer = lambda number: 503 if number == 1 else 200
        subscribe(receiver.url, {"cooldown": 2500})
        write(1)
        receiver.wait(1)
        begun = clock.monotonic()
        write(2)
        receiver.wait(2)
        assert clock.monotonic() - begun > 2.2
        receiver.wait(3)
        assert numbers(receiver) == [1, 1, 2]


@SQLITE
def test_what_waits_too_long_is_dropped_and_said(
    notifier: Notifier, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NOTIFY_HOURS = 0.0001
    id = subscribe(DEAD)
    write(1)
    found = eventually(lambda: state(id).get("dropped") and state(id))
    assert found["dropped"] == 1 and "waiting" not in found


@SQLITE
def test_a_change_made_while_nobody_notified_is_told_later(things: ThingsStore) -> None:
    with Receiver() as receiver:
        first = Notifier()
        first.start()
        id = subscribe(receiver.url)
        write(1)
        receiver.wait(1)
        eventually(lambda: state(id).get("sent") == 1)
        first.stop()
        write(2)
        write(3)
        second = Notifier()
        second.start()
        receiver.wait(3)
        second.stop()
        assert numbers(receiver) == [1, 2, 3] and state(id)["sent"] == 3


@SQLITE
def test_a_reader_far_behind_tells_each_state_as_it_was(things: ThingsStore) -> None:
    with Receiver() as receiver:
        subscribe(receiver.url, q="number>90;extra==1")
        lamp: dict[str, Any] = {"id": "urn:a:1", "type": "Lamp", "extra": {"type": "Property", "value": 1}}
        things.write([lamp], mode="upsert", at=clock.now())
        for number in (95, 5, 96):
            write(number)
        things.write([{"id": "urn:a:1", "extra": None}], mode="append", at=clock.now())
        for number in range(600):
            write(number % 7, 2)
        write(1)
        notifier = Notifier()
        notifier.start()
        receiver.wait(2)
        receiver.quiet(2, 0.5)
        notifier.stop()
        assert numbers(receiver) == [95, 96] and receiver.got[0].data[0]["extra"]["value"] == 1


@pytest.mark.slow
def test_a_killed_process_leaves_nothing_untold(things: ThingsStore, tmp_path: Path, request: Any) -> None:
    sqlite = request.node.callspec.params["things"] == "sqlite"
    where = str(tmp_path / "things.db") if sqlite else request.getfixturevalue("postgres_uri")
    script, env = Path(__file__).parent / "notifying.py", {**os.environ, "THANGLONG_DATA": str(tmp_path / "data")}

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-P", str(script), where], stdout=subprocess.PIPE, env=env, text=True
        )
        assert process.stdout is not None and process.stdout.readline().strip() == "ready"
        return process

    with Receiver() as receiver:
        subscribe(receiver.url)
        running, total = start(), 0
        for _ in range(3):
            for number in range(total, total + 60):
                write(number, number % 5)
                if number % 60 == 40:
                    running.send_signal(signal.SIGKILL)
                    running.wait()
            total += 60
            running = start()
        eventually(lambda: set(numbers(receiver)) == set(range(total)), 30)
        running.kill()
        running.wait()
        first: dict[str, list[int]] = {}
        for item in receiver.got:
            for entity in item.data:
                values = first.setdefault(entity["id"], [])
                if entity["number"]["value"] not in values:
                    values.append(entity["number"]["value"])
        assert all(values == sorted(values) for values in first.values())


def test_where_requests_may_go() -> None:
    rule = rule_of("10.0.0.0/8")
    from ipaddress import ip_address

    allowed = {text: rule.allows(ip_address(text)) for text in ("10.1.2.3", "127.0.0.1", "192.168.1.1", "8.8.8.8")}
    assert allowed == {"10.1.2.3": True, "127.0.0.1": False, "192.168.1.1": False, "8.8.8.8": True}
    assert not rule.allows(ip_address("::1")) and not rule.allows(ip_address("::ffff:127.0.0.1"))
    assert rule_of("any").allows(ip_address("169.254.169.254")) and not rule.allows(ip_address("169.254.169.254"))
    with pytest.raises(ValueError):
        rule_of("nonsense")

    async def ask() -> None:
        outgoing = Outgoing(rule_of(""))
        try:
            await outgoing.request("POST", DEAD)
        finally:
            await outgoing.close()

    import asyncio

    with pytest.raises(Forbidden):
        asyncio.run(ask())


def test_a_bound_key_hears_of_its_types_alone(things: ThingsStore, notifier: Notifier) -> None:
    with Receiver() as receiver:
        bound = replace(WHO, actor=replace(SYSTEM, types=frozenset(["Lamp"])))
        notification = {"endpoint": {"uri": receiver.url}}
        subscribing.create(bound, {"type": "Subscription", "entities": [{"type": "*"}], "notification": notification})
        things.write([{"id": "urn:a:s", "type": "Secret"}], mode="upsert", at=clock.now())
        write(1)
        receiver.wait(1)
        receiver.quiet(1, 0.3)
        assert receiver.got[0].data[0]["type"] == "Lamp"
