"""Connections to the web process: a small HTTP/1.1 client over a Unix socket, and the pool that keeps them."""

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from thanglong.kit import clock

PIECE = 64 * 1024
MOST_HEAD = 64 * 1024
SMALL = 64 * 1024
IDLE = 20.0
"""Seconds a connection is kept unused."""
PATIENCE = 3.0
"""Seconds to wait for a restarting web before a client is told."""
UNFRAMED = frozenset([b"connection", b"keep-alive", b"transfer-encoding", b"proxy-connection", b"upgrade"])


class Refused(Exception):
    """Web cannot be reached, is full, or broke off before it answered."""


@dataclass(slots=True)
class Answer:
    """The head of web's answer. ``small`` is the length of a short body (0: none); else ``length`` or chunks or EOF."""

    status: int
    headers: list[tuple[bytes, bytes]]
    keep: bool
    small: int | None = None
    length: int | None = None
    chunked: bool = False


class Connection:
    """One connection to web.

    It works on the bare socket: a server that refuses an upload answers and closes with data unread, which the next
    read reports as a reset *before* the answer; asyncio's streams would lose the answer then.
    """

    __slots__ = ("_buffer", "_loop", "_socket", "reused", "since")

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self.reused = False
        self.since = 0.0

    @classmethod
    async def open(cls, path: str) -> "Connection":
        """Connect to the socket at ``path``; OSError when nobody listens."""
        fresh = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        fresh.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(fresh, path)
        except BaseException:
            fresh.close()
            raise
        return cls(fresh)

    @property
    def usable(self) -> bool:
        """Whether the other side has kept it open and silent."""
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return not self._buffer
        except OSError:
            return False
        return False

    async def write(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._socket, data)

    def close(self) -> None:
        """Close it; nobody may be waiting for it (see :meth:`break_off`)."""
        self._socket.close()

    def break_off(self) -> None:
        """End what is under way: who reads or writes is told at once, and closes it.

        Closed here, the waiting reader would never hear of it, and the loop would take the next socket of the same
        number for this one: a request on it would wait for ever.
        """
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    async def _more(self) -> bytes:
        try:
            return await self._loop.sock_recv(self._socket, PIECE)
        except ConnectionResetError:
            # what came before the reset can still be read
            return await self._loop.sock_recv(self._socket, PIECE)

    async def _until(self, sign: bytes) -> bytes:
        """All up to and with ``sign``; EOFError when it ends before, ValueError when it is too far away."""
        while (at := self._buffer.find(sign)) < 0:
            piece = await self._more()
            if not piece:
                raise EOFError("web closed the connection")
            self._buffer += piece
            if len(self._buffer) > MOST_HEAD + PIECE:
                raise ValueError("web's head is too long")
        found = bytes(self._buffer[: at + len(sign)])
        del self._buffer[: at + len(sign)]
        return found

    async def _some(self, most: int) -> bytes:
        """Between one and ``most`` bytes; none at the end."""
        if not self._buffer:
            self._buffer += await self._more()
        found = bytes(self._buffer[:most])
        del self._buffer[:most]
        return found

    async def exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            piece = await self._more()
            if not piece:
                raise EOFError("web closed in the midst of a body")
            self._buffer += piece
        return await self._some(count) if count else b""

    async def answer(self, method: str) -> Answer:
        """Read the head of the answer, past informational ones."""
        while True:
            answer = parse_head(await self._until(b"\r\n\r\n"), method)
            if answer.status >= 200:
                return answer

    async def pieces(self, answer: Answer) -> AsyncIterator[bytes]:
        """The body, piece by piece."""
        if answer.chunked:
            async for piece in self._chunks():
                yield piece
            return
        left = answer.length
        while left is None or left > 0:
            piece = await self._some(PIECE if left is None else min(left, PIECE))
            if not piece:
                if left is not None:
                    raise EOFError("web closed in the midst of a body")
                return
            left = None if left is None else left - len(piece)
            yield piece

    async def _chunks(self) -> AsyncIterator[bytes]:
        while True:
            size = int((await self._until(b"\r\n")).partition(b";")[0], 16)
            if size == 0:
                while await self._until(b"\r\n") != b"\r\n":
                    continue
                return
            while size > 0:
                piece = await self._some(min(size, PIECE))
                if not piece:
                    raise EOFError("web closed in the midst of a chunk")
                size -= len(piece)
                yield piece
            await self.exactly(2)


def parse_head(head: bytes, method: str) -> Answer:
    """The answer a head describes; ValueError when it is none."""
    lines = head[:-4].split(b"\r\n")
    status = int(lines[0].split(b" ", 2)[1])
    headers: list[tuple[bytes, bytes]] = []
    keep, chunked, length = lines[0].startswith(b"HTTP/1.1"), False, None
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip()
        if name not in UNFRAMED:
            if name == b"content-length":
                length = int(value)
            headers.append((name, value))
        elif name == b"connection":
            keep = keep and value.lower() != b"close"
        elif name == b"transfer-encoding":
            chunked = b"chunked" in value.lower()
    if method == "HEAD" or status in (204, 304) or status < 200:
        return Answer(status, headers, keep, small=0)
    if chunked:
        return Answer(status, headers, keep, chunked=True)
    if length is None:
        return Answer(status, headers, False)
    return Answer(status, headers, keep, small=length if length <= SMALL else None, length=length)


class Pool:
    """Kept connections, newest first, and a bound on how many requests web is asked at once."""

    def __init__(self, path: str, most: int = 256) -> None:
        self._path = path
        self._free: deque[Connection] = deque()
        self._slots = asyncio.Semaphore(most)

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """A place among the requests in flight; Refused when none gets free in time."""
        if self._slots.locked():
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._slots.acquire()
            except TimeoutError:
                raise Refused from None
        else:
            await self._slots.acquire()
        try:
            yield
        finally:
            self._slots.release()

    async def take(self) -> Connection:
        """A kept connection, or a new one; waits a little for a web that is starting."""
        now = clock.monotonic()
        while self._free:
            connection = self._free.pop()
            if connection.usable and now - connection.since < IDLE:
                connection.reused = True
                return connection
            connection.close()
        return await self._open(now + PATIENCE)

    async def _open(self, until: float) -> Connection:
        while True:
            try:
                return await Connection.open(self._path)
            except OSError as error:
                if clock.monotonic() >= until:
                    raise Refused from error
                await asyncio.sleep(0.1)

    def give(self, connection: Connection) -> None:
        """Keep a connection whose last answer was read to its end."""
        connection.since = clock.monotonic()
        self._free.append(connection)

    def close(self) -> None:
        while self._free:
            self._free.pop().close()
