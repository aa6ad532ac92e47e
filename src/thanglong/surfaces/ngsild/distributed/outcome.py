"""What became of a write that several brokers had a part in, told as one answer (clauses 5.2.16 to 5.2.18, 6.3.17)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from thanglong.surfaces.asgi import Request
from thanglong.surfaces.ngsild.answers import JSON, PROBLEM, Header, Problem
from thanglong.surfaces.ngsild.distributed.calls import Answer
from thanglong.surfaces.ngsild.distributed.local import Here

LOOP, TIMEOUT, MISSING, CLASH, GATEWAY = 508, 504, 404, 409, 502
NAMES = {
    400: "BadRequestData",
    403: "AccessDenied",
    MISSING: "ResourceNotFound",
    CLASH: "AlreadyExists",
    LOOP: "LoopDetected",
    TIMEOUT: "GatewayTimeout",
    GATEWAY: "BadGateway",
}
UNSUPPORTED = Problem(CLASH, "Conflict", "the source that holds this does not offer the operation").document()


@dataclass(frozen=True, slots=True)
class Part:
    """One broker's share: its status, the problem it told, the registration ("" here), the attributes concerned."""

    status: int
    problem: Mapping[str, Any]
    registration: str = ""
    names: tuple[str, ...] = ()
    content: Any = None
    location: str = ""

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def whole(self) -> bool:
        """Whether all of it was done."""
        return self.good and self.status != 207


def here_part(here: Here, names: Sequence[str] = ()) -> Part:
    """The share done here."""
    location = (here.header(b"location") or b"").decode("latin-1")
    content = here.content
    return Part(here.status, {} if here.good else content or {}, "", tuple(names), content, location)


def part_of(answer: Answer, names: Sequence[str] = ()) -> Part:
    """The share of a source."""
    content = answer.content
    problem = dict(content) if isinstance(content, dict) and not answer.good else {}
    if not answer.good:
        known = Problem(
            answer.status, NAMES.get(answer.status, "BadGateway"), str(problem.get("detail", ""))
        ).document()
        problem = {**known, **{key: value for key, value in problem.items() if key in ("type", "title")}}
        problem["status"] = answer.status
    return Part(answer.status, problem, answer.source.id, tuple(names), content)


def unsupported(registration: str, names: Sequence[str] = ()) -> Part:
    """The share of a source that may not be asked for the operation."""
    return Part(CLASH, UNSUPPORTED, registration, tuple(names))


def single(parts: Sequence[Part]) -> int:
    """The status for the client when nothing of an operation was done."""
    statuses = {part.status for part in parts}
    if len(statuses) > 1:
        return 207
    status = statuses.pop()
    # what stands against a source's own rules (403 and the like) is no fault of the client: 502
    return status if status in (400, MISSING, CLASH, 422, LOOP, TIMEOUT) or not parts[0].registration else GATEWAY


async def tell_entity(
    request: Request, id: str, parts: Sequence[Part], success: int, headers: Sequence[Header]
) -> None:
    """Answer for an operation on a whole entity: done, not done, or 207 with a BatchOperationResult."""
    if all(part.whole for part in parts):
        await request.respond(success, b"", list(headers))
        return
    bad = [part for part in parts if not part.good]
    if len(bad) == len(parts) and (status := single(parts)) != 207:
        await _problem(request, status, parts[0].problem)
        return
    errors: list[Any] = [_entity_error(id, part) for part in bad]
    for part in parts:
        if part.status == 207 and isinstance(part.content, Mapping):
            errors += [item for item in part.content.get("errors", ()) if isinstance(item, Mapping)]
    done = [id] if any(part.good for part in parts) else []
    await request.respond(207, orjson.dumps({"success": done, "errors": errors}), kind=JSON.encode())


def _entity_error(id: str, part: Part) -> dict[str, Any]:
    found: dict[str, Any] = {"entityId": id, "error": dict(part.problem)}
    return {**found, "registrationId": part.registration} if part.registration else found


async def tell_attributes(request: Request, parts: Sequence[Part]) -> None:
    """Answer for an operation on attributes: done, not done, or 207 with an UpdateResult."""
    if all(part.whole for part in parts):
        await request.respond(204)
        return
    bad = [part for part in parts if not part.good]
    if len(bad) == len(parts) and (status := single(parts)) != 207:
        await _problem(request, status, parts[0].problem)
        return
    done: list[str] = []
    left: list[dict[str, Any]] = []
    for part in parts:
        if part.status == 207 and isinstance(part.content, Mapping):
            done += part.content.get("updated", [])
            left += [_marked(item, part) for item in part.content.get("notUpdated", ())]
        elif part.good and part.status != 207:
            done += part.names
        elif not part.good:
            reason = str(part.problem.get("detail") or part.problem.get("title") or part.status)
            left += [_marked({"attributeName": name, "reason": reason}, part) for name in part.names]
    result = {"updated": list(dict.fromkeys(done)), "notUpdated": left}
    await request.respond(207, orjson.dumps(result), kind=JSON.encode())


def _marked(item: Any, part: Part) -> dict[str, Any]:
    return {**item, "registrationId": part.registration} if part.registration else dict(item)


async def _problem(request: Request, status: int, problem: Mapping[str, Any]) -> None:
    document = {**problem, "status": status} if problem else Problem(status, NAMES.get(status, "BadGateway")).document()
    await request.respond(status, orjson.dumps(document), kind=PROBLEM)
