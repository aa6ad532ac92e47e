"""Ports: what the core needs from outside, as protocols. Adapters live in ``stores/``; ``site.compose`` plugs them in.

Also the vocabulary of permission (:class:`Actor`, :class:`Reach`), because modules below ``people`` ask for it too.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, TypeVar, cast
from uuid import UUID

from thanglong.kit.query import AllOf, AnyOf, Area, Condition, Linked, Order, Term, ThingQuery
from thanglong.kit.stamping import Stamper
from thanglong.kit.things import Change, DayFile, Sample, ThingsStore, WriteMode, Written

__all__ = [
    "ANONYMOUS",
    "JSON",
    "SYSTEM",
    "Access",
    "Actor",
    "ActorKind",
    "AllOf",
    "AnyOf",
    "Area",
    "Blob",
    "BlobStore",
    "Change",
    "Condition",
    "DayFile",
    "JobQueue",
    "Linked",
    "Order",
    "Outgoing",
    "Ports",
    "Reach",
    "Rows",
    "Sample",
    "Sender",
    "Stamper",
    "Term",
    "ThingQuery",
    "ThingsStore",
    "WriteMode",
    "Written",
    "lazy",
    "plug",
    "plugged",
    "reach",
    "require",
]

ActorKind = Literal["person", "client", "citizen", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an official, an API client, a citizen (perhaps without account) or the platform itself.

    ``id`` is the account's or client's id (None for an anonymous citizen and for the system); ``label`` the name shown
    in timelines and kept in the ledger only as a salted commitment for citizens; ``unit`` and ``role`` say in which
    capacity an official acts; ``scopes`` limits an API client, as do ``types`` (of things; empty: all); ``purpose`` is
    stated when personal records are read.
    """

    kind: ActorKind
    id: UUID | None = None
    label: str = ""
    unit: UUID | None = None
    role: str = ""
    scopes: frozenset[str] | None = None
    purpose: str = ""
    types: frozenset[str] = frozenset()


SYSTEM = Actor("system", label="Thăng Long")
ANONYMOUS = Actor("citizen", label="")


@dataclass(frozen=True, slots=True)
class Reach:
    """The units in which an actor may do one action on one day: everywhere, or a set of unit ids (with subtrees)."""

    everywhere: bool
    units: frozenset[UUID] = field(default_factory=frozenset)

    def __contains__(self, unit: UUID | None) -> bool:
        return self.everywhere or (unit is not None and unit in self.units)

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.units)


class Access(Protocol):
    """The one decision function, kept by ``core.people``."""

    def require(self, actor: Actor, action: str, unit: UUID | None = None, *, on: date | None = None) -> None:
        """Return when ``actor`` may do ``action`` in ``unit`` as of ``on`` (today); else Denied or NotSignedIn."""
        ...

    def allowed(self, actor: Actor, action: str, unit: UUID | None = None, *, on: date | None = None) -> bool: ...

    def reach(self, actor: Actor, action: str, *, on: date | None = None) -> Reach:
        """Where ``actor`` may do ``action``; used to filter lists."""
        ...


class JobQueue(Protocol):
    """Work to be done after the surrounding transaction commits, at least once."""

    def put(
        self, task: str, arguments: Mapping[str, Any], *, key: str | None = None, run_at: datetime | None = None
    ) -> None:
        """Queue ``task`` (a name given to ``bus.task``) with JSON arguments, in the caller's transaction.

        A ``key`` that is already waiting makes this call a no-op.
        """
        ...


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored file: hex SHA-256 of its bytes, and its size in bytes."""

    digest: str
    size: int


class BlobStore(Protocol):
    """Content-addressed files: the name is the SHA-256 of the bytes; a write is durable when it returns."""

    def put(self, content: bytes | BinaryIO) -> Blob: ...

    def open(self, digest: str) -> BinaryIO:
        """A readable file; NotFound when absent."""
        ...

    def has(self, digest: str) -> bool: ...

    def delete(self, digest: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to a person outside: channel email or sms, address, subject (e-mail only), plain text."""

    channel: Literal["email", "sms"]
    to: str
    subject: str
    text: str


class Sender(Protocol):
    def send(self, message: Outgoing) -> None:
        """Hand over to the provider; raises Unavailable when it should be tried again."""
        ...


@dataclass(slots=True)
class Ports:
    """The plugs of this process; ``site.compose`` fills them, tests replace them."""

    access: Access
    jobs: JobQueue
    blobs: BlobStore
    things: ThingsStore
    sender: Sender
    data: Path
    stamper: Stamper | None = None


P = TypeVar("P")


class _Slot:
    """Stands in for an unplugged port and says so when used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        raise RuntimeError(f"port {self._name!r} is not plugged in; call thanglong.site.compose first")


class _Lazy:
    """A port made at its first use, so that a short command opens no store it does not need."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: Any = None

    def __getattr__(self, attribute: str) -> Any:
        if self._made is None:
            self._made = self._make()
        return getattr(self._made, attribute)


def lazy(make: Callable[[], P]) -> P:
    """An adapter that is made by ``make`` when it is first used."""
    return cast(P, _Lazy(make))


plugged = Ports(
    access=cast(Access, _Slot("access")),
    jobs=cast(JobQueue, _Slot("jobs")),
    blobs=cast(BlobStore, _Slot("blobs")),
    things=cast(ThingsStore, _Slot("things")),
    sender=cast(Sender, _Slot("sender")),
    data=Path(),
)


def plug(**adapters: Any) -> None:
    """Set ports by name (composition root and tests)."""
    for name, adapter in adapters.items():
        if name not in Ports.__dataclass_fields__:
            raise ValueError(f"there is no port {name!r}")
        setattr(plugged, name, adapter)


def require(actor: Actor, action: str, unit: UUID | None = None, *, on: date | None = None) -> None:
    """Shorthand for ``plugged.access.require``."""
    plugged.access.require(actor, action, unit, on=on)


def reach(actor: Actor, action: str, *, on: date | None = None) -> Reach:
    """Shorthand for ``plugged.access.reach``."""
    return plugged.access.reach(actor, action, on=on)


JSON = Any
Rows = Iterable[Mapping[str, Any]]
