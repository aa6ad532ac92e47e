"""The port of the city database: what a things store does, and the shapes it speaks in."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from thanglong.kit.documents import Documents
from thanglong.kit.past import PastStore
from thanglong.kit.query import ThingQuery


@dataclass(frozen=True, slots=True)
class Change:
    """One write of one entity in the things' change log.

    ``kind`` is created, updated or deleted; ``attributes`` the attributes written, in normalised form (a deleted one is
    None), or None when the whole entity was deleted. ``seq`` grows by one with every write of the installation.
    """

    seq: int
    at: datetime
    entity: str
    type: str
    attributes: Mapping[str, Any] | None
    kind: Literal["created", "updated", "deleted"] = "updated"
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one entity of a batch.

    ``refused`` is None, or why nothing was written: ``exists`` (mode create), ``missing`` (append, add, update);
    ``skipped`` names the attributes left alone: those that exist (mode add) or do not (mode update).
    """

    refused: str | None = None
    created: bool = False
    skipped: tuple[str, ...] = ()


WriteMode = Literal["create", "upsert", "replace", "append", "add", "update", "merge", "patch"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One past value: when it was written, when it was observed (or None), and the whole attribute instance.

    ``instance`` is None where the attribute was deleted.
    """

    at: datetime
    observed: datetime | None
    instance: Mapping[str, Any] | None

    @property
    def moment(self) -> datetime:
        """When the value held: observed if known, else written."""
        return self.observed or self.at


@dataclass(frozen=True, slots=True)
class DayFile:
    """A closed day of the things' history: the file that holds the writes ``first`` to ``last`` of the log.

    ``sha256`` is of the file, ``content`` of its rows in any order; times are microseconds since 1970; ``entry`` the
    ledger entry that knows the digests. ``dropped``: the file's time was over.
    """

    day: str
    first: int
    last: int
    name: str
    sha256: str
    size: int
    rows: int
    content: str
    first_at: int
    last_at: int
    first_moment: int
    last_moment: int
    entry: int = 0
    dropped: bool = False


class ThingsStore(Documents, PastStore, Protocol):
    """The city database's store: current state, history and change log move in one transaction.

    Entities are NGSI-LD normalised dictionaries (``raw`` and ``find``: as JSON text): ``id``, ``type`` (a string
    or a list), attributes (an instance, or a list of instances told apart by ``datasetId``). A write is durable when it
    returns.
    """

    def of(self, tenant: str) -> "ThingsStore":
        """The same store as another tenant sees it ("" is the city itself): cheap, for each request anew."""
        ...

    def tenants(self) -> list[str]:
        """The tenants there are besides the city."""
        ...

    def has_tenant(self, name: str) -> bool: ...

    def open_tenant(self, name: str, *, at: datetime) -> None:
        """Make a tenant; nothing happens when it is there."""
        ...

    def write(self, entities: Sequence[Mapping[str, Any]], *, mode: WriteMode, at: datetime) -> list[Written]:
        """Write entities one by one, in order; what became of each.

        create: must not exist. upsert: make it, or write the given attributes. replace: make it, or exchange all its
        attributes. append: must exist; write the attributes. add: must exist; only attributes it lacks. update: must
        exist; only attributes it has. merge: must exist; what is given goes into the attributes' instances, however
        deep. patch: must exist; the members given are exchanged in the instances there are. An attribute (with merge
        and patch, also a member) given as None or as ``urn:ngsi-ld:null`` is deleted. Instances are told apart by
        ``datasetId``; those not given stay, except with replace. Types are added, never taken away, except with
        replace. ``scope`` is exchanged, with add joined; ``expiresAt`` is when the entity will be gone.
        """
        ...

    def write_soon(
        self, entities: Sequence[Mapping[str, Any]], *, mode: WriteMode, at: datetime
    ) -> "Future[list[Written]]":
        """Like :meth:`write` for at most 1,000 entities, without waiting for the disk."""
        ...

    def delete(self, ids: Sequence[str], *, at: datetime) -> list[bool]:
        """Delete entities; per id whether it was there. Their history stays."""
        ...

    quick: bool
    """Whether reading one entity is quick enough to do in an event loop (no network between)."""

    def get(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]: ...

    def raw(self, ids: Sequence[str]) -> dict[str, bytes]: ...

    def stamps(self, ids: Sequence[str]) -> dict[str, dict[str, tuple[datetime, datetime]]]:
        """Per entity and attribute (empty name: the entity itself) when it was made and last changed."""
        ...

    def ended(self, at: datetime, most: int) -> list[str]:
        """Ids of entities whose ``expiresAt`` is at or before a moment."""
        ...

    def query(self, query: ThingQuery) -> list[dict[str, Any]]: ...

    def find(self, query: ThingQuery) -> list[bytes]: ...

    def count(self, query: ThingQuery) -> int: ...

    def matcher(self, query: ThingQuery) -> Callable[..., bool]:
        """A function that says whether an entity in the platform's form holds all criteria of a query.

        As a second argument it takes a dictionary, which several of them share when they judge one entity.
        """
        ...

    def types(self) -> dict[str, int]:
        """Each type and how many entities have it."""
        ...

    def attributes(self, type: str) -> list[str]:
        """Names of the attributes entities of a type have, sorted."""
        ...

    def attribute_count(self, attribute: str, types: Sequence[str]) -> int:
        """How many instances of an attribute the entities of some types have."""
        ...

    def attribute_kinds(self, attribute: str, type: str) -> list[str]:
        """The kinds (Property, Relationship …) of an attribute of a type, as a sample of its entities shows."""
        ...

    def history(
        self,
        entity: str,
        attribute: str,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 10_000,
        *,
        newest: bool = False,
        written: bool = False,
    ) -> list[Sample]:
        """Past values with ``since <= moment < until``, oldest first; ``newest`` keeps the last ``limit`` of them.

        The moment is when the value was observed or else written; with ``written`` always when it was written.
        """
        ...

    def changes(
        self, after: int, limit: int = 1000, types: Sequence[str] = (), *, everyone: bool = False
    ) -> list[Change]:
        """The log past ``after``, at most ``limit`` writes: this tenant's, or ``everyone``'s."""
        ...

    def last_seq(self) -> int: ...

    def steps(
        self, after: int, upto: int, types: Sequence[str], attributes: Sequence[str], limit: int
    ) -> list[tuple[int, str, str, str, str | None]]:
        """What some attributes became in the writes (after, upto]: ``(at, entity, type, attribute, JSON text)``.

        ``at`` is in microseconds since 1970; a text None: the attribute went.
        Much cheaper than :meth:`changes` where few attributes of many are wanted.
        """
        ...

    def seq_before(self, moment: datetime) -> int:
        """The number of the last write before a moment (0: none)."""
        ...

    def oldest(self) -> tuple[int, datetime] | None:
        """The oldest write that is not in a day file: its number, and when; None when there is none."""
        ...

    def days(self) -> list[DayFile]:
        """The closed days, oldest first."""
        ...

    def export_day(self, day: str, first: int, last: int) -> DayFile:
        """Write a file with the writes ``first`` to ``last``; on disk and checked, but not yet what readers read."""
        ...

    def enter_day(self, file: DayFile) -> bool:
        """From now on these writes are read from the file; False when another process was quicker."""
        ...

    def trim(self, most: int = 2000) -> int:
        """Delete up to ``most`` writes that are in a day file from the store; how many rows went (0: none are left)."""
        ...

    def drop_day(self, day: str) -> None:
        """Forget a closed day and delete its file."""
        ...

    def check_day(self, file: DayFile, *, content: bool = False) -> str | None:
        """None when the file is there, whole and unchanged (``content``: row by row), else what is wrong."""
        ...

    def wait(self, after: int, timeout: float) -> int:
        """Block until the log is past ``after`` or ``timeout`` seconds went by; the last sequence then."""
        ...

    def digest(self) -> str:
        """Hex SHA-256 over the whole current state in id order: equal states on any store give equal digests."""
        ...

    def check(self) -> str | None:
        """None when the store answers, else the reason."""
        ...

    def close(self) -> None: ...
