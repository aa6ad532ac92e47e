"""The ways a notification takes: HTTP (clause 6.3.8 and 5.8.6) and MQTT (clause 7.2)."""

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import aiomqtt
import orjson

from thanglong.kit import clock
from thanglong.surfaces.ngsild.notify.payload import Message
from thanglong.surfaces.outgoing import Outgoing, Rule, Unreachable, resolved

TIMEOUT = 5.0
AGAIN = frozenset([404, 408, 421, 425, 429])
"""Answers below 500 that may change when it is tried again."""
MOST_BROKERS = 64
IDLE = 60.0
PORTS = {"mqtt": 1883, "mqtts": 8883}
V5, V311 = aiomqtt.ProtocolVersion.V5, aiomqtt.ProtocolVersion.V311
VERSIONS = {"mqtt3.1.1": (V311,), "mqtt5.0": (V5,), "": (V5, V311)}
"""Versions to try, in order: who names none gets 5.0, or 3.1.1 from a broker that does not know 5.0."""
MOST_ANSWER = 1 << 20


class Refused(Exception):
    """The receiver does not want this notification, now or later."""


class HttpSender:
    """POSTs notifications."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def send(self, endpoint: Mapping[str, Any], message: Message) -> None:
        """Return when the receiver took it; Unreachable when it may be tried again, Refused when not."""
        timeout = float(endpoint.get("timeout", TIMEOUT * 1000)) / 1000
        reply = await self._outgoing.request(
            "POST", endpoint["uri"], message.headers, message.body, timeout, MOST_ANSWER, again=True
        )
        if 200 <= reply.status < 300:
            return
        if 400 <= reply.status < 500 and reply.status not in AGAIN:
            raise Refused(f"answered {reply.status}")
        raise Unreachable(f"answered {reply.status}")


@dataclass(frozen=True, slots=True)
class Broker:
    """Where an MQTT connection goes and how."""

    scheme: str
    host: str
    port: int
    user: str | None
    password: str | None
    version: str


class _Line:
    """A connection to a broker, made when it is needed and kept while it is used."""

    def __init__(self, broker: Broker, rule: Rule) -> None:
        self._broker, self._rule = broker, rule
        self._client: aiomqtt.Client | None = None
        self._lock = asyncio.Lock()
        self.used = clock.monotonic()

    async def publish(self, topic: str, body: bytes, qos: int, timeout: float) -> None:
        """Publish and wait for what the quality of service promises; Unreachable otherwise."""
        self.used = clock.monotonic()
        try:
            async with asyncio.timeout(timeout):
                client = await self._open(timeout)
                await client.publish(topic, body, qos=qos, timeout=timeout)
        except (aiomqtt.MqttError, TimeoutError, OSError, ValueError) as error:
            await self.close()
            raise Unreachable(str(error) or "no answer in time") from error

    async def _open(self, timeout: float) -> aiomqtt.Client:
        async with self._lock:
            versions = VERSIONS[self._broker.version]
            for number, version in enumerate(versions):
                if self._client is None:
                    try:
                        self._client = await self._connected(version, timeout / len(versions))
                    except aiomqtt.MqttError:
                        if number == len(versions) - 1:
                            raise
            if self._client is None:
                raise Unreachable
            return self._client

    async def _connected(self, version: aiomqtt.ProtocolVersion, timeout: float) -> aiomqtt.Client:
        broker = self._broker
        addresses = await resolved(broker.host, broker.port, self._rule)
        secure = broker.scheme == "mqtts"
        client = aiomqtt.Client(
            # a certificate is made out to the name, so with TLS the checked name is used
            broker.host if secure else addresses[0],
            broker.port,
            username=broker.user,
            password=broker.password,
            protocol=version,
            timeout=timeout,
            tls_context=ssl.create_default_context() if secure else None,
        )
        await client.__aenter__()
        return client

    async def close(self) -> None:
        """End the connection."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(aiomqtt.MqttError, OSError, TimeoutError, ValueError):
                await client.__aexit__(None, None, None)


class MqttSender:
    """Publishes notifications at MQTT brokers."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._lines: dict[Broker, _Line] = {}

    async def send(self, endpoint: Mapping[str, Any], message: Message) -> None:
        """Return when the broker took it; Unreachable otherwise."""
        broker, topic = broker_of(endpoint)
        line = self._lines.get(broker)
        if line is None:
            await self._make_room()
            line = self._lines[broker] = _Line(broker, self._rule)
        pairs = {pair["key"]: pair["value"] for pair in endpoint.get("notifierInfo", ())}
        timeout = float(endpoint.get("timeout", TIMEOUT * 1000)) / 1000
        await line.publish(topic, packed(message), int(pairs.get("MQTT-QoS", "0")), timeout)

    async def _make_room(self) -> None:
        old = clock.monotonic() - IDLE
        for broker, line in list(self._lines.items()):
            if line.used < old or len(self._lines) >= MOST_BROKERS:
                del self._lines[broker]
                await line.close()

    async def close(self) -> None:
        """End all connections."""
        for line in list(self._lines.values()):
            await line.close()
        self._lines.clear()


def broker_of(endpoint: Mapping[str, Any]) -> tuple[Broker, str]:
    """The broker and the topic of an address ``mqtt[s]://[user[:password]@]host[:port]/topic``."""
    parts = urlsplit(endpoint["uri"])
    pairs = {pair["key"]: pair["value"] for pair in endpoint.get("notifierInfo", ())}
    broker = Broker(
        parts.scheme,
        parts.hostname or "",
        parts.port or PORTS[parts.scheme],
        unquote(parts.username) if parts.username is not None else None,
        unquote(parts.password) if parts.password is not None else None,
        pairs.get("MQTT-Version", ""),
    )
    return broker, unquote(parts.path.lstrip("/"))


def packed(message: Message) -> bytes:
    """The MQTT message: what HTTP has in its headers stands in ``metadata``, the notification in ``body``."""
    return orjson.dumps({"metadata": dict(message.headers), "body": orjson.Fragment(message.body)})
