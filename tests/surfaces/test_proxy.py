"""The way from the public port to web: streaming, headers, early answers, restarts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.surfaces.conftest import run

from thanglong.site import upstream
from thanglong.site.proxy import Proxy
from thanglong.site.pulse import Health, unwell
from thanglong.surfaces.asgi import Request

Web = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


class Answer:
    """What the client got."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.pieces = 0
        self.whole = False

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message.get("body", b"")
            self.pieces += 1
            self.whole = not message.get("more_body")


async def ask(
    proxy: Proxy,
    method: str = "GET",
    path: str = "/",
    body: list[bytes] | None = None,
    headers: list[tuple[bytes, bytes]] | None = None,
    gone_after: int | None = None,
) -> Answer:
    """Send a request through the proxy; ``gone_after`` leaves after so many pieces of the body."""
    pieces = list(body or [])
    given = headers or []
    if body is not None and not any(name == b"content-length" for name, _ in given):
        given = [*given, (b"transfer-encoding", b"chunked")]
    sent = 0

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if gone_after is not None and sent >= gone_after:
            return {"type": "http.disconnect"}
        if pieces:
            sent += 1
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}
        await asyncio.Event().wait()
        raise AssertionError

    answer = Answer()
    raw, _, query = path.partition("?")
    scope = {
        "type": "http", "method": method, "path": raw, "raw_path": raw.encode(), "query_string": query.encode(),
        "headers": [(b"host", b"city.example"), *given], "client": ("203.0.113.9", 5), "scheme": "http",
    }  # fmt: skip
    async with asyncio.timeout(20):
        await proxy(scope, receive, answer.send)
    return answer


async def read_request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    body = b""
    if "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    elif headers.get("transfer-encoding") == "chunked":
        while size := int((await reader.readline()), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
    return head[0], headers, body


@contextlib.asynccontextmanager
async def web(path: Path, handler: Web) -> AsyncIterator[None]:
    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # left open, it would be told of when it is collected: at any moment, in the midst of another test
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await handler(reader, writer)

    server = await asyncio.start_unix_server(guarded, path)
    try:
        yield
    finally:
        server.close()


@pytest.fixture
def socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(upstream, "PATIENCE", 0.3)
    return tmp_path / "web.sock"


def test_request_and_answer(socket: Path) -> None:
    seen: list[tuple[str, dict[str, str], bytes]] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            seen.append(await read_request(reader))
            writer.write(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi")

    async def work() -> None:
        proxy = Proxy(str(socket), unwell)
        spoofed = [(b"x-forwarded-for", b"6.6.6.6"), (b"forwarded", b"for=6.6.6.6"), (b"x-forwarded-proto", b"https"),
                   (b"connection", b"x-private"), (b"x-private", b"1"), (b"te", b"trailers"), (b"cookie", b"a=1")]  # fmt: skip
        async with web(socket, handler):
            answer = await ask(proxy, path="/a%20b/%C4%91?x=1&y", headers=spoofed)
            assert (answer.status, answer.body, answer.headers["x-a"]) == (200, b"hi", "1")
            assert "connection" not in answer.headers
            for body in ([b"abc", b"def"], [b""]):
                await ask(proxy, "POST", body=body)
            await ask(proxy, "POST", body=[b"abc"], headers=[(b"content-length", b"3")])
            await ask(proxy, "POST", body=[b""], headers=[(b"content-length", b"0")])
        await proxy.close()

    run(work())
    line, headers, _ = seen[0]
    assert line == "GET /a%20b/%C4%91?x=1&y HTTP/1.1"
    assert headers == {
        "host": "city.example", "cookie": "a=1", "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "http",
        "x-forwarded-host": "city.example",
    }  # fmt: skip
    assert [body for _, _, body in seen[1:]] == [b"abcdef", b"", b"abc", b""]
    assert seen[4][1]["content-length"] == "0"


def test_a_trusted_proxy_is_believed(socket: Path) -> None:
    seen: list[dict[str, str]] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await read_request(reader))[1])
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async def work() -> None:
        async with web(socket, handler):
            proxy = Proxy(str(socket), unwell, "203.0.113.0/24, 10.0.0.1")
            claimed = [(b"x-forwarded-for", b"6.6.6.6, 198.51.100.7, 10.0.0.1"), (b"x-forwarded-proto", b"https"),
                       (b"x-forwarded-host", b"thanglong.example")]  # fmt: skip
            assert (await ask(proxy, headers=claimed)).status == 204
            await proxy.close()

    run(work())
    assert seen[0]["x-forwarded-for"] == "198.51.100.7"
    assert seen[0]["x-forwarded-proto"] == "https" and seen[0]["x-forwarded-host"] == "thanglong.example"


@pytest.mark.parametrize(
    ("method", "wire", "status", "body"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", 200, b""),
        ("GET", b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 9\r\n\r\n', 304, b""),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        ("GET", b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, b"x"),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n", 200, b"abcde"),
        ("GET", b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000, 200, b"x" * 200_000),
    ],
)  # fmt: skip
def test_framing(socket: Path, method: str, wire: bytes, status: int, body: bytes) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            writer.write(wire)
            if b"HTTP/1.0" in wire:
                return

    async def work() -> None:
        proxy = Proxy(str(socket), unwell)
        async with web(socket, handler):
            for _ in range(3):
                answer = await ask(proxy, method)
                assert (answer.status, answer.body, answer.whole) == (status, body, True)
        await proxy.close()

    run(work())


def test_large_bodies_flow_in_pieces(socket: Path) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, _, body = await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for at in range(0, len(body), 100_000):
            piece = body[at : at + 100_000]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    async def work() -> None:
        proxy = Proxy(str(socket), unwell)
        async with web(socket, handler):
            answer = await ask(proxy, "POST", body=[b"y" * 65536] * 60)
            assert answer.body == b"y" * 65536 * 60 and answer.pieces > 20
        await proxy.close()

    run(work())


def test_an_upload_refused_early_is_told(socket: Path) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
        await writer.drain()

    async def work() -> None:
        proxy = Proxy(str(socket), unwell)
        async with web(socket, handler):
            for _ in range(5):
                answer = await ask(proxy, "POST", body=[b"z" * 65536] * 200)
                assert (answer.status, answer.body) == (413, b"big")
        await proxy.close()

    run(work())


def test_web_restarts(socket: Path) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()

    async def dies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)

    async def work() -> None:
        proxy = Proxy(str(socket), unwell)
        page = await ask(proxy, headers=[(b"accept", b"text/html")])
        assert page.status == 503 and page.headers["retry-after"] == "5" and "Chờ một chút" in page.body.decode()
        data = await ask(proxy, headers=[(b"accept", b"application/json")])
        assert data.headers["content-type"] == "application/problem+json"
        assert (await ask(proxy, "HEAD")).body == b""
        starting = asyncio.ensure_future(ask(proxy))
        await asyncio.sleep(0.1)
        async with web(socket, once):
            assert (await starting).status == 200, "a request waits a little for a web that is starting"
            for _ in range(3):  # each kept connection was closed by web meanwhile
                assert (await ask(proxy)).status == 200
        socket.unlink()
        async with web(socket, dies):
            assert (await ask(proxy, "POST", body=[b"x"])).status == 503
        await proxy.close()

    run(work())


def test_an_answer_broken_off_does_not_look_whole(socket: Path) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"x" * 1000)

    async def work() -> None:
        proxy = Proxy(str(socket), unwell)
        async with web(socket, handler):
            with pytest.raises(ConnectionError):
                await ask(proxy)
        await proxy.close()

    run(work())


def test_a_client_that_leaves_ends_the_work(socket: Path) -> None:
    ended = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await read_request(reader)
        finally:
            ended.set()

    async def work() -> None:
        proxy = Proxy(str(socket), unwell)
        async with web(socket, handler):
            answer = await ask(proxy, "POST", body=[b"x"] * 10, gone_after=3)
            assert answer.status == 0
            async with asyncio.timeout(5):
                await ended.wait()
        await proxy.close()

    run(work())


def test_a_reader_that_leaves_harms_no_later_request(socket: Path) -> None:
    """The next connection often has the number of the one that ended; it was never heard of again."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, _, _ = await read_request(reader)
        if "/long" in line:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
            await reader.read()
            return
        await asyncio.sleep(0.1)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()

    async def work() -> None:
        proxy = Proxy(str(socket), unwell)
        async with web(socket, handler):
            for _ in range(3):
                leaving = asyncio.ensure_future(ask(proxy, path="/long", gone_after=0))
                await asyncio.wait({leaving}, timeout=1)
                assert (await ask(proxy)).status == 200
                assert (await leaving).status == 200
        await proxy.close()

    run(work())


def test_health_tells_each_part(socket: Path, tmp_path: Path) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        body = b'{"parts":{"ledger":{"ok":true},"cases":{"ok":false,"reason":"behind"}}}'
        writer.write(b"HTTP/1.1 503 X\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    async def work() -> dict[str, str]:
        health, answer = Health(str(socket), tmp_path), Answer()
        await health.answer(Request({"method": "GET"}, None, answer.send))  # type: ignore[arg-type]
        import json

        assert answer.status == 503
        parts: dict[str, str] = json.loads(answer.body)["parts"]
        return parts

    async def with_web() -> dict[str, str]:
        async with web(socket, handler):
            return await work()

    assert "cannot be reached" in run(work())["web"]
    parts = run(with_web())
    assert parts["web"] == "ok" and parts["cases"] == "behind" and parts["worker"] == "has not started"
