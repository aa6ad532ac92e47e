"""What the service takes and gives: cases, events, documents, filters and pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from thanglong.core.cases.types.definition import Action, CaseType, StateKind
from thanglong.core.cases.types.dossier import Check, Hold, Linked, Opinion, Return
from thanglong.kit.ports import Actor


@dataclass(frozen=True, slots=True)
class Place:
    """Where: degrees WGS 84 and/or an address in words."""

    lon: float | None = None
    lat: float | None = None
    address: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """The person behind a case: personal data, kept apart from the case and erased when no longer needed."""

    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = "vi"
    account: UUID | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """That somebody looked at the contact of a case, as its reporter reads it: role and unit, never the name."""

    at: datetime
    role: str
    unit: str
    purpose: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A case without its history. ``kind`` is its state's kind; ``due_at`` None means no deadline or a stopped clock.

    ``secret`` opens the case for its reporter; it is filled only in the answer of ``open_case``.
    ``level`` counts the escalation steps reached; ``rating`` is 1 to 5; times are aware UTC. ``paused`` is the reason
    for which the clock stands still by decision (empty: it does not), ``paused_until`` when it goes on by law;
    ``returned`` counts returns to the citizen, ``avoidable`` those with a fault that could have been named before.
    """

    id: UUID
    number: str
    type: str
    type_version: int
    state: str
    kind: StateKind
    unit: UUID
    assignee: UUID | None
    subject: str
    data: Mapping[str, Any]
    lon: float | None
    lat: float | None
    address: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    version: int
    state_since: datetime
    responded_at: datetime | None = None
    level: int = 0
    reopened: int = 0
    rating: int | None = None
    assignee_label: str = ""
    ledger_entry: int | None = None
    secret: str = ""
    paused: str = ""
    paused_until: datetime | None = None
    returned: int = 0
    avoidable: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a case's story. ``text`` is a message id to be filled with ``params``; ``seq`` orders all changes.

    ``body`` is a message's or note's free text; ``data`` holds the entries of an action; ``documents`` their ids.
    """

    seq: int
    case_id: UUID
    verb: str
    action: str
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    actor_label: str
    unit: UUID | None
    text: str
    params: Mapping[str, Any]
    public: bool
    from_state: str
    to_state: str
    data: Mapping[str, Any]
    documents: Sequence[UUID]
    ledger_entry: int | None
    body: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a case: ``digest`` is the SHA-256 of the original's bytes, shown on both sides.

    ``view`` and ``thumb`` are digests of the published copy (turned upright, without camera data) and the preview of an
    image, empty until they are made. ``kind`` is the role in the case (``photo``, ``proof``, …).
    """

    id: UUID
    case_id: UUID | None
    kind: str
    name: str
    media_type: str
    size: int
    digest: str
    view: str
    thumb: str
    public: bool
    at: datetime
    erased_at: datetime | None = None

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")


@dataclass(frozen=True, slots=True)
class ClockSegment:
    """A stretch in which a case's clock ran or stood still; ``remaining`` seconds were left at its end.

    ``reason`` is why it stood still: a pause's reason or a state's key; ``basis`` the law, ``note`` what was said.
    """

    running: bool
    started_at: datetime
    ended_at: datetime | None
    reason: str
    remaining: int | None
    basis: str = ""
    note: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """A case as one actor sees it: ``actions`` are those open to them now.

    ``contact`` is for those who handle it and those who said why they need it; ``contact_shut`` says that saying why
    would open it.

    ``blocked`` says, by the action's key, what keeps an action from being taken. A ``guest`` is of a unit that was
    asked for its opinion: they see the case and their own opinions, and nothing of the person behind it.
    """

    case: Case
    type: CaseType
    events: Sequence[Event]
    documents: Sequence[Document]
    actions: Sequence[Action]
    contact: Contact | None
    clock: Sequence[ClockSegment] = ()
    can_assign: bool = False
    can_transfer: bool = False
    can_message: bool = False
    followers: int = 0
    blocked: Mapping[str, Sequence[str]] = field(default_factory=dict)
    opinions: Sequence[Opinion] = ()
    returns: Sequence[Return] = ()
    checklist: Sequence[Check] = ()
    links: Sequence[Linked] = ()
    holds: Sequence[Hold] = ()
    guest: bool = False
    contact_shut: bool = False


@dataclass(frozen=True, slots=True)
class PublicCase:
    """What everyone may see: public properties, public events (no names of persons), published images."""

    case: Case
    type: CaseType
    events: Sequence[Event]
    documents: Sequence[Document]
    followers: int
    actions: Sequence[Action] = ()
    mine: bool = False
    returns: Sequence[Return] = ()
    opinions: Sequence[Opinion] = ()


Bucket = Literal["late", "today", "soon", "waiting", "new", "mine", "closed"]
BUCKETS: tuple[Bucket, ...] = ("late", "today", "soon", "waiting")


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What of the queue to show; empty means everything open that the asker may see.

    ``bucket`` late, today (due by the end of the day), soon (later), waiting (clock of somebody else), new (nobody has
    taken it), mine, closed. ``after`` is the cursor of the page before.
    """

    bucket: Bucket | None = None
    type: str = ""
    unit: UUID | None = None
    assignee: UUID | None = None
    text: str = ""
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Counts of open cases in the asker's reach by bucket, type and unit."""

    buckets: Mapping[str, int]
    types: Mapping[str, int]
    units: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class QueuePage:
    items: Sequence[Case]
    next: str | None
    counts: QueueCounts
    now: datetime


@dataclass(frozen=True, slots=True)
class CaseChange:
    """One row of the change log of cases, for live pages, measures and exports."""

    seq: int
    case_id: UUID
    number: str
    type: str
    unit: UUID
    state: str
    kind: StateKind
    verb: str
    lon: float | None
    lat: float | None
    at: datetime


@dataclass(frozen=True, slots=True)
class StepContext:
    """What a type's own code hears inside the transaction of a step (``before`` is None when the case was opened).

    ``action`` is empty for the opening and ``transfer`` when the case went to another unit.
    """

    actor: Actor
    action: str
    before: Case | None
    case: Case
    data: Mapping[str, Any]
    documents: Sequence[Document]
    at: datetime


@dataclass(frozen=True, slots=True)
class BulkDocument:
    """A file of a generated case whose bytes (and copies) are already in the blob store."""

    id: UUID
    kind: str
    name: str
    media_type: str
    size: int
    digest: str
    view: str
    thumb: str
    at: datetime
    public: bool = True


@dataclass(frozen=True, slots=True)
class BulkStep:
    """A step of a generated history: ``action`` of the type's definition at ``at``; ``unit`` for a transfer."""

    at: datetime
    action: str
    actor: Actor
    data: Mapping[str, Any] = field(default_factory=dict)
    documents: Sequence[BulkDocument] = ()
    unit: UUID | None = None


@dataclass(frozen=True, slots=True)
class BulkCase:
    """A generated case with its history, for ``bulk_load``. ``id`` may be seeded so that a rebuild gives the same."""

    type: str
    unit: UUID
    subject: str
    data: Mapping[str, Any]
    opened_at: datetime
    actor: Actor
    id: UUID | None = None
    place: Place | None = None
    contact: Contact | None = None
    documents: Sequence[BulkDocument] = ()
    steps: Sequence[BulkStep] = ()
    assignee: UUID | None = None
    key: str | None = None
