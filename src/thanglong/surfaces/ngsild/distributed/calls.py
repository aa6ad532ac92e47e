"""One operation sent to one context source, and what came back (clauses 4.3.6.4 to 4.3.6.6, 6.3.17, 6.3.18)."""

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import quote

import orjson

from thanglong.formats.ngsild.registrations import PROCESSED
from thanglong.formats.ngsild.sources import Source
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.kit import clock
from thanglong.kit.errors import Unavailable
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.ngsild.answers import JSON, LD_JSON
from thanglong.surfaces.ngsild.distributed.asks import Ask
from thanglong.surfaces.ngsild.distributed.counts import Counts
from thanglong.surfaces.ngsild.distributed.words import Words
from thanglong.surfaces.ngsild.identity import alias
from thanglong.surfaces.outgoing import Reply

log = logging.getLogger(__name__)
ROOT = "/ngsi-ld/v1"
USUAL_TIMEOUT = 5.0
MOST_TIMEOUT = 30.0
MOST_ANSWER = 16 << 20
"""Bytes of an answer that are used; a larger one is no answer."""
MOST_READ = 2 * MOST_ANSWER
MOST_CACHED = 500
NOT_CONVEYED = frozenset(
    ["ngsild-tenant", "via", "host", "connection", "content-length", "content-type", "transfer-encoding", "link"]
)
"""Headers a registration cannot set: they belong to the connection, or are said elsewhere."""
OF_REQUEST = "urn:ngsi-ld:request"


class Caller(Protocol):
    """Sends a request out (``surfaces.outgoing.Outgoing``); Unavailable when no answer came in time."""

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        content: bytes = b"",
        timeout: float = 5.0,
        most: int = MOST_READ,
    ) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of it. ``status`` is 0 when the source may not be asked this at all; ``content`` parsed JSON."""

    source: Source
    status: int
    content: Any = None
    location: str = ""
    count: int | None = None
    warning: str = ""

    @property
    def good(self) -> bool:
        """Whether the source did it."""
        return 200 <= self.status < 300


class Calls:
    """Sends operations to sources: time limits, pauses after failures, kept answers, counters."""

    def __init__(self, caller: Caller, counts: Counts) -> None:
        self._caller, self._counts = caller, counts
        self._paused: dict[tuple[str, str], float] = {}
        self._kept: OrderedDict[tuple[str, ...], tuple[float, Answer]] = OrderedDict()

    async def send(self, origin: Request, tenant: str, source: Source, ask: Ask, names: Vocabulary) -> Answer:
        """Send ``ask``, which came as ``origin``, in the source's terms; never raises for what the source does."""
        if self._paused.get((tenant, source.id), 0.0) > clock.monotonic():
            return Answer(source, 504, warning=_warning(199, source, "pauses after a failure"))
        words = await Words.of(source, names)
        ask = words.outward(ask)
        url = address(source, ask)
        key = (tenant, source.id, url, words.link)
        reading = ask.reads and ask.method == "GET" and source.cache > 0
        if reading and (kept := self._cached(key)) is not None:
            return kept
        answer = await self._sent(origin, tenant, source, ask, words, url)
        if reading and answer.good:
            self._kept[key] = (clock.monotonic() + source.cache, answer)
            while len(self._kept) > MOST_CACHED:
                self._kept.popitem(last=False)
        return answer

    def _cached(self, key: tuple[str, ...]) -> Answer | None:
        known = self._kept.get(key)
        if known is None or known[0] <= clock.monotonic():
            self._kept.pop(key, None)
            return None
        return replace(known[1], warning=_warning(110, known[1].source, "is kept"))

    async def _sent(self, origin: Request, tenant: str, source: Source, ask: Ask, words: Words, url: str) -> Answer:
        content = b"" if ask.body is None else orjson.dumps(words.body(ask))
        headers = self._headers(origin, tenant, source, words, ask)
        limit = min(source.timeout or USUAL_TIMEOUT, MOST_TIMEOUT)
        try:
            reply = await self._caller.request(ask.method, url, headers, content, limit, MOST_READ)
        except Unavailable as error:
            log.info("context source %s did not answer: %s", source.id, error)
            self._failed(tenant, source)
            return Answer(source, 504, warning=_warning(199, source, "did not answer in time"))
        answer = _read(source, ask, reply, words)
        self._counts.add(tenant, source.id, good=answer.good)
        return answer

    def _failed(self, tenant: str, source: Source) -> None:
        self._counts.add(tenant, source.id, good=False)
        if source.cooldown:
            self._paused[tenant, source.id] = clock.monotonic() + source.cooldown

    @staticmethod
    def _headers(origin: Request, tenant: str, source: Source, words: Words, ask: Ask) -> dict[str, str]:
        headers = {"accept": source.extra_value("accept") or JSON}
        came = origin.headers.get("via", "")
        own = f"1.1 {source.host_alias or alias(tenant)}"
        headers["via"] = f"{came}, {own}" if came else own
        if ask.body is not None:
            headers["content-type"] = LD_JSON if words.inline(ask) else JSON
        if words.link and not (ask.body is not None and words.inline(ask)):
            headers["link"] = words.link
        if source.tenant:
            headers["ngsild-tenant"] = source.tenant
        for key, value in source.extra:
            name = key.lower()
            if name in NOT_CONVEYED or name in PROCESSED:
                continue
            said = origin.headers.get(name) if value == OF_REQUEST else value
            if said is not None:
                headers[key] = said
        return headers


def address(source: Source, ask: Ask) -> str:
    """The URL at a source: its endpoint may or may not end in the root of the interface."""
    base = source.endpoint if source.endpoint.endswith(ROOT) else source.endpoint + ROOT
    entities = not ask.path.startswith("/subscriptions")  # these say it in their body
    pairs = [*ask.query, ("local", "true")] if source.local_only and entities else ask.query
    text = "&".join(f"{quote(key)}={quote(value, safe=':,/;')}" for key, value in pairs)
    return f"{base}{ask.path}?{text}" if text else base + ask.path


def _read(source: Source, ask: Ask, reply: Reply, words: Words) -> Answer:
    status = reply.status
    if len(reply.body) > MOST_ANSWER:
        return Answer(source, 502, warning=_warning(111, source, "answered too much"))
    try:
        content = orjson.loads(reply.body) if reply.body else None
    except orjson.JSONDecodeError:
        content = None
    if ask.reads and status == 200 and not isinstance(content, (dict, list)):
        return Answer(source, 502, warning=_warning(111, source, "answered with what is no NGSI-LD"))
    if status == 508:
        return Answer(source, status, content, warning=_warning(199, source, "leads back here"))
    if status >= 300 and status != 404:
        return Answer(source, status, content, warning=_warning(299, source, f"answered {status}"))
    count = reply.header("ngsild-results-count")
    return Answer(
        source,
        status,
        words.inward(content, status),
        reply.header("location"),
        int(count) if count.isdigit() else None,
        reply.header("ngsild-warning"),
    )


def _warning(code: int, source: Source, text: str) -> str:
    return f'{code} - "{source.id} {text}"'
