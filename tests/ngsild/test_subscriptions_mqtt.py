"""Notifications over MQTT (clause 7): a real broker (amqtt, 3.1.1), and what is said to one that knows 5.0."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import aiomqtt
import pytest
from amqtt.broker import Broker
from tests.ngsild.receiver import eventually

from thanglong.core.things.service import subscribing
from thanglong.core.things.types import Pass
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM, ThingsStore
from thanglong.surfaces.ngsild.notify import Notifier
from thanglong.surfaces.ngsild.notify.senders import broker_of

WHO = Pass(SYSTEM, True, True)
SQLITE = pytest.mark.parametrize("things", ["sqlite"], indirect=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mqtt:
    """A broker and a listener on ``#`` in an event loop of their own."""

    def __init__(self) -> None:
        self.port, self.got = free_port(), list[tuple[str, Any]]()
        self.ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),), daemon=True)
        self._thread.start()
        assert self.ready.wait(10)

    async def _run(self) -> None:
        self._end = asyncio.Event()
        listener = {"default": {"type": "tcp", "bind": f"127.0.0.1:{self.port}", "max_connections": 20}}
        plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
        broker = Broker({"listeners": listener, "plugins": plugins})
        await broker.start()
        async with aiomqtt.Client("127.0.0.1", self.port, protocol=aiomqtt.ProtocolVersion.V311) as client:
            await client.subscribe("#", qos=2)
            self.ready.set()
            reading = asyncio.ensure_future(self._read(client))
            await self._end.wait()
            reading.cancel()
        await broker.shutdown()

    async def _read(self, client: aiomqtt.Client) -> None:
        async for item in client.messages:
            assert isinstance(item.payload, bytes)
            self.got.append((str(item.topic), json.loads(item.payload)))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)


@pytest.fixture
def mqtt() -> Iterator[Mqtt]:
    made = Mqtt()
    yield made
    made.close()


@pytest.fixture
def notifier(things: ThingsStore, settings: Any) -> Iterator[Notifier]:
    settings.THINGS_ALONE, settings.OUTGOING = True, "any"
    made = Notifier()
    made.start()
    yield made
    made.stop()


def subscribe(uri: str, **endpoint: Any) -> str:
    notification = {"endpoint": {"uri": uri, **endpoint}}
    return subscribing.create(
        WHO, {"type": "Subscription", "entities": [{"type": "Lamp"}], "notification": notification}
    )


def write(things: ThingsStore, number: int) -> None:
    lamp = {"id": "urn:a:1", "type": "Lamp", "number": {"type": "Property", "value": number}}
    things.write([lamp], mode="upsert", at=clock.now())


def info(**pairs: str) -> list[dict[str, str]]:
    return [{"key": key.replace("_", "-"), "value": value} for key, value in pairs.items()]


@SQLITE
def test_notifications_arrive_in_order_with_their_metadata(things: ThingsStore, notifier: Notifier, mqtt: Mqtt) -> None:
    uri = f"mqtt://127.0.0.1:{mqtt.port}/city/lamps"
    id = subscribe(uri, notifierInfo=info(MQTT_Version="mqtt3.1.1", MQTT_QoS="1"), receiverInfo=info(Purpose="test"))
    for number in range(5):
        write(things, number)
    eventually(lambda: len(mqtt.got) == 5)
    assert [message["body"]["data"][0]["number"]["value"] for _, message in mqtt.got] == list(range(5))
    topic, message = mqtt.got[0]
    assert topic == "city/lamps" and message["body"]["subscriptionId"] == id
    assert (
        message["metadata"]["Content-Type"] == "application/json" and "json-ld#context" in message["metadata"]["Link"]
    )
    assert message["metadata"]["Purpose"] == "test"
    assert eventually(lambda: subscribing.one(WHO, id).state.get("sent") == 5)


@SQLITE
def test_json_ld_has_its_context_in_the_body(things: ThingsStore, notifier: Notifier, mqtt: Mqtt) -> None:
    uri = f"mqtt://127.0.0.1:{mqtt.port}/a"
    subscribe(uri, accept="application/ld+json", notifierInfo=info(MQTT_Version="mqtt3.1.1", MQTT_QoS="2"))
    write(things, 1)
    eventually(lambda: mqtt.got)
    message = mqtt.got[0][1]
    assert message["metadata"] == {"Content-Type": "application/ld+json"} and message["body"]["data"][0]["@context"]


@SQLITE
def test_a_broker_without_version_5_is_spoken_to_in_3_1_1(things: ThingsStore, notifier: Notifier, mqtt: Mqtt) -> None:
    subscribe(f"mqtt://127.0.0.1:{mqtt.port}/a")
    write(things, 1)
    eventually(lambda: mqtt.got, 10)


@SQLITE
def test_a_broker_that_is_gone_counts_as_failed(things: ThingsStore, notifier: Notifier) -> None:
    first = Mqtt()
    uri = f"mqtt://127.0.0.1:{first.port}/a"
    id = subscribe(uri, notifierInfo=info(MQTT_Version="mqtt3.1.1", MQTT_QoS="1"))
    write(things, 1)
    eventually(lambda: first.got)
    first.close()
    write(things, 2)
    eventually(lambda: subscribing.one(WHO, id).state.get("failed") == 1, 10)


class Five:
    """Enough of an MQTT 5.0 broker to take a connection and publications of quality 0 and 1."""

    def __init__(self) -> None:
        self.connected, self.published = list[bytes](), list[bytes]()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        line, _ = self._server.accept()
        while head := line.recv(1):
            size = shift = 0
            while True:
                byte = line.recv(1)[0]
                size |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            body = b""
            while len(body) < size:
                body += line.recv(size - len(body))
            kind = head[0] >> 4
            if kind == 1:
                self.connected.append(body)
                line.sendall(b"\x20\x03\x00\x00\x00")
            elif kind == 3:
                self.published.append(body)
                if head[0] & 6:
                    length = int.from_bytes(body[:2], "big")
                    line.sendall(b"\x40\x02" + body[2 + length : 4 + length])


@SQLITE
def test_version_5_is_the_usual_one(things: ThingsStore, notifier: Notifier) -> None:
    broker = Five()
    id = subscribe(f"mqtt://me:secret@127.0.0.1:{broker.port}/x/y", notifierInfo=info(MQTT_QoS="1"))
    write(things, 1)
    eventually(lambda: broker.published)
    assert (
        broker.connected[0][:7] == b"\x00\x04MQTT\x05"
        and b"me" in broker.connected[0]
        and b"secret" in broker.connected[0]
    )
    assert b"x/y" in broker.published[0] and b'"metadata"' in broker.published[0]
    assert eventually(lambda: subscribing.one(WHO, id).state.get("ok"))


def test_addresses_are_read_as_clause_7_2_has_them() -> None:
    broker, topic = broker_of({"uri": "mqtts://user:p%40ss@host/a/b"})
    assert (broker.scheme, broker.host, broker.port, broker.user, broker.password) == (
        "mqtts",
        "host",
        8883,
        "user",
        "p@ss",
    )
    assert topic == "a/b" and broker_of({"uri": "mqtt://host/a"})[0].port == 1883
