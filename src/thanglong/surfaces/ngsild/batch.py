"""Many entities at once: each is judged alone, and the answer says what became of which."""

from collections.abc import Callable, Mapping, Sequence
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
from thanglong.surfaces.ngsild.answers import JSON, Problem, content_type, json_of, problem_of
from thanglong.surfaces.ngsild.contexts import content_of, with_link, words_of
from thanglong.surfaces.ngsild.entities import Entities, merging
from thanglong.surfaces.ngsild.parameters import SEARCH, SHOW, options, parameters
from thanglong.surfaces.ngsild.queries import asked

MOST_BODY = 64 << 20
MOST_QUESTION = 1 << 20
REASONS = {"exists": (409, "AlreadyExists"), "missing": (404, "ResourceNotFound")}
Failed = list[dict[str, Any]]
Item = tuple[Any, Vocabulary]
Read = Callable[[Any, Vocabulary], dict[str, Any]]


class Batch:
    """Handlers under ``/entityOperations``."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._entities = Entities(gate)

    async def create(self, request: Request) -> None:
        """POST /entityOperations/create"""
        parameters(request, ())
        who, items, failed = await self._content(request)
        written, good = await self._gate.run(_write, who, items, failed, "create", _whole)
        await _tell(request, _done(written, good), failed, 201)

    async def upsert(self, request: Request) -> None:
        """POST /entityOperations/upsert: entities are exchanged, or with options=update attributes written."""
        given = options(parameters(request, ("options", "format")), ("update", "replace", "noOverwrite")).words
        who, items, failed = await self._content(request)
        mode: WriteMode = "upsert" if "update" in given else "replace"
        written, good = await self._gate.run(_write, who, items, failed, mode, _whole)
        made = [name for item, name in zip(written, good, strict=True) if item.created]
        if failed:
            await _tell(request, _done(written, good), failed, 207)
        else:
            await _tell(request, made, [], 201 if made else 204)

    async def update(self, request: Request) -> None:
        """POST /entityOperations/update: as POST …/attrs on each; options=noOverwrite keeps what is there."""
        given = options(parameters(request, ("options", "format")), ("noOverwrite", "replace", "update")).words
        who, items, failed = await self._content(request)
        mode: WriteMode = "add" if "noOverwrite" in given else "append"
        written, good = await self._gate.run(_write, who, items, failed, mode, _part)
        await _tell(request, _done(written, good), failed, 204)

    async def merge(self, request: Request) -> None:
        """POST /entityOperations/merge: as PATCH on each."""
        given = parameters(request, ("options", "format", "observedAt", "lang"))
        who, items, failed = await self._content(request)

        def work() -> tuple[list[Written], list[str]]:
            ids = [item.get("id") for item, _ in items if isinstance(item, dict)]
            before = things.get_many(who, [id for id in ids if isinstance(id, str)])

            def read(body: Any, names: Vocabulary) -> dict[str, Any]:
                id = forms.checked_uri(body.get("id")) if isinstance(body, dict) else ""
                return merging(body, given, names, before.get(id, {}), id)

            return _write(who, items, failed, "merge", read)

        written, good = await self._gate.run(work)
        await _tell(request, _done(written, good), failed, 204)

    async def delete(self, request: Request) -> None:
        """POST /entityOperations/delete"""
        parameters(request, ())
        who = await self._gate.pass_of(request)
        things.require_write(who)
        content_type(request)
        content = _list(await json_of(request, MOST_BODY))
        done, failed = await self._gate.run(_delete, who, content)
        await _tell(request, done, failed, 204)

    async def query(self, request: Request) -> None:
        """POST /entityOperations/query: a question in the body (clause 5.2.23)."""
        given = parameters(request, tuple(name for name in SHOW if name not in SEARCH))
        content, vocabulary = await content_of(self._gate, request, MOST_QUESTION)
        vocabulary = await with_link(self._gate, request, vocabulary)
        await self._entities.answer(request, asked(content, given), vocabulary)

    async def _content(self, request: Request) -> tuple[Pass, list[Item], Failed]:
        """The entities of the body with the words of each; those whose @context cannot be had are failed already."""
        who = await self._gate.pass_of(request)
        things.require_write(who)
        kind = content_type(request)
        content = _list(await json_of(request, MOST_BODY))
        items: list[Item] = []
        failed: Failed = []
        words = words_of(self._gate, request, kind)
        for body in content:
            try:
                items.append((body, await words(body)))
            except (Problem, ThangLongError) as error:
                failed.append(_failure(body.get("id") if isinstance(body, dict) else "", problem_of(error)))
        return who, items, failed


def _list(content: Any) -> list[Any]:
    if not isinstance(content, list) or not content:
        raise Problem(400, "BadRequestData", "send a list with at least one entity")
    if any(item is None for item in content):
        raise Problem(400, "BadRequestData", "null is no entity")
    return content


def _failure(name: Any, problem: Problem) -> dict[str, Any]:
    return {"entityId": name if isinstance(name, str) else "", "error": problem.document()}


def _whole(body: Any, names: Vocabulary) -> dict[str, Any]:
    return forms.entity_in(body, forms.Reading(names))


def _part(body: Any, names: Vocabulary) -> dict[str, Any]:
    return forms.entity_in(body, forms.Reading(names, nulls=True), partial=True)


def _write(
    who: Pass, items: Sequence[Item], failed: Failed, mode: WriteMode, read: Read
) -> tuple[list[Written], list[str]]:
    """Write what can be read; the failures are added to ``failed``."""
    entities: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    for body, names in items:
        try:
            entity = read(body, names)
            if mode == "create" and entity["id"] in seen:
                raise Problem(409, "AlreadyExists", "the entity stands twice in the list")
            seen.add(entity["id"])
            entities.append(entity)
        except (Invalid, Problem) as error:
            failed.append(_failure(body.get("id") if isinstance(body, dict) else "", problem_of(error)))
    written = things.write(who, entities, mode)
    for one, item in zip(entities, written, strict=True):
        if item.refused:
            failed.append(_failure(one["id"], Problem(*REASONS[item.refused])))
        elif item.skipped:
            kept = ", ".join(item.skipped)
            failed.append(_failure(one["id"], Problem(400, "BadRequestData", f"there already and kept: {kept}")))
    return written, [entity["id"] for entity in entities]


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


def _done(written: Sequence[Written], names: Sequence[str]) -> list[str]:
    pairs = zip(written, names, strict=True)
    return [name for item, name in pairs if item.refused is None and not item.skipped]


async def _tell(request: Request, done: Sequence[str], failed: Failed, status: int) -> None:
    if failed:
        body: Any = {"success": list(done), "errors": failed}
        await request.respond(207, orjson.dumps(body), kind=JSON.encode())
    elif status == 204:
        await request.respond(204)
    else:
        await request.respond(status, orjson.dumps(list(done)), kind=JSON.encode())
