"""Streams what is not the live process's own to ``web`` over its Unix socket.

Nothing is buffered beyond a piece: uploads and downloads flow at the speed of the slower side. Connections are kept and
used again. Forwarding headers are always ours: what a stranger claims about itself is dropped.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from thanglong.kit import peers
from thanglong.site.upstream import Answer, Connection, Pool, Refused
from thanglong.surfaces.asgi import Gone, Receive, Scope, Send, raw_path

HOP = frozenset(
    [
        b"connection",
        b"expect",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    ]
)
OURS = frozenset(
    [b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-proto", b"x-real-ip"]
)
SAFE = frozenset(["GET", "HEAD", "OPTIONS"])
HEAD_TIMEOUT = 60.0
"""Seconds web may take to begin its answer."""
Unwell = Callable[[Scope, Send, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Upload:
    """How the request's body is framed: none, a known length, or in chunks."""

    framed: str
    length: bytes = b""


class Proxy:
    """The ASGI application that forwards to the socket at ``path``. ``unwell`` answers while web cannot."""

    def __init__(self, path: str, unwell: Unwell, trusted: str = "") -> None:
        self._pool = Pool(path)
        self._unwell = unwell
        self._trusted = peers.networks(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head, upload = self._head(scope)
        bodiless = upload.framed == "none"
        try:
            async with self._pool.slot():
                await self._forward(scope, receive, send, head, upload, bodiless and scope["method"] in SAFE)
        except Gone:
            return
        except Refused:
            await self._unwell(scope, send, 503)

    async def close(self) -> None:
        """Close the kept connections."""
        self._pool.close()

    async def _forward(
        self, scope: Scope, receive: Receive, send: Send, head: bytes, upload: Upload, again: bool
    ) -> None:
        connection = await self._pool.take()
        try:
            answer, sending = await self._exchange(connection, receive, head, upload, scope["method"])
        except (OSError, EOFError, ValueError) as error:
            connection.close()
            if again and connection.reused:
                # web closed a kept connection just as we used it, and nothing was done: once more on a new one
                await self._forward(scope, receive, send, head, upload, False)
                return
            raise Refused from error
        except TimeoutError:
            connection.close()
            await self._unwell(scope, send, 504)
            return
        except BaseException:
            connection.close()
            raise
        await self._relay(connection, answer, sending, receive, send)

    async def _exchange(
        self, connection: Connection, receive: Receive, head: bytes, upload: Upload, method: str
    ) -> tuple[Answer, "asyncio.Task[None] | None"]:
        await connection.write(head)
        if upload.framed == "none":
            async with asyncio.timeout(HEAD_TIMEOUT):
                return await connection.answer(method), None
        sending = asyncio.ensure_future(self._send_body(connection, receive, upload))
        reading = asyncio.ensure_future(connection.answer(method))
        try:
            # web may answer before it has read everything (too large, signed out): do not wait for the rest
            await asyncio.wait({sending, reading}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done() and sending.exception() is not None and isinstance(sending.exception(), Gone):
                raise Gone
            async with asyncio.timeout(HEAD_TIMEOUT):
                return await reading, sending
        except BaseException:
            for task in (sending, reading):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task
            raise

    @staticmethod
    async def _send_body(connection: Connection, receive: Receive, upload: Upload) -> None:
        chunked = upload.framed == "chunks"
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            piece = message.get("body", b"")
            if piece:
                await connection.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            if not message.get("more_body"):
                if chunked:
                    await connection.write(b"0\r\n\r\n")
                return

    async def _relay(
        self,
        connection: Connection,
        answer: Answer,
        sending: "asyncio.Task[None] | None",
        receive: Receive,
        send: Send,
    ) -> None:
        whole = False
        watch: asyncio.Task[None] | None = None
        try:
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            if answer.small is not None:
                body = await connection.exactly(answer.small) if answer.small else b""
                await send({"type": "http.response.body", "body": body})
            else:
                if sending is None:
                    watch = asyncio.ensure_future(_watch(receive, connection))
                async for piece in connection.pieces(answer):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
            whole = True
        except (OSError, EOFError, ValueError):
            if watch is not None and watch.done():
                raise Gone from None
            # the status is already out: all that is left is to break off, so that the client sees it is not whole
            raise ConnectionAbortedError("web broke off in the midst of an answer") from None
        finally:
            unsent = sending is not None and (not sending.done() or sending.exception() is not None)
            for task in (sending, watch):
                if task is not None:
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError, Exception):
                        await task
            if whole and answer.keep and not unsent:
                self._pool.give(connection)
            else:
                connection.close()

    # -- the request's head

    def _head(self, scope: Scope) -> tuple[bytes, Upload]:
        dropped = HOP
        host, lines, upload, claimed = b"", [], Upload("none"), {}
        for name, value in scope["headers"]:
            if name == b"connection" and value.lower() not in (b"keep-alive", b"close"):
                dropped = HOP | {item.strip().lower() for item in value.split(b",")}
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name in OURS:
                claimed[name] = value
            elif name == b"transfer-encoding":
                upload = Upload("chunks")
            elif name == b"content-length":
                upload = upload if upload.framed == "chunks" else Upload("length", value)
            elif name not in dropped:
                lines.append(b"%b: %b\r\n" % (name, value))
        if upload.framed == "length" and upload.length == b"0":
            lines.append(b"content-length: 0\r\n")
            upload = Upload("none")
        elif upload.framed == "length":
            lines.append(b"content-length: %b\r\n" % upload.length)
        elif upload.framed == "chunks":
            lines.append(b"transfer-encoding: chunked\r\n")
        query = scope["query_string"]
        target = os.fsencode(raw_path(scope)) + (b"?" + query if query else b"")
        return (
            b"%b %b HTTP/1.1\r\nhost: %b\r\n%b%b\r\n"
            % (scope["method"].encode(), target, host, self._forwarded(scope, host, claimed), b"".join(lines)),
            upload,
        )

    def _forwarded(self, scope: Scope, host: bytes, claimed: dict[bytes, bytes]) -> bytes:
        address = (scope.get("client") or ("", 0))[0]
        scheme = scope.get("scheme", "http").encode()
        if claimed and peers.trusted(address, self._trusted):
            hops = claimed.get(b"x-forwarded-for", b"").decode("latin-1")
            address = peers.behind(address, hops, self._trusted)
            scheme = b"https" if claimed.get(b"x-forwarded-proto", scheme).strip() == b"https" else b"http"
            host = claimed.get(b"x-forwarded-host", host)
        return b"x-forwarded-for: %b\r\nx-forwarded-proto: %b\r\nx-forwarded-host: %b\r\n" % (
            address.encode("ascii", "replace"),
            scheme,
            host,
        )


async def _watch(receive: Receive, connection: Connection) -> None:
    """Break the connection to web off when the client leaves, so that a long answer is not made for nobody."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            connection.break_off()
            return
