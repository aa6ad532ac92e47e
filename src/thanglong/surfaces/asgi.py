"""A router and request of a few hundred nanoseconds, for the bare ASGI process: machines talk to it all day."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from thanglong.kit.errors import N_, Invalid, TooLarge

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Gone(Exception):
    """The client closed the connection."""


@dataclass(slots=True)
class Request:
    """One HTTP request. ``parts`` are the variable segments of its route, percent-decoded."""

    scope: Scope
    receive: Receive
    send: Send
    parts: tuple[str, ...] = ()
    always: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Headers that every answer carries, also one that tells of an error."""
    _headers: dict[str, str] | None = field(default=None)

    @property
    def method(self) -> str:
        return str(self.scope["method"])

    @property
    def path(self) -> str:
        return str(self.scope["path"])

    @property
    def headers(self) -> Mapping[str, str]:
        """Header values by lower-case name; repeated ones joined by a comma."""
        if self._headers is None:
            found: dict[str, str] = {}
            for name, value in self.scope["headers"]:
                key, text = name.decode("latin-1").lower(), value.decode("latin-1")
                found[key] = f"{found[key]}, {text}" if key in found else text
            self._headers = found
        return self._headers

    def query(self) -> list[tuple[str, str]]:
        """The query's pairs in order; Invalid when it is not UTF-8."""
        text = self.scope["query_string"]
        if not text:
            return []
        try:
            return parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
        except ValueError as error:
            raise Invalid(N_("The address cannot be read.")) from error

    def cookies(self) -> dict[str, str]:
        """The cookies sent."""
        pairs = (item.strip().partition("=") for item in self.headers.get("cookie", "").split(";"))
        return {name: value.strip('"') for name, sign, value in pairs if sign}

    async def body(self, most: int) -> bytes:
        """The whole body; TooLarge beyond ``most`` bytes, Gone when the client leaves."""
        declared = self.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > most:
            raise TooLarge
        pieces: list[bytes] = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Gone
            piece = message.get("body", b"")
            size += len(piece)
            if size > most:
                raise TooLarge
            if not message.get("more_body"):
                return piece if not pieces else b"".join([*pieces, piece])
            pieces.append(piece)

    async def respond(
        self, status: int, body: bytes = b"", headers: Iterable[tuple[bytes, bytes]] = (), kind: bytes = b""
    ) -> None:
        """Answer at once. ``kind`` is the media type; a HEAD request gets the same without the body."""
        sent = [(b"content-length", b"%d" % len(body)), *headers, *self.always]
        if kind:
            sent.append((b"content-type", kind))
        if status in (204, 304):
            sent, body = [*headers, *self.always], b""
        await self.send({"type": "http.response.start", "status": status, "headers": sent})
        await self.send({"type": "http.response.body", "body": b"" if self.method == "HEAD" else body})


Handler = Callable[[Request], Awaitable[None]]
Handlers = Mapping[str, Handler]


@dataclass(frozen=True, slots=True)
class Found:
    """What the router found for an address: handlers by method, and the values of its variable segments."""

    handlers: Handlers
    parts: tuple[str, ...]

    def allow(self) -> str:
        """The value of an Allow header."""
        return ", ".join(sorted({*self.handlers, "OPTIONS"}))


class Router:
    """Addresses such as ``/entities/{id}/attrs`` and their handlers, as a tree of segments."""

    def __init__(self) -> None:
        self._tree: dict[str, Any] = {}

    def add(self, template: str, **handlers: Handler) -> None:
        """Enter an address; handlers by method in capitals."""
        node = self._tree
        for segment in template.strip("/").split("/"):
            node = node.setdefault("{}" if segment.startswith("{") else segment, {})
        node[""] = handlers

    def find(self, raw_path: str) -> Found | None:
        """The handlers of a percent-encoded path, or None."""
        node: Any = self._tree
        parts: list[str] = []
        for segment in raw_path.strip("/").split("/"):
            following = node.get(segment) if segment not in ("", "{}") else None
            if following is None:
                following = node.get("{}") if segment else None
                if following is None:
                    return None
                parts.append(unquote(segment))
            node = following
        handlers = node.get("")
        return Found(handlers, tuple(parts)) if handlers else None


def raw_path(scope: Scope) -> str:
    """The path as the client sent it, still percent-encoded."""
    raw = scope.get("raw_path")
    return raw.decode("latin-1").partition("?")[0] if raw else str(scope["path"])
