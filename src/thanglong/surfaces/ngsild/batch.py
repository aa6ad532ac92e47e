"""Many entities at once: each is judged alone, and the answer says what became of which."""

from collections.abc import Sequence
from typing import Any

import orjson

from thanglong.core.things import service as things
from thanglong.core.things.types import Pass, Written
from thanglong.formats.ngsild import entities as forms
from thanglong.kit.errors import Invalid
from thanglong.kit.ports import WriteMode
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import JSON, Problem, body_of, problem_of
from thanglong.surfaces.ngsild.parameters import options, parameters

MOST_BODY = 64 << 20
REASONS = {"exists": (409, "AlreadyExists"), "missing": (404, "ResourceNotFound")}
Failed = list[dict[str, Any]]


class Batch:
    """Handlers under ``/entityOperations``."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def create(self, request: Request) -> None:
        """POST /entityOperations/create"""
        parameters(request, ())
        who, content = await self._content(request)
        written, good, failed = await self._gate.run(_write, who, content, "create")
        await _tell(request, _done(written, good), failed, 201)

    async def upsert(self, request: Request) -> None:
        """POST /entityOperations/upsert: attributes are exchanged, or with options=update written beside the others."""
        given = options(parameters(request, ("options",)), ("update", "replace")).words
        who, content = await self._content(request)
        mode: WriteMode = "upsert" if "update" in given else "replace"
        written, good, failed = await self._gate.run(_write, who, content, mode)
        made = [name for item, name in zip(written, good, strict=True) if item.created]
        if failed:
            await _tell(request, _done(written, good), failed, 207)
        else:
            await _tell(request, made, [], 201 if made else 204)

    async def update(self, request: Request) -> None:
        """POST /entityOperations/update: as POST …/attrs on each; options=noOverwrite keeps what is there."""
        given = options(parameters(request, ("options",)), ("noOverwrite", "replace")).words
        who, content = await self._content(request)
        mode: WriteMode = "add" if "noOverwrite" in given else "append"
        written, good, failed = await self._gate.run(_write, who, content, mode)
        await _tell(request, _done(written, good), failed, 204)

    async def merge(self, request: Request) -> None:
        """POST /entityOperations/merge: as PATCH on each."""
        parameters(request, ("options",))
        who, content = await self._content(request)
        written, good, failed = await self._gate.run(_write, who, content, "merge")
        await _tell(request, _done(written, good), failed, 204)

    async def delete(self, request: Request) -> None:
        """POST /entityOperations/delete"""
        parameters(request, ())
        who, content = await self._content(request)
        found = await self._gate.run(_delete, who, content)
        await _tell(request, found[0], found[1], 204)

    async def _content(self, request: Request) -> tuple[Pass, list[Any]]:
        who = await self._gate.pass_of(request)
        things.require_write(who)
        content = await body_of(request, MOST_BODY)
        if not isinstance(content, list) or not content:
            raise Problem(400, "BadRequestData", "send a list with at least one entity")
        return who, content


def _failure(name: Any, problem: Problem) -> dict[str, Any]:
    return {"entityId": name if isinstance(name, str) else "", "error": problem.document()}


def _write(who: Pass, content: Sequence[Any], mode: WriteMode) -> tuple[list[Written], list[str], Failed]:
    partial = mode in ("append", "add", "merge")
    entities, failed = [], []
    for body in content:
        try:
            entities.append(forms.entity_in(body, partial=partial))
        except Invalid as error:
            failed.append(_failure(body.get("id") if isinstance(body, dict) else "", problem_of(error)))
    written = things.write(who, entities, mode)
    for entity, item in zip(entities, written, strict=True):
        if item.refused:
            failed.append(_failure(entity["id"], Problem(*REASONS[item.refused])))
    return written, [entity["id"] for entity in entities], failed


def _delete(who: Pass, content: Sequence[Any]) -> tuple[list[str], Failed]:
    names, failed = [], []
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
    return [name for item, name in zip(written, names, strict=True) if item.refused is None]


async def _tell(request: Request, done: Sequence[str], failed: Failed, status: int) -> None:
    if failed:
        body: Any = {"success": list(done), "errors": failed}
        await request.respond(207, orjson.dumps(body), kind=JSON.encode())
    elif status == 204:
        await request.respond(204)
    else:
        await request.respond(status, orjson.dumps(list(done)), kind=JSON.encode())
