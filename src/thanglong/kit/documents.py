"""Administrative documents kept beside the things: subscriptions and whatever else clients of the city database leave.

They lie in the things' own store, so a reader of the change log can move its cursor in the same place and on the same
clock as the log itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a tenant ("" is the city). ``number`` grows with each one made.

    ``cursor`` is the last write of the change log its owner has dealt with, None when it goes with the others
    (``Documents.mark``); ``state`` what its owner remembers of it, such as counters.
    """

    tenant: str
    kind: str
    id: str
    number: int
    body: Mapping[str, Any]
    cursor: int | None = None
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the owner of a document has come."""

    tenant: str
    id: str
    cursor: int | None
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An entity as the store holds it now: alive, or as it was when it was deleted. Times are microseconds since 1970.

    ``stamps``: attribute -> (made, last changed).
    """

    entity: Mapping[str, Any]
    alive: bool
    created: int
    modified: int
    stamps: Mapping[str, Sequence[int]]


class Documents(Protocol):
    """The part of a things store that keeps documents."""

    def put_document(
        self,
        tenant: str,
        kind: str,
        id: str,
        body: Mapping[str, Any],
        *,
        create: bool = False,
        cursor: int | None = None,
    ) -> bool:
        """Make a document (``create``) or exchange the body of one; False when it exists, or does not.

        A ``cursor`` of None leaves the cursor of an existing document as it is.
        """
        ...

    def documents(self, kind: str, tenant: str | None = None, ids: Sequence[str] = ()) -> list[Document]:
        """Documents in the order they were made; of all tenants when ``tenant`` is None."""
        ...

    def drop_document(self, tenant: str, kind: str, id: str) -> bool:
        """Delete a document; whether it was there."""
        ...

    def documents_version(self) -> int:
        """A number that grows with every document made, changed or deleted, by any process."""
        ...

    def note(self, kind: str, rows: Sequence[Progress], mark: int | None = None) -> None:
        """Note in one transaction how far documents of a kind have come, and where all others stand (``mark``).

        Unlike a change this does not let :meth:`documents_version` grow.
        """
        ...

    def mark(self, kind: str) -> int:
        """The write of the log up to which every document without a cursor of its own has been dealt with."""
        ...

    def snapshots(self, tenant: str, ids: Sequence[str]) -> dict[str, Snapshot]:
        """Entities by id, also deleted ones as they were last."""
        ...

    def step(self, tenant: str, entity: str, attribute: str, seq: int) -> tuple[Any, Any]:
        """An attribute before and after a write of the log; None where it was not there, or too long ago to know."""
        ...

    def moved_since(self, tenant: str, entity: str, seq: int) -> list[str]:
        """The attributes of an entity that were written after a write of the log."""
        ...

    def claim(self, name: str) -> bool:
        """Whether this process holds a role that only one process may have; kept until it closes the store or ends."""
        ...
