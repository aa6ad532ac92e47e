"""Subscriptions: create, read, list, change, delete (clauses 5.8 and 6.10, 6.11)."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote

from thanglong.core.things.service import contexts, remote, subscribing
from thanglong.core.things.types import Pass, Subscription, iso
from thanglong.formats.ngsild import subscriptions as forms
from thanglong.formats.ngsild.entities import checked_uri
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.kit import clock
from thanglong.kit.errors import Conflict
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import Header, Problem, accepted, send
from thanglong.surfaces.ngsild.contexts import base, content_of, names_of
from thanglong.surfaces.ngsild.identity import loops
from thanglong.surfaces.ngsild.notify.delivery import added, shown_state
from thanglong.surfaces.ngsild.parameters import MOST, USUAL, flag, number, options, parameters
from thanglong.surfaces.ngsild.registrations import pages
from thanglong.surfaces.ngsild.showing import older_version

PATH = "/ngsi-ld/v1/subscriptions"
MOST_BODY = 1 << 20


class States(Protocol):
    """Whoever sends notifications and knows the newest counters."""

    def state(self, tenant: str, id: str) -> Mapping[str, Any] | None: ...


class Spread(Protocol):
    """Whoever makes subscriptions at other brokers as well."""

    def settle(self, tenant: str, id: str) -> None: ...


class Subscriptions:
    """Handlers under ``/subscriptions``. ``notifier``: the one of this process, whose counters are the newest."""

    path = PATH
    kind = subscribing.KIND

    def __init__(self, gate: Gate, notifier: States | None = None, spread: Spread | None = None) -> None:
        self._gate = gate
        self._notifier = notifier
        self._spread = spread

    async def create(self, request: Request) -> None:
        """POST /subscriptions"""
        parameters(request, ())
        content, names, context = await self._content(request)
        who = await self._gate.pass_of(request)
        definition = forms.subscription_in(content, names, clock.now())
        if _is_inline(context):
            await self._gate.run(contexts.implicit, context)
        origin = {"via": request.headers.get("via", ""), "base": base(request)}
        if loops(who.tenant, origin["via"]):
            raise Problem(508, "LoopDetected", "this subscription was made here; see the registrations on its way")
        try:
            id = await self._gate.orm(subscribing.create, who, definition, context, self.kind, origin)
        except Conflict as error:
            raise Problem(409, "AlreadyExists", str(error)) from error
        self._settle(who, id)
        await request.respond(201, b"", [(b"location", f"{self.path}/{quote(id, safe=':')}".encode())])

    def _settle(self, who: Pass, id: str) -> None:
        if self._spread is not None:
            self._spread.settle(who.tenant, id)

    async def _content(self, request: Request) -> tuple[Any, Vocabulary, Any]:
        """The body, the words it is written in, and the @context to keep."""
        content, names = await content_of(self._gate, request, MOST_BODY)
        return content, names, None if names.core else (names.url or names.given)

    async def find(self, request: Request) -> None:
        """GET /subscriptions"""
        given = parameters(request, ("limit", "offset", "count", "options"))
        kind, system = accepted(request), options(given).system
        names, who = await names_of(self._gate, request), await self._gate.pass_of(request)
        limit, offset = number(given, "limit", USUAL, MOST), number(given, "offset", 0, 10_000_000)
        counted = flag(given, "count")
        if limit == 0 and not counted:
            raise Problem(400, "BadRequestData", "limit=0 goes with count=true")
        found = await self._gate.run(self._listed, who)
        passed = await self._gate.run(self._passed_on, who)
        page = [self._shown(item, names, system, passed) for item in found[offset : offset + limit]]
        headers: list[Header] = [(b"ngsild-results-count", b"%d" % len(found))] if counted else []
        headers += pages(self.path, given, limit, offset, len(found))
        await send(request, kind, page, headers, names=names)

    async def get(self, request: Request) -> None:
        """GET /subscriptions/{id}"""
        given = parameters(request, ("options",))
        kind, system = accepted(request), options(given).system
        id = checked_uri(request.parts[0])
        names, who = await names_of(self._gate, request), await self._gate.pass_of(request)
        found = await self._gate.run(self._one, who, id)
        passed = await self._gate.run(self._passed_on, who)
        version = older_version(request)
        # a subscription reads the same in every version (clause 4.3.6.8 is about entities): only the wish is answered
        applied: list[Header] = [] if version is None else [(b"preference-applied", b"ngsi-ld=1.%d" % version)]
        await send(request, kind, self._shown(found, names, system, passed), applied, names=names)

    def _listed(self, who: Pass) -> list[Subscription]:
        return subscribing.listing(who, self.kind)

    def _one(self, who: Pass, id: str) -> Subscription:
        return subscribing.one(who, id, self.kind)

    def _passed_on(self, who: Pass) -> dict[str, list[Mapping[str, Any]]]:
        """How passing on what other brokers told of subscriptions went."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for one in remote.everything(who.tenant):
            if one.counts:
                found.setdefault(one.subscription, []).append(one.counts)
        return found

    def _shown(
        self, item: Subscription, names: Vocabulary, system: bool, passed: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> dict[str, Any]:
        shown = forms.subscription_out(item.definition, names)
        if _is_inline(item.context):
            address = f"{item.origin.get('base', '')}{contexts.PATH}{contexts.implicit_id(item.context)}"
            shown.setdefault("jsonldContext", address)
        shown["status"] = forms.status_of(item.definition, clock.now())
        newest = self._notifier.state(item.tenant, item.id) if self._notifier else None
        state = added([item.state if newest is None else newest, *passed.get(item.id, ())])
        shown["notification"] = {**shown["notification"], **shown_state(state)}
        if system:
            shown.update(createdAt=iso(item.created), modifiedAt=iso(item.modified))
        return shown

    async def change(self, request: Request) -> None:
        """PATCH /subscriptions/{id}"""
        parameters(request, ())
        id = checked_uri(request.parts[0])
        content, names, context = await self._content(request)
        who = await self._gate.pass_of(request)
        await self._gate.run(subscribing.one, who, id, self.kind)
        fragment = forms.subscription_in(content, names, clock.now(), partial=True)
        if fragment.get("id", id) != id:
            raise Problem(400, "BadRequestData", "the id of a subscription cannot be changed")
        await self._gate.orm(subscribing.change, who, id, fragment, context, self.kind)
        self._settle(who, id)
        await request.respond(204)

    async def delete(self, request: Request) -> None:
        """DELETE /subscriptions/{id}"""
        parameters(request, ())
        id = checked_uri(request.parts[0])
        who = await self._gate.pass_of(request)
        await self._gate.orm(subscribing.drop, who, id, self.kind)
        self._settle(who, id)
        await request.respond(204)


def _is_inline(context: Any) -> bool:
    """Whether a @context has no address of its own; it is then kept under one here (kind ImplicitlyCreated)."""
    return context is not None and not isinstance(context, str)
