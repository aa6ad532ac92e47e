"""Answers of the interface: representations by Accept header, and problems as the standard names them."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import orjson

from thanglong.core.things.types import ContextNotAvailable
from thanglong.formats.ngsild import city
from thanglong.formats.ngsild.vocabulary import CORE, Vocabulary
from thanglong.kit.errors import (
    Conflict,
    Denied,
    Invalid,
    NoRoom,
    NotFound,
    NotSignedIn,
    ThangLongError,
    TooLarge,
    TooMany,
    Unavailable,
    no_room,
)
from thanglong.surfaces.asgi import Request

log = logging.getLogger(__name__)
JSON, LD_JSON, GEO_JSON = "application/json", "application/ld+json", "application/geo+json"
MERGE_PATCH = "application/merge-patch+json"
BODIES = frozenset([JSON, LD_JSON])
PROBLEM = b"application/problem+json"
Header = tuple[bytes, bytes]


class Problem(Exception):
    """An answer that is a problem of the standard's list."""

    def __init__(self, status: int, name: str, detail: str = "", headers: Sequence[Header] = ()) -> None:
        super().__init__(detail)
        self.status, self.name, self.detail, self.headers = status, name, detail, headers

    def document(self) -> dict[str, Any]:
        """ProblemDetails (RFC 7807) with the standard's error type."""
        found = {"type": f"https://uri.etsi.org/ngsi-ld/errors/{self.name}", "title": self.name, "status": self.status}
        return {**found, "detail": self.detail or HTTPStatus(self.status).description or self.name}


def problem_of(error: Exception) -> Problem:
    """The problem an error of the platform is told as; what nobody expected is logged and told as InternalError."""
    if isinstance(error, Problem):
        return error
    error = no_room(error) or error
    if isinstance(error, Invalid):
        return Problem(400, "BadRequestData", str(error))
    if isinstance(error, NotFound):
        return Problem(404, "ResourceNotFound", str(error))
    if isinstance(error, Conflict):
        return Problem(409, "AlreadyExists", str(error))
    if isinstance(error, TooLarge):
        return Problem(413, "BadRequestData", str(error))
    if isinstance(error, TooMany):
        return Problem(429, "TooManyRequests", str(error), [(b"retry-after", b"1")])
    if isinstance(error, NotSignedIn):
        return Problem(401, "Unauthorized", str(error), [(b"www-authenticate", b"Bearer")])
    if isinstance(error, Denied):
        return Problem(403, "AccessDenied", str(error))
    if isinstance(error, ContextNotAvailable):
        return Problem(504, "LdContextNotAvailable", str(error))
    if isinstance(error, NoRoom):
        return Problem(507, "InternalError", str(error), [(b"retry-after", b"60")])
    if isinstance(error, Unavailable):
        return Problem(503, "InternalError", str(error), [(b"retry-after", b"2")])
    if not isinstance(error, ThangLongError):
        log.error("an NGSI-LD request failed", exc_info=error)
    return Problem(500, "InternalError")


async def tell(request: Request, problem: Problem) -> None:
    """Send a problem."""
    await request.respond(problem.status, orjson.dumps(problem.document()), problem.headers, PROBLEM)


def accepted(request: Request, kinds: Sequence[str] = (JSON, LD_JSON)) -> str:
    """The media type to answer in, by the Accept header's preferences; Problem 406 when none fits."""
    text = request.headers.get("accept", "*/*")
    if text == "*/*":
        return kinds[0]
    ranges = [_range(item) for item in text.split(",")]
    weights = {kind: _weight(kind, ranges) for kind in kinds}
    # equal weights: the order of the standard's list decides, not that of the header (clause 6.3.4)
    best = max(kinds, key=weights.__getitem__)
    if weights[best] <= 0:
        raise Problem(406, "InvalidRequest", f"answers come as {', '.join(kinds)}")
    return best


def _range(item: str) -> tuple[str, float]:
    """A media range of an Accept header and its weight; one that cannot be read counts as none."""
    name, *parameters = (part.strip().lower() for part in item.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, float(parameter[2:])
            except ValueError:
                return name, 1.0
    return name, 1.0


def _weight(kind: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The weight of a media type: that of the most specific range it falls into (RFC 9110, 12.5.1)."""
    for fitting in (kind, f"{kind.split('/')[0]}/*", "*/*"):
        found = [weight for name, weight in ranges if name == fitting]
        if found:
            return max(found)
    return 0.0


def content_type(request: Request) -> str:
    """The media type of the body; Problem 415 for one that is not read here."""
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if kind not in BODIES and not (request.method == "PATCH" and kind == MERGE_PATCH):
        raise Problem(415, "InvalidRequest", f"send {JSON} or {LD_JSON}")
    return kind


async def json_of(request: Request, most: int) -> Any:
    """The JSON of the body, whatever its media type; Problem 400 when it is no JSON."""
    return json_in(await request.body(most))


def json_in(raw: bytes) -> Any:
    """The JSON of a text; Problem 400 when it is none."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Problem(400, "InvalidRequest", f"the body is not JSON: {error}") from error


async def send(
    request: Request,
    kind: str,
    content: Any,
    headers: Sequence[Header] = (),
    raw: bytes | None = None,
    names: Vocabulary = CORE,
    status: int = 200,
) -> None:
    """Send an entity, a list or a feature in the client's words; ``raw`` is its JSON text where it is at hand.

    The @context stands in the Link header, for ld+json in the body, for GeoJSON as the header Prefer wants it.
    """
    in_body = kind == LD_JSON
    if kind == GEO_JSON:
        wish = request.headers.get("prefer", "")
        in_body = "body=json" not in wish.replace('"', "").replace(" ", "")
        if "body=" in wish:
            headers = [*headers, (b"preference-applied", b"body=ld+json" if in_body else b"body=json")]
    if not in_body:
        body = orjson.dumps(content) if raw is None else raw
        await request.respond(status, body, [(b"link", names.link), *headers], kind.encode())
        return
    if raw is not None:
        content = orjson.loads(raw)
    if isinstance(content, dict):
        content = {**content, "@context": names.given}
    else:
        content = [{**item, "@context": names.given} for item in content]
    await request.respond(status, orjson.dumps(content), list(headers), kind.encode())


async def context_document(request: Request) -> None:
    """GET /contexts/thanglong.jsonld: the city's own names."""
    await request.respond(200, city.document(), [(b"cache-control", b"public, max-age=86400")], LD_JSON.encode())
