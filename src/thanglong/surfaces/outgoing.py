"""Requests this platform makes at addresses that clients named: notifications, forwarded operations.

Where they may go is a setting, checked on the resolved address the connection is made to, so a name that resolves
to something else a moment later opens no way in. Redirects are not followed.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpcore

from thanglong.kit.errors import N_, Unavailable

MOST_CONNECTIONS = 256
IDLE = 5.0
"""Seconds an unused connection is kept."""
MOST_ANSWER = 64 << 20
ANY = "any"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Unreachable(Unavailable):
    """The other side did not answer as it should."""

    status = 504
    text = N_("The other system does not answer.")


class Forbidden(Unreachable):
    """The address lies in a network requests may not go to."""

    text = N_("Requests may not go to this address; see THANGLONG_OUTGOING.")


@dataclass(frozen=True, slots=True)
class Rule:
    """Which addresses may be asked: public ones and those of ``networks``; everything when ``anywhere``."""

    anywhere: bool = False
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()

    def allows(self, address: Address) -> bool:
        """Whether a connection may be made."""
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return self.anywhere or address.is_global or any(address in network for network in self.networks)


def rule_of(text: str) -> Rule:
    """The rule a setting states: ``any``, or networks separated by commas beside the public Internet; ValueError."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if ANY in parts:
        return Rule(anywhere=True)
    return Rule(networks=tuple(ipaddress.ip_network(part, strict=False) for part in parts))


async def resolved(host: str, port: int, rule: Rule) -> list[str]:
    """The allowed addresses of a host; Forbidden when none is, Unreachable when the name is not known."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable from error
    addresses = list(dict.fromkeys(str(item[4][0]) for item in found))
    allowed = [text for text in addresses if rule.allows(ipaddress.ip_address(text.partition("%")[0]))]
    if not allowed:
        raise Forbidden
    return allowed


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to addresses the rule allows only."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """The first address that lets itself be reached."""
        last: Exception = httpcore.ConnectError(host)
        for address in await resolved(host, port, self._rule):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, headers (names in small letters), body."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header, or nothing."""
        return next((value for key, value in self.headers if key == name), "")


class Outgoing:
    """An HTTP client with kept connections; to be used in one event loop."""

    def __init__(self, rule: Rule, connections: int = MOST_CONNECTIONS) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=connections,
            max_keepalive_connections=connections // 4,
            keepalive_expiry=IDLE,
            network_backend=_Guarded(rule),
        )

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        content: bytes = b"",
        timeout: float = 5.0,
        most: int = MOST_ANSWER,
        *,
        again: bool = False,
    ) -> Reply:
        """Ask and read the whole answer within ``timeout`` seconds; Unreachable or Forbidden otherwise.

        ``again``: a line that breaks is replaced once, so what is asked may arrive twice.
        """
        try:
            async with asyncio.timeout(timeout):
                try:
                    return await self._once(method, url, headers, content, most)
                except (httpcore.ReadError, httpcore.WriteError, httpcore.RemoteProtocolError):
                    if not again:
                        raise
                    return await self._once(method, url, headers, content, most)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, TimeoutError) as error:
            raise Unreachable from error
        except (httpcore.UnsupportedProtocol, OSError, ValueError, UnicodeError) as error:
            raise Unreachable from error

    async def _once(self, method: str, url: str, headers: Any, content: bytes, most: int) -> Reply:
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
        sent = [(name.encode("ascii"), value.encode("utf-8")) for name, value in pairs]
        async with self._pool.stream(method, url, headers=sent, content=content) as answer:
            pieces, size = [], 0
            async for piece in answer.aiter_stream():
                size += len(piece)
                if size > most:
                    raise Unreachable(N_("The answer of the other system is too large."))
                pieces.append(piece)
            found = [(key.decode("latin-1").lower(), value.decode("latin-1")) for key, value in answer.headers]
            return Reply(answer.status, found, b"".join(pieces))

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()
