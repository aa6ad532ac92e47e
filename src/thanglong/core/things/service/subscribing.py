"""Subscriptions to changes: who may have one, where it is kept, how far its notifications have come.

Whoever may read things may subscribe, and sees and changes their own subscriptions; who may write sees and changes all
of the tenant. The notifications themselves are sent by ``surfaces/ngsild/notify``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from thanglong.core.things import service as things
from thanglong.core.things.service import contexts
from thanglong.core.things.service.auditing import audited
from thanglong.core.things.service.tenancy import tenant_of
from thanglong.core.things.types import Asker, Health, Pass, Subscription
from thanglong.formats.ngsild import subscriptions as forms
from thanglong.kit import clock, ids, ports
from thanglong.kit.documents import Document, Progress
from thanglong.kit.errors import N_, Conflict, Denied, NotFound, NotSignedIn

KIND = "subscription"
SOURCES = "source_subscription"
"""Subscriptions to registrations of context sources."""
PREFIX = "urn:ngsi-ld:Subscription:"
MOST = 100_000


def _passed(asker: Asker) -> Pass:
    """What the asker may do; Denied or NotSignedIn when they may not even read."""
    found = asker if isinstance(asker, Pass) else things.pass_of(asker)
    if not found.view:
        raise NotSignedIn if found.actor.id is None else Denied
    return found


def _owns(asker: Pass, subscription: Subscription) -> bool:
    return asker.write or subscription.owner == str(asker.actor.id)


def create(
    asker: Asker,
    definition: Mapping[str, Any],
    context: Any = None,
    kind: str = KIND,
    origin: Mapping[str, str] | None = None,
) -> str:
    """Keep a subscription (``formats.ngsild.subscriptions.subscription_in``) written under a @context; its id.

    ``kind`` SOURCES: one to registrations of context sources. So with the verbs below. ``origin``: how it came here.

    Conflict when there is one with its id; ContextNotAvailable or Invalid when its jsonldContext cannot be used.
    """
    who = _passed(asker)
    _check_context(definition)
    id = definition.get("id") or f"{PREFIX}{ids.new_id()}"
    now = clock.now().isoformat()
    body = {
        "definition": {**definition, "id": id},
        "context": context,
        "query_context": context,
        "owner": str(who.actor.id),
        "types": sorted(getattr(who.actor, "types", ())),
        "created": now,
        "modified": now,
        "origin": dict(origin or {}),
    }
    store = ports.plugged.things
    with audited(who, "things.subscribed", kind, id, _facts(who, definition)):
        if not store.put_document(who.tenant, kind, id, body, create=True, cursor=store.last_seq()):
            raise Conflict(N_("There is already a subscription %(id)s."), id=id)
    return id


def _check_context(definition: Mapping[str, Any]) -> None:
    if definition.get("jsonldContext"):
        contexts.vocabulary(definition["jsonldContext"])


def place(definition: Mapping[str, Any]) -> str:
    """Where the notifications of a subscription go, without password and query."""
    parts = urlsplit(definition["notification"]["endpoint"]["uri"])
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _facts(asker: Asker, definition: Mapping[str, Any]) -> dict[str, Any]:
    """What the ledger shows of a subscription."""
    facts: dict[str, Any] = {"to": place(definition)}
    if tenant_of(asker):
        facts["tenant"] = tenant_of(asker)
    return facts


def health(subscription: Subscription) -> Health:
    """How the notifications of a subscription fare now."""
    status, state = forms.status_of(subscription.definition, clock.now()), subscription.state
    if status != "active":
        return Health("idle", N_("paused by its owner") if status == "paused" else N_("its time is over"))
    if state.get("bad", "") > state.get("ok", ""):
        if state.get("waiting"):
            return Health("bad", N_("the receiver does not answer"))
        return Health("warn", N_("the last one did not arrive"))
    return Health("ok", N_("they arrive")) if "ok" in state else Health("idle", N_("nothing to tell yet"))


def listing(asker: Asker, kind: str = KIND) -> list[Subscription]:
    """The subscriptions the asker may see, in the order they were made."""
    who = _passed(asker)
    found = (_of(document) for document in ports.plugged.things.documents(kind, who.tenant))
    return [item for item in found if _owns(who, item)]


def one(asker: Asker, id: str, kind: str = KIND) -> Subscription:
    """A subscription; NotFound also when it is somebody else's."""
    who = _passed(asker)
    documents = ports.plugged.things.documents(kind, who.tenant, [id])
    found = _of(documents[0]) if documents else None
    if found is None or not _owns(who, found):
        raise NotFound
    return found


def change(asker: Asker, id: str, fragment: Mapping[str, Any], context: Any = None, kind: str = KIND) -> None:
    """Put the members of a fragment in; what a paused or expired one missed stays missed when it is active again."""
    who = _passed(asker)
    known = one(asker, id, kind)
    definition = forms.patched(known.definition, {**fragment, "id": id})
    _check_context(fragment)
    now = clock.now()
    body = {
        "definition": definition,
        "context": known.context,
        "query_context": context if "q" in fragment else known.query_context,
        "owner": known.owner,
        "types": list(known.types),
        "created": known.created.isoformat(),
        "modified": now.isoformat(),
        "origin": dict(known.origin),
    }
    store = ports.plugged.things
    woken = forms.status_of(known.definition, now) != "active" and forms.status_of(definition, now) == "active"
    with audited(who, "things.subscription_changed", kind, id, _facts(who, definition)):
        if not store.put_document(who.tenant, kind, id, body, cursor=store.last_seq() if woken else None):
            raise NotFound


def drop(asker: Asker, id: str, kind: str = KIND) -> None:
    """Delete a subscription; NotFound."""
    who = _passed(asker)
    known = one(asker, id, kind)
    with audited(who, "things.unsubscribed", kind, id, _facts(who, known.definition)):
        if not ports.plugged.things.drop_document(who.tenant, kind, id):
            raise NotFound


def _of(document: Document) -> Subscription:
    body = document.body
    return Subscription(
        document.tenant,
        document.id,
        body["definition"],
        body["context"],
        body["query_context"],
        body["owner"],
        tuple(body["types"]),
        datetime.fromisoformat(body["created"]),
        datetime.fromisoformat(body["modified"]),
        document.cursor,
        document.state,
        body.get("origin", {}),
    )


# -- for the processes that notify and that spread subscriptions to other brokers


def everything(kind: str = KIND, tenant: str | None = None) -> list[Subscription]:
    """All subscriptions of all tenants, or of one."""
    return [_of(document) for document in ports.plugged.things.documents(kind, tenant)]


def known(tenant: str, id: str) -> Subscription | None:
    """A subscription, whoever it belongs to."""
    found = ports.plugged.things.documents(KIND, tenant, [id])
    return _of(found[0]) if found else None


def version() -> int:
    """A number that grows when any subscription is made, changed or deleted."""
    return ports.plugged.things.documents_version()


def mark() -> int:
    """The write of the log up to which every subscription without a cursor of its own has been dealt with."""
    return ports.plugged.things.mark(KIND)


def note(rows: Sequence[Progress], mark: int) -> None:
    """Remember how far notifications have come, in one transaction."""
    ports.plugged.things.note(KIND, rows, mark)
