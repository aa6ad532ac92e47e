"""Whether the platform is well: each part with its reason, and what a visitor sees while ``web`` restarts."""

import asyncio
from pathlib import Path
from typing import Any

import orjson

from thanglong.kit import clock, registry
from thanglong.site.upstream import Connection
from thanglong.stores.running import beat
from thanglong.surfaces.asgi import Request, Scope, Send

JSON = b"application/json"
PROBLEM = b"application/problem+json"

UNWELL = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5"><title>Thăng Long</title><style>
body{font:16px/1.5 "Be Vietnam Pro",system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;
background:#FAF8F4;color:#1F1D1A}main{max-width:34rem;padding:2rem}h1{font-size:1.5rem;color:#9E1B1E;margin:0 0 1rem}
p{margin:0 0 1rem}[lang=en]{color:#5c5851}
@media (prefers-color-scheme:dark){body{background:#12161C;color:#EDEAE4}h1{color:#F0837F}[lang=en]{color:#A9A49B}}
</style></head><body><main><h1>Chờ một chút nhé</h1>
<p>Hệ thống đang khởi động lại. Trang này tự mở lại sau vài giây; những gì bạn đã gửi vẫn còn nguyên.</p>
<p lang="en">The platform is restarting. This page opens again by itself in a few seconds; nothing you sent was
lost.</p>
</main></body></html>
""".encode()


async def unwell(scope: Scope, send: Send, status: int) -> None:
    """Answer that web cannot be reached (503) or took too long (504), in the form the client asked for."""
    accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
    page = b"text/html" in accept or b"application/xhtml+xml" in accept
    problem = {"type": "about:blank", "title": "The platform is restarting; please try again.", "status": status}
    body = UNWELL if page else orjson.dumps(problem)
    kind = b"text/html; charset=utf-8" if page else PROBLEM
    headers = [
        (b"content-type", kind),
        (b"content-length", b"%d" % len(body)),
        (b"retry-after", b"5"),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


class Health:
    """``/healthz``: web is asked over its socket, the worker by its heartbeat, the stores by a small question."""

    def __init__(self, socket: str, data: Path) -> None:
        self._socket = socket
        self._data = data

    async def answer(self, request: Request) -> None:
        """200 when all parts are well, else 503; the parts and their reasons as JSON."""
        web, others = await asyncio.gather(self._web(), asyncio.to_thread(self._others))
        parts = {"live": "ok", **web, **others}
        well = all(state == "ok" for state in parts.values())
        body = orjson.dumps({"status": "ok" if well else "failing", "time": clock.now(), "parts": parts})
        await request.respond(200 if well else 503, body, [(b"cache-control", b"no-store")], JSON)

    async def _web(self) -> dict[str, str]:
        """Web's own parts, each ``ok`` or the reason; ``web`` itself among them."""
        try:
            async with asyncio.timeout(3):
                status, body = await ask(self._socket, b"/healthz")
        except TimeoutError:
            return {"web": "does not answer within 3 s"}
        except (OSError, EOFError, ValueError) as error:
            return {"web": f"cannot be reached: {getattr(error, 'strerror', None) or error}"}
        try:
            parts = orjson.loads(body)["parts"]
            return {"web": "ok", **{name: "ok" if part["ok"] else part["reason"] for name, part in parts.items()}}
        except (ValueError, KeyError, TypeError, AttributeError):
            return {"web": "ok" if status < 500 else f"answered {status}"}

    def _others(self) -> dict[str, str]:
        found = {"worker": self._worker() or "ok"}
        for name, check in registry.health.items():
            if check.process in ("live", "*"):
                found[name] = _ask(check.check) or "ok"
        return found

    def _worker(self) -> str | None:
        part = next(part for part in beat.parts(self._data) if part.name == "worker")
        if part.heard is None:
            return "has not started"
        return None if part.alive else f"was last heard {part.heard:.0f} s ago"


def _ask(check: Any) -> str | None:
    try:
        found: str | None = check()
    except Exception as error:
        return f"the check failed: {error}"
    return found


async def ask(socket: str, path: bytes) -> tuple[int, bytes]:
    """Status and body of a GET to the web process; OSError, EOFError or ValueError when it does not answer."""
    connection = await Connection.open(socket)
    try:
        await connection.write(b"GET %b HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n" % path)
        answer = await connection.answer("GET")
        if answer.small is not None:
            return answer.status, await connection.exactly(answer.small)
        return answer.status, b"".join([piece async for piece in connection.pieces(answer)])
    finally:
        connection.close()
