"""The addresses of the interface, and how an error becomes an answer."""

from collections.abc import Callable

from django.conf import settings

from thanglong.surfaces.asgi import Gone, Request, Router, raw_path
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.about import About
from thanglong.surfaces.ngsild.answers import Problem, problem_of, tell
from thanglong.surfaces.ngsild.attributes import Attributes
from thanglong.surfaces.ngsild.batch import Batch
from thanglong.surfaces.ngsild.contexts import Contexts
from thanglong.surfaces.ngsild.discovery import Discovery
from thanglong.surfaces.ngsild.distributed import Distributed
from thanglong.surfaces.ngsild.distributed.calls import Caller
from thanglong.surfaces.ngsild.distributed.relaying import Relay
from thanglong.surfaces.ngsild.distributed.spreading import PATH as TOLD
from thanglong.surfaces.ngsild.distributed.spreading import Spreading
from thanglong.surfaces.ngsild.entities import Entities
from thanglong.surfaces.ngsild.entity_maps import EntityMaps
from thanglong.surfaces.ngsild.notify import Notifier
from thanglong.surfaces.ngsild.notify.posting import Posting
from thanglong.surfaces.ngsild.registrations import Registrations
from thanglong.surfaces.ngsild.registrations_news import Document, SourceNews, SourceSubscriptions, matching_part
from thanglong.surfaces.ngsild.snapshots import Snapshots, enter
from thanglong.surfaces.ngsild.subscriptions import Subscriptions
from thanglong.surfaces.ngsild.temporal import Temporal
from thanglong.surfaces.ngsild.temporal_writing import TemporalWriting
from thanglong.surfaces.ngsild.tenancy import admit
from thanglong.surfaces.outgoing import Outgoing, rule_of

ROOT = "/ngsi-ld/v1"
MOST_ADDRESS = 16_000
WITH_BODY = frozenset(["PATCH", "POST", "PUT"])


def outgoing() -> Caller:
    """The client by which operations go to other brokers."""
    return Outgoing(rule_of(settings.OUTGOING))


class NgsiLd:
    """Answers every request below ``/ngsi-ld/``."""

    def __init__(self, gate: Gate, notifier: Notifier | None = None, caller: Callable[[], Caller] = outgoing) -> None:
        self._router, self._gate = Router(), gate
        self._distributed = Distributed(gate, caller)
        entities, batch, temporal = Entities(gate), Batch(gate), Temporal(gate)
        attributes, contexts, discovery = Attributes(gate), Contexts(gate), Discovery(gate)
        add = self._router.add
        add(
            f"{ROOT}/entities",
            GET=entities.find,
            HEAD=entities.find,
            POST=entities.create,
            DELETE=entities.purge,
        )
        add(
            f"{ROOT}/entities/{{id}}",
            GET=entities.get,
            HEAD=entities.get,
            DELETE=entities.delete,
            PUT=entities.replace,
            PATCH=entities.merge,
        )
        add(f"{ROOT}/entities/{{id}}/attrs", POST=attributes.append, PATCH=attributes.update)
        add(
            f"{ROOT}/entities/{{id}}/attrs/{{attribute}}",
            PATCH=attributes.change,
            PUT=attributes.replace,
            DELETE=attributes.delete,
        )
        for verb in ("create", "upsert", "update", "merge", "delete", "query"):
            add(f"{ROOT}/entityOperations/{verb}", POST=getattr(batch, verb))
        add(f"{ROOT}/jsonldContexts", GET=contexts.find, HEAD=contexts.find, POST=contexts.add)
        add(f"{ROOT}/jsonldContexts/{{id}}", GET=contexts.get, HEAD=contexts.get, DELETE=contexts.delete)
        self._add_past(temporal, TemporalWriting(gate))
        self._add_maps(EntityMaps(gate))
        about = About()
        add(f"{ROOT}/info/sourceIdentity", GET=about.identity, HEAD=about.identity)
        self._add_snapshots(Snapshots(gate))
        add(f"{ROOT}/types", GET=discovery.types, HEAD=discovery.types)
        add(f"{ROOT}/types/{{type}}", GET=discovery.one_type, HEAD=discovery.one_type)
        add(f"{ROOT}/attributes", GET=discovery.attributes, HEAD=discovery.attributes)
        one = {"GET": discovery.one_attribute, "HEAD": discovery.one_attribute}
        add(f"{ROOT}/attributes/{{attribute}}", **one)

        self._add_wishes(notifier)

    def _add_wishes(self, notifier: Notifier | None) -> None:
        """Subscriptions, registrations, and what these two have to do with each other."""
        add, gate, others, posting = self._router.add, self._gate, self._distributed, Posting()
        news = SourceNews(gate, posting)
        spreading = Spreading(gate, others.calls, matching_part)
        wishes = Subscriptions(gate, notifier, spreading)
        add(f"{ROOT}/subscriptions", GET=wishes.find, HEAD=wishes.find, POST=wishes.create)
        one = {"GET": wishes.get, "HEAD": wishes.get, "PATCH": wishes.change, "DELETE": wishes.delete}
        add(f"{ROOT}/subscriptions/{{id}}", **one)
        add(TOLD, POST=Relay(gate, others.sources, others.reading, posting).take)

        async def start() -> None:
            await news.start()
            await spreading.start()

        async def changed(tenant: str, before: Document | None, after: Document | None) -> None:
            await news.changed(tenant, before, after)
            await spreading.registered(tenant, before, after)

        others.sources.first = start
        root = f"{ROOT}/csourceRegistrations"
        known = Registrations(gate, others.sources, others.counts, changed)
        add(root, GET=known.find, HEAD=known.find, POST=known.create)
        add(f"{root}/{{id}}", GET=known.get, HEAD=known.get, PATCH=known.change, DELETE=known.delete)
        asked, root = SourceSubscriptions(gate, news, others.sources), f"{ROOT}/csourceSubscriptions"
        add(root, GET=asked.find, HEAD=asked.find, POST=asked.create)
        add(f"{root}/{{id}}", GET=asked.get, HEAD=asked.get, PATCH=asked.change, DELETE=asked.delete)

    def _add_past(self, read: Temporal, write: TemporalWriting) -> None:
        add, root = self._router.add, f"{ROOT}/temporal/entities"
        add(root, GET=read.find, HEAD=read.find, POST=write.create)
        add(f"{root}/{{id}}", GET=read.one, HEAD=read.one, DELETE=write.delete)
        add(f"{root}/{{id}}/attrs", POST=write.append)
        add(f"{root}/{{id}}/attrs/{{attribute}}", DELETE=write.delete_attribute)
        instance = {"PATCH": write.change_instance, "DELETE": write.delete_instance}
        add(f"{root}/{{id}}/attrs/{{attribute}}/{{instance}}", **instance)
        add(f"{ROOT}/temporal/entityOperations/query", POST=read.query)

    def _add_snapshots(self, snapshots: Snapshots) -> None:
        add = self._router.add
        add(f"{ROOT}/snapshots", POST=snapshots.create, DELETE=snapshots.purge)
        one = {"GET": snapshots.get, "HEAD": snapshots.get, "PATCH": snapshots.change, "DELETE": snapshots.delete}
        add(f"{ROOT}/snapshots/{{id}}", **one)
        add(f"{ROOT}/snapshots/{{id}}/clone", POST=snapshots.clone)

    def _add_maps(self, maps: EntityMaps) -> None:
        add = self._router.add
        add(f"{ROOT}/entityMaps", GET=maps.create, POST=maps.create)
        add(f"{ROOT}/temporal/entityMaps", GET=maps.create_past, POST=maps.create_past)
        one = {"GET": maps.get, "HEAD": maps.get, "PATCH": maps.change, "DELETE": maps.delete}
        add(f"{ROOT}/entityMaps/{{id}}", **one)
        add(f"{ROOT}/temporal/entityMaps/{{id}}", **one)

    async def __call__(self, request: Request) -> None:
        """Answer; an error becomes a problem of the standard's list."""
        try:
            await self._dispatch(request)
        except Gone:
            return
        except Exception as error:
            await tell(request, problem_of(error))

    async def _dispatch(self, request: Request) -> None:
        path = raw_path(request.scope)
        if len(path) + len(request.scope["query_string"]) > MOST_ADDRESS:
            raise Problem(414, "InvalidRequest", "the address is too long")
        found = self._router.find(path)
        if found is None and "//" in path:
            raise Problem(400, "BadRequestData", "a part of the address is empty")
        if found is None:
            raise Problem(404, "ResourceNotFound", "there is no such address")
        handler = found.handlers.get(request.method)
        if handler is None:
            if request.method == "OPTIONS":
                await request.respond(204, headers=[(b"allow", found.allow().encode())])
                return
            raise Problem(405, "InvalidRequest", headers=[(b"allow", found.allow().encode())])
        if request.method in WITH_BODY and "content-length" not in request.headers:
            # clause 6.3.4: nothing but the status, before anything else is looked at
            await request.respond(411)
            return
        request.parts = found.parts
        below = path.removeprefix(f"{ROOT}/")
        await admit(request, self._gate, below)
        await enter(request, self._gate, below)
        if not await self._distributed.takes(request, handler, below):
            await handler(request)
