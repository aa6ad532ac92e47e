"""The @context documents of clients: hosted here, fetched and kept, or made for those sent in a body.

A document is compiled once and remembered by this process. Fetched ones are kept in the things store as long as their
Cache-Control says, at least a minute; when their source does not answer any more the kept one is used on. What could
not be fetched is not remembered. Nothing is fetched at start-up.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson

from thanglong.core.things import service as things
from thanglong.core.things.service.auditing import audited
from thanglong.core.things.service.fetching import LEAST, MOST, download, mapped, member
from thanglong.core.things.service.tenancy import tenant_of
from thanglong.core.things.types import Asker, ContextNotAvailable, KeptContext
from thanglong.formats.jsonld import ContextError, compiled, core
from thanglong.formats.ngsild.vocabulary import CORE, Vocabulary
from thanglong.kit import clock, ids, ports
from thanglong.kit.documents import Document, Progress
from thanglong.kit.errors import N_, Invalid, NotFound

KIND = "context"
HOSTED, CACHED, IMPLICIT = "Hosted", "Cached", "ImplicitlyCreated"
PATH = "/ngsi-ld/v1/jsonldContexts/"
FRESH = 60.0
"""Seconds a compiled vocabulary is used before the store is asked again: other processes may have changed it."""
MOST_COMPILED = 500
NOTE_EVERY = 50
CORE_DOCUMENT = core.document()["@context"]
STARTED = clock.now()


class _Known:
    """What this process remembers: compiled vocabularies, and uses not yet noted."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.compiled: OrderedDict[bytes, tuple[float, Vocabulary, tuple[str, ...]]] = OrderedDict()
        self.uses: dict[str, tuple[int, datetime]] = {}
        self.fetching: dict[str, threading.Lock] = {}

    def forget(self) -> None:
        with self.lock:
            self.compiled.clear()


_known = _Known()


def forget() -> None:
    """Drop what is remembered (a context was deleted or loaded anew; another store was plugged in)."""
    _known.forget()


def ready(value: Any) -> Vocabulary | None:
    """The vocabulary of a @context value if this process has it at hand, without any waiting."""
    if not _own(value):
        return CORE
    with _known.lock:
        found = _known.compiled.get(_key(value))
    if found is None or found[0] <= clock.monotonic():
        return None
    _used(found[2])
    return found[1]


def vocabulary(value: Any, *, fetch: bool = True) -> Vocabulary:
    """The vocabulary of a @context value: a URL, an object, a list of these, or None for the core context.

    Blocks while a document is fetched (``fetch`` False: only those already kept). ContextNotAvailable when one cannot
    be had, Invalid when one is wrong.
    """
    found = ready(value)
    if found is not None:
        return found
    own, reading = _own(value), _Reading(fetch)
    try:
        context = compiled([*own, CORE_DOCUMENT], reading.load)
    except ContextError as error:
        raise Invalid(N_("The @context cannot be used: %(reason)s"), reason=str(error)) from error
    if any(term.context is not None for term in context.terms.values()):
        raise Invalid(N_("The @context must not have scoped contexts."))
    # who names a document that already ends in the core context, or names it himself, reads just that again
    given = value if reading.core or len(own) != len(_parts(value)) else [*own, CORE.given]
    one = own[0] if len(own) == 1 and isinstance(own[0], str) else ""
    found = Vocabulary(context, given, one)
    used = tuple(dict.fromkeys(reading.ids))
    with _known.lock:
        _known.compiled[_key(value)] = clock.monotonic() + FRESH, found, used
        while len(_known.compiled) > MOST_COMPILED:
            _known.compiled.popitem(last=False)
    _used(used)
    _note(used)
    return found


class _Reading:
    """The documents that are read while one @context is compiled."""

    def __init__(self, fetch: bool) -> None:
        self._fetch = fetch
        self.ids: list[str] = []
        self.core = False

    def load(self, url: str) -> Any:
        """The document at an address."""
        if url in core.VERSIONS:
            self.core = True
            return {"@context": CORE_DOCUMENT}
        return {"@context": _content(url, self._fetch, self.ids)}


def _parts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _own(value: Any) -> list[Any]:
    """The parts of a @context that are not the core context, which always comes last and wins."""
    return [part for part in _parts(value) if not (isinstance(part, str) and part in core.VERSIONS)]


def _key(value: Any) -> bytes:
    text = value.encode("utf-8", "replace") if isinstance(value, str) else orjson.dumps(value)
    return hashlib.blake2b(text, digest_size=16).digest()


def _content(url: str, fetch: bool, used: list[str]) -> Any:
    """The @context member of a document by its address; the id it is kept under is added to ``used``."""
    document = mapped(url)
    if document is not None:
        used.append(local_id(url))
        return _keep_mapped(url, document)
    kept = _kept_by_url(url)
    if kept is not None and (kept.kind != CACHED or kept.expires is None or kept.expires > clock.now()):
        used.append(kept.id)
        return kept.content["@context"]
    if not fetch:
        if kept is not None:
            used.append(kept.id)
            return kept.content["@context"]
        raise ContextNotAvailable(N_("Only who signs in may bring a new @context: %(url)s"), url=url)
    used.append(kept.id if kept is not None else local_id(url))
    with _known.lock:
        lock = _known.fetching.setdefault(url, threading.Lock())
    with lock:
        again = _kept_by_url(url)
        if again is not None and again.expires is not None and again.expires > clock.now():
            return again.content["@context"]
        return _fetch(url, again)


def _keep_mapped(url: str, document: Any) -> Any:
    """Keep a document of the map as one that was fetched, so that clients see it in the list; what the file says."""
    content = {"@context": member(document, url)}
    kept = _kept(local_id(url))
    if kept is None or kept.content != content:
        _put(local_id(url), _cached(url, content, MOST))
    return content["@context"]


def _fetch(url: str, kept: KeptContext | None) -> Any:
    try:
        document, lives = download(url)
    except ContextNotAvailable:
        if kept is not None:
            return kept.content["@context"]
        raise
    content = {"@context": member(document, url)}
    _put(kept.id if kept else local_id(url), _cached(url, content, lives))
    return content["@context"]


def _cached(url: str, content: Mapping[str, Any], lives: timedelta) -> dict[str, Any]:
    now = clock.now()
    times = {"created": now.isoformat(), "expires": (now + max(lives, LEAST)).isoformat()}
    return {"url": url, "kind": CACHED, "content": content, **times}


# -- what is kept in the store


def local_id(url: str) -> str:
    """The id under which a fetched or implicit context is kept."""
    return hashlib.blake2b(url.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _of(document: Document) -> KeptContext:
    body, state = document.body, document.state
    uses, last = _known.uses.get(document.id, (0, None))
    seen = datetime.fromisoformat(state["used"]) if state.get("used") else None
    return KeptContext(
        document.id, body["url"], body["kind"], body["content"], datetime.fromisoformat(body["created"]),
        last or seen, int(state.get("hits", 0)) + uses,
        datetime.fromisoformat(body["expires"]) if body.get("expires") else None,
    )  # fmt: skip


def _kept(id: str, tenant: str | None = None) -> KeptContext | None:
    """A context of the city or of a tenant (None: of whomever); fetched ones are everyone's."""
    for document in ports.plugged.things.documents(KIND, None, [id]):
        if tenant is None or document.tenant == tenant or document.body["kind"] == CACHED:
            return _of(document)
    return None


def _kept_by_url(url: str) -> KeptContext | None:
    hosted = urlsplit(url).path.partition(PATH)[2]
    if hosted and (found := _kept(hosted)) is not None and found.kind != CACHED:
        return found
    return _kept(local_id(url))


def _put(id: str, body: Mapping[str, Any], tenant: str = "") -> None:
    things = ports.plugged.things
    if not things.put_document(tenant, KIND, id, body, create=True):
        things.put_document(tenant, KIND, id, body)


def _used(ids: Iterable[str]) -> None:
    """Count a use of documents, in memory."""
    if not ids:
        return
    now = clock.now()
    with _known.lock:
        for id in ids:
            _known.uses[id] = _known.uses.get(id, (0, now))[0] + 1, now


def _note(ids: Iterable[str]) -> None:
    """Write down the uses of documents that were counted."""
    for id in ids:
        with _known.lock:
            uses, last = _known.uses.get(id, (0, None))
        if uses < NOTE_EVERY or last is None:
            continue
        for document in ports.plugged.things.documents(KIND, None, [id]):
            state = {"hits": int(document.state.get("hits", 0)) + uses, "used": last.isoformat()}
            ports.plugged.things.note(KIND, [Progress(document.tenant, id, None, state)])
        with _known.lock:
            _known.uses.pop(id, None)


def kept(kind: str = "", tenant: str = "") -> Sequence[KeptContext]:
    """The contexts kept here, oldest first; of one kind. Of hosted ones only a tenant's own."""
    documents = ports.plugged.things.documents(KIND)
    found = [_of(one) for one in documents if one.tenant == tenant or one.body["kind"] == CACHED]
    return [item for item in found if not kind or item.kind == kind]


def one(id: str, tenant: str = "") -> KeptContext:
    """A context by its id or, for a fetched one, its address; NotFound. The core contexts are always there."""
    found = _kept(id, tenant) or _kept(local_id(id), tenant) or _built_in().get(id)
    if found is None:
        raise NotFound
    return found


@lru_cache(maxsize=1)
def _built_in() -> Mapping[str, KeptContext]:
    """The core contexts by their addresses and ids."""
    found: dict[str, KeptContext] = {}
    for url in core.VERSIONS:
        one = KeptContext(local_id(url), url, CACHED, {"@context": CORE_DOCUMENT}, STARTED, None, 0)
        found |= {url: one, one.id: one}
    return found


def served(id: str, tenant: str = "") -> KeptContext:
    """Like :func:`one`; being read counts as a use, from the next reader on."""
    found = one(id, tenant)
    _used([found.id])
    return found


def host(asker: Asker, content: Mapping[str, Any]) -> str:
    """Keep a document for clients to refer to; its id. Invalid when it is no @context or cannot be processed."""
    things.require_write(asker)
    if "@context" not in content:
        raise Invalid(N_("Send a JSON object with the member @context."))
    vocabulary(content["@context"])
    id = str(ids.new_id())
    body = {"url": "", "kind": HOSTED, "content": {"@context": content["@context"]}, "created": clock.now().isoformat()}
    tenant = tenant_of(asker)
    with audited(asker, "things.context_hosted", KIND, id, {"tenant": tenant} if tenant else {}):
        _put(id, body, tenant)
    return id


def implicit(value: Any) -> str:
    """The id of a hosted copy of a @context that came in a body, so that answers can link to it."""
    id = implicit_id(value)
    if _kept(id) is None:
        content = {"@context": value}
        _put(id, {"url": "", "kind": IMPLICIT, "content": content, "created": clock.now().isoformat()})
    return id


def implicit_id(value: Any) -> str:
    """The id a copy of this @context has."""
    return hashlib.blake2b(orjson.dumps(value), digest_size=12).hexdigest()


def drop(asker: Asker, id: str) -> None:
    """Forget a context; NotFound, Invalid for a core context."""
    things.require_write(asker)
    found = one(id, tenant_of(asker))
    if found.url in core.VERSIONS:
        raise Invalid(N_("The core @context cannot be deleted."))
    store = ports.plugged.things
    with audited(asker, "things.context_deleted", KIND, found.id, _facts(found)):
        for document in store.documents(KIND, None, [found.id]):
            store.drop_document(document.tenant, KIND, found.id)
    with _known.lock:
        _known.uses.pop(found.id, None)
    forget()


def reload(asker: Asker, id: str) -> None:
    """Fetch a cached context anew; Invalid when there is none of this name that was fetched, ContextNotAvailable.

    The core contexts are built in and stay as they are.
    """
    things.require_write(asker)
    try:
        found = one(id, tenant_of(asker))
    except NotFound:
        found = None
    if found is None or found.kind != CACHED:
        raise Invalid(N_("Only a @context fetched from elsewhere can be loaded anew."))
    if found.url in core.VERSIONS:
        return
    try:
        document, lives = download(found.url)
        content = {"@context": member(document, found.url)}
    except Invalid as error:
        raise ContextNotAvailable(N_("The @context at %(url)s cannot be fetched."), url=found.url) from error
    with audited(asker, "things.context_reloaded", KIND, found.id, _facts(found)):
        _put(found.id, _cached(found.url, content, lives))
    forget()


def _facts(context: KeptContext) -> dict[str, Any]:
    """What the ledger shows of a context: its host and path, without password and query."""
    parts = urlsplit(context.url)
    where = f"{parts.scheme}://{parts.hostname}{parts.path}" if parts.hostname else ""
    return {"kind": context.kind, **({"from": where} if where else {})}
