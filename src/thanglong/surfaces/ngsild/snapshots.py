"""Snapshots: ``/snapshots`` and the header NGSILD-Snapshot (clauses 5.2.41, 5.16, 6.3.22, 6.36 to 6.38)."""

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings

from thanglong.core.things import service as things
from thanglong.core.things.service import snapshots as service
from thanglong.core.things.service.snapshots import Document, Question
from thanglong.core.things.types import Pass, ThingQuery, iso
from thanglong.formats.ngsild import query as language
from thanglong.formats.ngsild.entities import checked_uri
from thanglong.formats.ngsild.temporal import duration
from thanglong.formats.ngsild.vocabulary import CORE, Vocabulary
from thanglong.kit import clock
from thanglong.kit.errors import NotFound
from thanglong.kit.ids import new_id
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import JSON, Problem, accepted
from thanglong.surfaces.ngsild.contexts import content_of
from thanglong.surfaces.ngsild.notify.payload import Message
from thanglong.surfaces.ngsild.notify.senders import HttpSender
from thanglong.surfaces.ngsild.parameters import criteria, names, narrow, parameters
from thanglong.surfaces.ngsild.queries import asked as in_body
from thanglong.surfaces.ngsild.timing import asked
from thanglong.surfaces.outgoing import Outgoing, rule_of

log = logging.getLogger(__name__)
MOST_BODY, MOST_QUESTIONS = 1 << 20, 50
PLACE = "/ngsi-ld/v1/snapshots/"
QUESTIONS = ("snapshotQueries", "snapshotTemporalQueries")
GIVEN = frozenset(["id", "snapshotLifetime", "snapshotPriority", "endpoint", "receiverInfo", *QUESTIONS])
DETAILS = {
    "snapshotQueriesDetails": "snapshotQueriesDetails",
    "temporalSnapshotQueriesDetails": "snapshotTemporalQueriesDetails",
}
"""What a notification and what a snapshot call the same."""
MADE = frozenset(["snapshotStatus", "createdAt", "modifiedAt", "expiresAt", "lastUsedAt", *DETAILS.values()])
MEMBERS = GIVEN | MADE | {"type"}


class Snapshots:
    """Handlers under ``/snapshots``. They are filled one after the other, behind the requests."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._behind = ThreadPoolExecutor(1, thread_name_prefix="snapshots")

    async def create(self, request: Request) -> None:
        """POST /snapshots"""
        parameters(request, ())
        who, content, vocabulary = await self._body(request)
        given, lifetime = _checked(content)
        present, past = _questions(given, vocabulary)
        if not present and not past:
            raise Problem(400, "BadRequestData", "a snapshot needs snapshotQueries or snapshotTemporalQueries")
        made = await self._gate.orm(service.create, who, given, lifetime)
        self._behind.submit(_filled, who, made, lambda: service.fill(who, made["id"], present, past))
        await request.respond(201, b"", [(b"location", f"{PLACE}{made['id']}".encode())])

    async def clone(self, request: Request) -> None:
        """POST /snapshots/{id}/clone"""
        parameters(request, ())
        source = checked_uri(request.parts[0])
        who, content, _ = await self._body(request)
        given, lifetime = _checked(content)
        if any(key in given for key in QUESTIONS):
            raise Problem(400, "BadRequestData", "a clone has the questions of its source")
        before = await self._gate.run(service.get, who, source)
        lineage = {key: before[key] for key in QUESTIONS if key in before}
        made = await self._gate.orm(service.create, who, {**lineage, **given}, lifetime)
        self._behind.submit(_filled, who, made, lambda: service.clone(who, source, made["id"]))
        await request.respond(201, b"", [(b"location", f"{PLACE}{made['id']}".encode())])

    async def get(self, request: Request) -> None:
        """GET /snapshots/{id}"""
        parameters(request, ())
        kind, who = accepted(request), await self._gate.pass_of(request)
        found = await self._gate.run(service.get, who, checked_uri(request.parts[0]))
        await request.respond(200, orjson.dumps(found), kind=kind.encode())

    async def change(self, request: Request) -> None:
        """PATCH /snapshots/{id}: priority, lifetime and who is told."""
        parameters(request, ())
        name = checked_uri(request.parts[0])
        who, content, _ = await self._body(request)
        if not isinstance(content, dict) or any(key in content for key in QUESTIONS):
            raise Problem(400, "BadRequestData", "the questions of a snapshot stay as they are")
        if content.get("id", name) != name:
            raise Problem(400, "BadRequestData", "the id of a snapshot stays as it is")
        gone = {key: None for key, value in content.items() if value in (None, "urn:ngsi-ld:null") and key in GIVEN}
        given, lifetime = _checked({"type": "Snapshot", **{k: v for k, v in content.items() if k not in gone}}, name)
        changed = await self._gate.orm(service.change, who, name, {**given, **gone}, lifetime)
        self._behind.submit(_told, who, changed)
        await request.respond(200, orjson.dumps(changed), kind=JSON.encode())

    async def delete(self, request: Request) -> None:
        """DELETE /snapshots/{id}"""
        parameters(request, ())
        who = await self._gate.pass_of(request)
        things.require_write(who)
        await self._gate.orm(service.delete, who, checked_uri(request.parts[0]))
        await request.respond(204)

    async def purge(self, request: Request) -> None:
        """DELETE /snapshots?q=…: those whose members hold a condition."""
        given = parameters(request, ("q",))
        who = await self._gate.pass_of(request)
        things.require_write(who)
        if "q" not in given:
            raise Problem(400, "BadRequestData", "say which snapshots: q")
        condition = language.condition(given["q"], CORE)
        if not set(language.attributes_in(condition)) <= MEMBERS:
            raise Problem(400, "BadRequestData", f"q asks for members of a snapshot: {', '.join(sorted(MEMBERS))}")
        holds = things.matcher(ThingQuery(where=condition))

        def work() -> None:
            for one in service.all_of(who):
                if holds(_as_entity(one)):
                    service.delete(who, one["id"])

        await self._gate.orm(work)
        await request.respond(204)

    async def _body(self, request: Request) -> tuple[Pass, Any, Vocabulary]:
        who = await self._gate.pass_of(request)
        things.require_write(who)
        content, vocabulary = await content_of(self._gate, request, MOST_BODY)
        return who, content, vocabulary


async def enter(request: Request, gate: Gate, path: str) -> None:
    """Let a request into the snapshot its header names, where it is not about snapshots themselves; else NotFound."""
    name = request.headers.get("ngsild-snapshot")
    if name is None:
        return
    request.always.append((b"ngsild-snapshot", name.encode("latin-1")))
    if path.startswith("snapshots"):
        return
    who = await gate.pass_of(request)
    found = await gate.run(service.get, who, checked_uri(name))
    await gate.run(service.used, who, found)


def _checked(content: Any, id: str = "") -> tuple[Document, timedelta | None]:
    """A snapshot's members as a client may give them, and the lifetime wished for; Problem 400."""
    if not isinstance(content, dict) or content.get("type") != "Snapshot":
        raise Problem(400, "BadRequestData", "send an object of type Snapshot")
    unknown = [key for key in content if key not in MEMBERS]
    if unknown:
        raise Problem(400, "BadRequestData", f"a snapshot has no member {unknown[0][:60]!r}")
    given = {key: value for key, value in content.items() if key in GIVEN}
    given["id"] = checked_uri(given["id"]) if "id" in given else id or f"urn:ngsi-ld:Snapshot:{new_id()}"
    given["type"] = "Snapshot"
    priority = given.get("snapshotPriority", 5)
    if isinstance(priority, bool) or not isinstance(priority, int) or not 1 <= priority <= 10:
        raise Problem(400, "BadRequestData", "snapshotPriority is a number from 1 to 10")
    if "endpoint" in given:
        checked_uri(given["endpoint"], "endpoint")
    for pair in given.get("receiverInfo", []):
        if not isinstance(pair, dict) or not isinstance(pair.get("key"), str):
            raise Problem(400, "BadRequestData", "receiverInfo is a list of key and value")
    if "snapshotLifetime" not in given:
        return given, None
    wished = duration(str(given["snapshotLifetime"]))
    return given, timedelta(days=wished.months * 30, microseconds=wished.micros)


def _questions(given: Mapping[str, Any], vocabulary: Vocabulary) -> tuple[list[Question], list[Question]]:
    """The questions of a snapshot, of the present and of the past; Problem 400."""
    found: list[list[Question]] = [[], []]
    for key, questions in zip(QUESTIONS, found, strict=True):
        listed = given.get(key, [])
        if not isinstance(listed, list) or len(listed) > MOST_QUESTIONS:
            raise Problem(400, "BadRequestData", f"{key} is a list of at most {MOST_QUESTIONS} questions")
        for content in listed:
            temporal = key == QUESTIONS[1]
            if isinstance(content, dict) and ("temporalQ" in content) != temporal:
                raise Problem(400, "BadRequestData", "questions of the past, and only these, have a temporalQ")
            words = in_body(content, {}, temporal=temporal)
            narrow(words, vocabulary)
            if not temporal:
                questions.append(Question(criteria(words, vocabulary)))
                continue
            rest = {name: value for name, value in words.items() if name != "attrs"}
            window = replace(asked(words, True).window, last=0)
            questions.append(Question(criteria(rest, vocabulary), names(words, "attrs", vocabulary), window))
    return found[0], found[1]


def _as_entity(one: Document) -> dict[str, Any]:
    kept = {key: {"type": "Property", "value": value} for key, value in one.items() if key not in ("id", "type")}
    return {"id": one["id"], "type": "Snapshot", **kept}


def _filled(who: Pass, made: Document, work: Any) -> None:
    """Fill a snapshot, then tell its endpoint."""
    try:
        _told(who, work())
    except NotFound:
        log.info("snapshot %s was deleted while it was made", made["id"])
    except Exception:
        log.exception("snapshot %s could not be made", made["id"])


def _told(who: Pass, snapshot: Document) -> None:
    """Send the SnapshotNotification (clause 5.3.4) where an endpoint is named; a receiver that is away misses it."""
    if "endpoint" not in snapshot:
        return
    body = {
        "id": f"urn:ngsi-ld:SnapshotNotification:{new_id()}",
        "type": "SnapshotNotification",
        "notifiedAt": iso(clock.now()),
        "snapshotId": snapshot["id"],
        "snapshotStatus": snapshot["snapshotStatus"],
        "snapshotPriority": snapshot["snapshotPriority"],
        "expiresAt": snapshot["expiresAt"],
    }
    body |= {name: snapshot[key] for name, key in DETAILS.items() if key in snapshot}
    info = [(str(pair["key"]), str(pair.get("value", ""))) for pair in snapshot.get("receiverInfo", [])]
    headers = [("content-type", JSON), *info]
    if tenant := service.owner(who):
        headers.append(("NGSILD-Tenant", tenant))

    async def send() -> None:
        sender = HttpSender(Outgoing(rule_of(settings.OUTGOING)))
        await sender.send({"uri": snapshot["endpoint"]}, Message(orjson.dumps(body), headers))

    try:
        asyncio.run(send())
    except Exception as error:
        log.warning("the endpoint of snapshot %s was not told: %s", snapshot["id"], error)
