"""One listener of a stream: a bounded queue between the log's reader and a connection of any speed."""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Sequence

from thanglong.kit import clock
from thanglong.surfaces.asgi import Request

HEARTBEAT = 15.0
"""Seconds of silence after which a ping is sent, so that proxies and pages know the line is alive."""
LIFETIME = 600.0
"""Seconds a line lives: the browser comes back by itself, and is asked again who it is."""
MOST_WAITING = 256
MOST_BYTES = 1 << 20
PIECE = 32 * 1024
"""Bytes handed to the server at once: it keeps a number of messages for a slow line, whatever their size."""
PING = b"event: ping\ndata: {}\n\n"
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


def event(name: str, number: int | None, data: bytes) -> bytes:
    """One event in wire form; ``data`` is one line of JSON, ``number`` the id to resume from."""
    head = f"id: {number}\n" if number is not None else ""
    return b"%bevent: %b\ndata: %b\n\n" % (head.encode(), name.encode(), data)


class Client:
    """A connected listener. It is dropped when it cannot keep up; its browser resumes by Last-Event-ID."""

    __slots__ = ("_closed", "_ready", "_size", "_waiting", "dropped")

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._ready = asyncio.Event()
        self._closed = False
        self.dropped = False

    def put(self, data: bytes) -> None:
        """Queue an event; a full queue closes the line."""
        if self._closed or not data:
            return
        if len(self._waiting) >= MOST_WAITING or self._size + len(data) > MOST_BYTES:
            self.dropped = True
            self.close()
            return
        self._waiting.append(data)
        self._size += len(data)
        self._ready.set()

    def close(self) -> None:
        """End the line once what is being sent is sent."""
        self._closed = True
        self._waiting.clear()
        self._ready.set()

    @property
    def closed(self) -> bool:
        return self._closed

    async def serve(self, request: Request, first: Sequence[bytes] = ()) -> None:
        """Send until the listener leaves or the line is closed."""
        await request.send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        watch = asyncio.ensure_future(self._watch(request))
        try:
            for data in (b"retry: 3000\n\n", *first):
                await self._send(request, data)
            end = clock.monotonic() + LIFETIME * random.uniform(0.8, 1.2)
            while not self._closed and clock.monotonic() < end:
                if not self._waiting:
                    self._ready.clear()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(HEARTBEAT):
                            await self._ready.wait()
                data = self._waiting.popleft() if self._waiting else PING
                await self._send(request, data)
                self._size = max(self._size - len(data), 0)
            await request.send({"type": "http.response.body", "body": b""})
        except (ConnectionError, RuntimeError):
            # the listener left while we were sending
            return
        finally:
            self._closed = True
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await watch

    async def _send(self, request: Request, data: bytes) -> None:
        for at in range(0, len(data), PIECE):
            if not self._closed:
                body = data[at : at + PIECE]
                await request.send({"type": "http.response.body", "body": body, "more_body": True})

    async def _watch(self, request: Request) -> None:
        while not self._closed:
            if (await request.receive())["type"] == "http.disconnect":
                self.close()
