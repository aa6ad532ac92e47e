"""The nouns of the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from thanglong.kit.ports import JSON, Actor


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """What an entry is about: a kind such as ``case``, ``unit``, ``account``, and the object's id as text."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be appended; see :func:`thanglong.core.ledger.service.append` for the fields."""

    actor: Actor
    verb: str
    ref: ObjectRef
    unit: UUID | None = None
    before: JSON = None
    after: JSON = None
    facts: Mapping[str, JSON] | None = None
    private: Mapping[str, str] | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    ``before`` and ``after`` are hex SHA-256 digests of the object's canonical state (empty: none); ``commitments`` the
    salted digests of personal values by name; ``facts`` the public, non-personal values.
    """

    id: int
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    role: str
    unit: UUID | None
    purpose: str
    verb: str
    object: ObjectRef
    before: str = ""
    after: str = ""
    facts: Mapping[str, JSON] = field(default_factory=dict)
    commitments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tree:
    """The tree of one year: its name in what is signed, the place of its first leaf among the leaves of all years."""

    year: int
    origin: str
    start: int


@dataclass(frozen=True, slots=True)
class Head:
    """A signed tree head: ``size`` leaves, ``root`` in hex, signed at ``at`` by the Ed25519 key ``key`` (hex).

    ``year`` is the tree's, ``origin`` its name.
    """

    year: int
    origin: str
    size: int
    root: str
    at: datetime
    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class Proof:
    """That ``entry`` is leaf ``index`` of its year under ``head``: ``path`` holds sibling hashes (hex), upwards."""

    entry: Entry
    leaf: str
    index: int
    path: tuple[str, ...]
    head: Head


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing found wrong: what kind, where (an entry id, leaf index or head size), and a sentence (English)."""

    kind: str
    where: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What :func:`check` found: counts, and every damage, the first one first."""

    entries: int
    leaves: int
    heads: int
    pending: int
    seconds: float
    damages: tuple[Damage, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.damages

    @property
    def fault(self) -> str | None:
        """The first damage as a sentence, None when all is well."""
        return self.damages[0].text if self.damages else None


@dataclass(frozen=True, slots=True)
class Line:
    """An entry told to a reader: a sentence, who in which capacity, which unit; no personal value in it."""

    id: int
    at: datetime
    text: str
    capacity: str
    unit: str
    verb: str
    object: ObjectRef


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries an export takes: those of a period (moments, ``until`` not included), or about one object."""

    since: datetime | None = None
    until: datetime | None = None
    ref: ObjectRef | None = None


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp (RFC 3161, DER) over the signed text of a head: proof by another that the head stood then."""

    year: int
    size: int
    at: datetime
    authority: str
    token: bytes
