"""Which requests are distributed, and to whom they are handed."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from thanglong.surfaces.asgi import Handler, Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.contexts import content_of, names_of, vocabulary_of, with_link
from thanglong.surfaces.ngsild.distributed.batches import BATCH, Batches
from thanglong.surfaces.ngsild.distributed.calls import Caller, Calls
from thanglong.surfaces.ngsild.distributed.counts import Counts
from thanglong.surfaces.ngsild.distributed.local import replayed
from thanglong.surfaces.ngsild.distributed.matching import Work
from thanglong.surfaces.ngsild.distributed.others import Others
from thanglong.surfaces.ngsild.distributed.reading import Reading
from thanglong.surfaces.ngsild.distributed.sources import Sources
from thanglong.surfaces.ngsild.distributed.writing import Writing
from thanglong.surfaces.ngsild.queries import asked

MOST_BODY = 64 << 20
ENTITY = {
    ("", "POST"): "createEntity",
    ("entity", "PUT"): "replaceEntity",
    ("entity", "PATCH"): "mergeEntity",
    ("attrs", "POST"): "appendAttrs",
    ("attrs", "PATCH"): "updateEntity",
}
ATTRIBUTE = {"PATCH": "updateAttrs", "PUT": "replaceAttrs", "DELETE": "deleteAttrs"}


class Distributed:
    """Takes over requests that concern context sources.

    ``caller`` sends requests out; it is made in the event loop, on first use.
    """

    def __init__(self, gate: Gate, caller: Callable[[], Caller]) -> None:
        self._gate = gate
        self.counts = Counts(gate.run)
        self.sources = Sources(gate.run)
        self._make = caller
        self._calls: Calls | None = None
        self._parts: tuple[Reading, Writing, Batches, Others] | None = None

    def calls(self) -> Calls:
        """Sends operations to sources."""
        if self._calls is None:
            self._calls = Calls(self._make(), self.counts)
        return self._calls

    def reading(self) -> Reading:
        """Reads what sources hold."""
        return self._ready()[0]

    async def takes(self, request: Request, handler: Handler, path: str) -> bool:
        """Answer a request if sources have a part in it (``path`` below the root); False: the usual handler does."""
        if self.sources.due():
            await self.sources.look()
        if not self.sources.has(request.headers.get("ngsild-tenant", "")):
            return False
        query = request.query()
        if ("local", "true") in query or "ngsild-snapshot" in request.headers:
            return False
        who = await self._gate.pass_of(request)
        reads = request.method in ("GET", "HEAD") or path.endswith("query")
        if not (who.view if reads else who.write):
            return False
        segments = path.strip("/").split("/")
        take = self._take(segments, request.method)
        if take is None:
            return False
        work = Work(
            request, handler, who, await names_of(self._gate, request), self.sources.of(who.tenant), query, query
        )
        return await take(work)

    def _take(self, segments: list[str], method: str) -> Callable[[Work], Awaitable[bool]] | None:
        others = self._ready()[3]
        root, depth = segments[0], len(segments)
        if root == "entities":
            return self._entities(depth, method)
        if root == "entityOperations" and depth == 2 and method == "POST":
            return lambda work: self._batch(work, segments[1])
        if method in ("GET", "HEAD"):
            if root == "temporal" and depth in (2, 3) and segments[1] == "entities":
                return others.temporal
            if root in ("types", "attributes"):
                return lambda work: others.discovery(work, root)
        return None

    def _entities(self, depth: int, method: str) -> Callable[[Work], Awaitable[bool]] | None:
        reading, writing, _, _ = self._ready()
        if method in ("GET", "HEAD"):
            return {1: reading.query, 2: reading.retrieve}.get(depth)
        if method == "DELETE" and depth < 3:
            return writing.purge if depth == 1 else writing.delete
        if depth == 4 and method in ATTRIBUTE:
            return lambda work: self._written(work, writing.attribute, ATTRIBUTE[method])
        operation = ENTITY.get(("" if depth == 1 else "entity" if depth == 2 else "attrs", method))
        return (lambda work: self._written(work, writing.entity, operation)) if operation and depth < 4 else None

    def _ready(self) -> tuple[Reading, Writing, Batches, Others]:
        if self._parts is None:
            calls = self.calls()
            run = self._gate.run
            self._parts = Reading(calls), Writing(calls, run), Batches(calls, run), Others(calls)
        return self._parts

    async def _written(self, work: Work, write: Any, operation: str) -> bool:
        """A write with a body: what is no business of any source goes on to the usual handler with its body."""
        if work.request.method == "DELETE":
            return bool(await write(work, operation, None, None))
        content, context = await self._body(work)
        if await write(work, operation, content, context):
            return True
        await work.handler(replayed(work.request, work.raw))
        return True

    async def _body(self, work: Work) -> tuple[Any, Any]:
        """The body without its @context, and that @context (None where it came without)."""
        work.raw = await work.request.body(MOST_BODY)
        work.request = replayed(work.request, work.raw)
        content, work.names = await content_of(self._gate, work.request, MOST_BODY)
        work.names = await with_link(self._gate, work.request, work.names)
        whole = orjson.loads(work.raw)
        return content, whole.get("@context") if isinstance(whole, dict) else None

    async def _batch(self, work: Work, verb: str) -> bool:
        reading, _, batches, _ = self._ready()
        if verb not in (*BATCH, "query"):
            return False
        if verb == "query":
            content, _ = await self._body(work)
            work.query = list(asked(content, dict(work.url)).items())
            done = await reading.query(work)
        else:
            work.raw = await work.request.body(MOST_BODY)
            content, context = await self._list(work)
            done = await batches.batch(work, verb, content, context)
        if not done:
            await work.handler(replayed(work.request, work.raw))
        return True

    async def _list(self, work: Work) -> tuple[Any, Any]:
        """The entities of a batch without their @context, and that (one for all, else the batch is done here alone)."""
        try:
            content = orjson.loads(work.raw)
        except orjson.JSONDecodeError:
            return None, None
        if not isinstance(content, list):
            return None, None
        contexts = [item.pop("@context", None) for item in content if isinstance(item, dict)]
        if all(context is None for context in contexts):
            return content, None
        if any(context != contexts[0] for context in contexts):
            return None, None
        work.names = await vocabulary_of(self._gate, work.request, contexts[0])
        work.names = await with_link(self._gate, work.request, work.names)
        return content, contexts[0]
