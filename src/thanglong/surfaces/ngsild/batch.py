"""Many entities at once: each is judged alone, and the answer says what became of which."""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import orjson

from thanglong.core.things import service as things
from thanglong.core.things.types import Pass, Written
from thanglong.formats.ngsild import entities as forms
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.kit.errors import Invalid, ThangLongError
from thanglong.kit.ports import WriteMode
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import JSON, Problem, content_type, problem_of
from thanglong.surfaces.ngsild.contexts import content_of, with_link, words_of
from thanglong.surfaces.ngsild.entities import Entities, merging
from thanglong.surfaces.ngsild.lots import LARGE, lots
from thanglong.surfaces.ngsild.parameters import SEARCH, SHOW, options, parameters
from thanglong.surfaces.ngsild.queries import asked
from thanglong.surfaces.waking import finished

MOST_BODY = 64 << 20
MOST_QUESTION = 1 << 20
REASONS = {"exists": (409, "AlreadyExists"), "missing": (404, "ResourceNotFound")}
Failed = list[dict[str, Any]]
Item = tuple[Any, Vocabulary]
Read = Callable[[Any, Vocabulary], dict[str, Any]]
Reading = Callable[[Pass, Sequence[Item]], Read]
Sent = tuple[list[str], "Future[list[Written]] | None"]
AHEAD = 2
"""Lots that wait for the writer while the next is read."""


@dataclass(slots=True)
class Outcome:
    """What became of a batch: entities written, those of them that are new, and failures."""

    done: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    failed: Failed = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    async def take(self, sent: Sent) -> None:
        """Wait until a lot is on disk, and enter what became of it."""
        names, future = sent
        written = [] if future is None else await finished(future)
        for name, item in zip(names, written, strict=True):
            if item.refused:
                self.failed.append(_failure(name, Problem(*REASONS[item.refused])))
            elif item.skipped:
                kept = ", ".join(item.skipped)
                self.failed.append(_failure(name, Problem(400, "BadRequestData", f"there already and kept: {kept}")))
            else:
                self.done.append(name)
                if item.created:
                    self.made.append(name)


class Batch:
    """Handlers under ``/entityOperations``."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._entities = Entities(gate)

    async def create(self, request: Request) -> None:
        """POST /entityOperations/create"""
        parameters(request, ())
        came = await self._written(request, "create", _whole)
        await _tell(request, came.done, came.failed, 201)

    async def upsert(self, request: Request) -> None:
        """POST /entityOperations/upsert: entities are exchanged, or with options=update attributes written."""
        given = options(parameters(request, ("options", "format")), ("update", "replace", "noOverwrite")).words
        came = await self._written(request, "upsert" if "update" in given else "replace", _whole)
        if came.failed:
            await _tell(request, came.done, came.failed, 207)
        else:
            await _tell(request, came.made, [], 201 if came.made else 204)

    async def update(self, request: Request) -> None:
        """POST /entityOperations/update: as POST …/attrs on each; options=noOverwrite keeps what is there."""
        given = options(parameters(request, ("options", "format")), ("noOverwrite", "replace", "update")).words
        came = await self._written(request, "add" if "noOverwrite" in given else "append", _part)
        await _tell(request, came.done, came.failed, 204)

    async def merge(self, request: Request) -> None:
        """POST /entityOperations/merge: as PATCH on each."""
        given = parameters(request, ("options", "format", "observedAt", "lang"))

        def reading(who: Pass, items: Sequence[Item]) -> Read:
            ids = [item.get("id") for item, _ in items if isinstance(item, dict)]
            before = things.get_many(who, [id for id in ids if isinstance(id, str)])

            def read(body: Any, names: Vocabulary) -> dict[str, Any]:
                id = forms.checked_uri(body.get("id")) if isinstance(body, dict) else ""
                return merging(body, given, names, before.get(id, {}), id)

            return read

        came = await self._written(request, "merge", reading)
        await _tell(request, came.done, came.failed, 204)

    async def delete(self, request: Request) -> None:
        """POST /entityOperations/delete"""
        parameters(request, ())
        who = await self._gate.pass_of(request)
        things.require_write(who)
        content_type(request)
        done, failed = list[str](), list[dict[str, Any]]()
        for content in lots(await request.body(MOST_BODY)):
            gone, missing = await self._gate.run(_delete, who, content)
            done.extend(gone)
            failed.extend(missing)
        await _tell(request, done, failed, 204)

    async def query(self, request: Request) -> None:
        """POST /entityOperations/query: a question in the body (clause 5.2.23)."""
        given = parameters(request, tuple(name for name in SHOW if name not in SEARCH))
        content, vocabulary = await content_of(self._gate, request, MOST_QUESTION)
        vocabulary = await with_link(self._gate, request, vocabulary)
        await self._entities.answer(request, asked(content, given), vocabulary)

    async def _written(self, request: Request, mode: WriteMode, reading: Reading) -> Outcome:
        """Write the entities of the body. While one lot is on its way to the disk the next is read."""
        who = await self._gate.pass_of(request)
        things.require_write(who)
        kind = content_type(request)
        raw = await request.body(MOST_BODY)
        pieces = await self._gate.run(lots, raw) if len(raw) >= LARGE else lots(raw)
        words, came = words_of(self._gate, request, kind), Outcome()
        on_the_way: deque[Sent] = deque()
        while content := await self._gate.run(next, pieces, None):
            items = await _worded(content, words, came.failed)
            on_the_way.append(await self._gate.run(_send, who, items, came, mode, reading))
            if len(on_the_way) > AHEAD:
                await came.take(on_the_way.popleft())
        for sent in on_the_way:
            await came.take(sent)
        return came


async def _worded(content: Sequence[Any], words: Callable[[Any], Awaitable[Vocabulary]], failed: Failed) -> list[Item]:
    """Entities with the words of each; those whose @context cannot be had are failed already."""
    items: list[Item] = []
    for body in content:
        try:
            items.append((body, await words(body)))
        except (Problem, ThangLongError) as error:
            failed.append(_failure(body.get("id") if isinstance(body, dict) else "", problem_of(error)))
    return items


def _failure(name: Any, problem: Problem) -> dict[str, Any]:
    return {"entityId": name if isinstance(name, str) else "", "error": problem.document()}


def _whole(who: Pass, items: Sequence[Item]) -> Read:
    return lambda body, names: forms.entity_in(body, forms.Reading(names))


def _part(who: Pass, items: Sequence[Item]) -> Read:
    return lambda body, names: forms.entity_in(body, forms.Reading(names, nulls=True), partial=True)


def _send(who: Pass, items: Sequence[Item], came: Outcome, mode: WriteMode, reading: Reading) -> Sent:
    """Read a lot and hand to the writer what can be read: the ids, and the promise of what becomes of each."""
    entities: list[Mapping[str, Any]] = []
    read = reading(who, items)
    for body, names in items:
        try:
            entity = read(body, names)
            if mode == "create" and entity["id"] in came.seen:
                raise Problem(409, "AlreadyExists", "the entity stands twice in the list")
            came.seen.add(entity["id"])
            entities.append(entity)
        except (Invalid, Problem) as error:
            came.failed.append(_failure(body.get("id") if isinstance(body, dict) else "", problem_of(error)))
    ids = [entity["id"] for entity in entities]
    return ids, things.write_soon(who, entities, mode) if entities else None


def _delete(who: Pass, content: Sequence[Any]) -> tuple[list[str], Failed]:
    names, failed = [], list[dict[str, Any]]()
    for name in content:
        try:
            names.append(forms.checked_uri(name))
        except Invalid as error:
            failed.append(_failure(name, problem_of(error)))
    gone = things.delete(who, names)
    missing = [name for name, there in zip(names, gone, strict=True) if not there]
    failed.extend(_failure(name, Problem(404, "ResourceNotFound")) for name in missing)
    return [name for name, there in zip(names, gone, strict=True) if there], failed


async def _tell(request: Request, done: Sequence[str], failed: Failed, status: int) -> None:
    if failed:
        body: Any = {"success": list(done), "errors": failed}
        await request.respond(207, orjson.dumps(body), kind=JSON.encode())
    elif status == 204:
        await request.respond(204)
    else:
        await request.respond(status, orjson.dumps(list(done)), kind=JSON.encode())
