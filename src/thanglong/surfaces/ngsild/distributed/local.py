"""The part of a distributed operation that is done here: the usual handler, asked in process."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from thanglong.surfaces.asgi import Gone, Handler, Message, Request
from thanglong.surfaces.ngsild.answers import JSON, problem_of

CHANGED = frozenset([b"accept", b"content-length", b"prefer"])


@dataclass(frozen=True, slots=True)
class Here:
    """What the handler answered."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def content(self) -> Any:
        """The JSON of the answer, or None."""
        return orjson.loads(self.body) if self.body else None

    def header(self, name: bytes) -> bytes | None:
        """The value of a header."""
        return next((value for key, value in self.headers if key == name), None)


def replayed(request: Request, raw: bytes) -> Request:
    """The request with its body, which was read already."""

    async def receive() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    return Request(request.scope, receive, request.send, request.parts, request.always)


async def run(
    request: Request, handler: Handler, query: Sequence[tuple[str, str]], raw: bytes = b"", accept: str = JSON
) -> Here:
    """Ask the handler with other parameters and another body; an error comes back as the problem it is."""
    headers = [pair for pair in request.scope["headers"] if pair[0].lower() not in CHANGED]
    headers += [(b"accept", accept.encode()), (b"content-length", b"%d" % len(raw))]
    scope = {**request.scope, "query_string": urlencode(list(query)).encode(), "headers": headers}
    if scope["method"] == "HEAD":
        scope["method"] = "GET"
    kept: dict[str, Any] = {"status": 500, "headers": [], "body": b""}

    async def receive() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept["status"], kept["headers"] = message["status"], message["headers"]
        else:
            kept["body"] += message.get("body", b"")

    try:
        await handler(Request(scope, receive, send, request.parts))
    except Gone:
        raise
    except Exception as error:
        problem = problem_of(error)
        return Here(problem.status, list(problem.headers), orjson.dumps(problem.document()))
    return Here(kept["status"], kept["headers"], kept["body"])


async def pass_on(request: Request, here: Here, more: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Answer with what the handler said."""
    kind = b"" if here.good else b"application/problem+json"
    headers = [pair for pair in here.headers if pair[0] not in (b"content-length", b"content-type")]
    await request.respond(here.status, here.body, [*headers, *more], here.header(b"content-type") or kind)
