"""The nouns of citizens' reports. No Django."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

CASE_TYPE = "requests.report"
PREFIX = "PA"
MAX_PHOTOS = 8
MAX_PHOTO_BYTES = 20 << 20
MAX_TEXT = 4000
REOPEN_DAYS = 14
CODE_MINUTES = 10


class State(StrEnum):
    """Where a report stands. The values are stored and stay as they are."""

    NEW = "moi"
    ACCEPTED = "da_nhan"
    WORKING = "dang_xu_ly"
    WAITING = "cho_nguoi_bao"
    RESOLVED = "da_xu_ly"
    CONFIRMED = "da_dong"
    REFUSED = "tu_choi"


OPEN_STATES = (State.NEW, State.ACCEPTED, State.WORKING, State.WAITING)
DONE_STATES = (State.RESOLVED, State.CONFIRMED)


class Family(StrEnum):
    """Eight families under which people look for what they want to report."""

    LIGHT = "light"
    GREEN = "green"
    WASTE = "waste"
    WATER = "water"
    ROAD = "road"
    TRAFFIC = "traffic"
    BUILDING = "building"
    LIVING = "living"


class Proof(StrEnum):
    """What must be shown before a report of the category may be called done."""

    PHOTO = "photo"
    DOCUMENT = "document"
    PHOTO_OR_DOCUMENT = "photo_or_document"


DataType = Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
Calendar = Literal["work", "always"]


@dataclass(frozen=True, slots=True)
class Question:
    """A category's own question, an attribute of Open311's service definition. Texts are message ids.

    ``variable`` False: only a text to read, nothing is answered.
    """

    code: str
    text: str
    datatype: DataType = "string"
    required: bool = False
    help: str = ""
    values: tuple[tuple[str, str], ...] = ()
    variable: bool = True


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of matter one can report.

    ``owner`` is ``ward`` or the code of an office; ``hours`` the time to put it right on the calendar ``calendar``
    (``work``: working hours; ``always``: round the clock); ``urgent_hours`` the same when the words say danger;
    ``radius`` (metres) and ``days`` say how near and how fresh another report must be to be the same;
    ``words`` are the phrases it is guessed from; ``assets`` the types of things it may be about;
    ``coarse``: the public map shows only a 100 m square (neighbours could be recognised).
    """

    key: str
    family: Family
    title: str
    description: str
    icon: str
    owner: str
    hours: int
    words: tuple[str, ...]
    calendar: Calendar = "work"
    urgent_hours: int = 4
    radius: float = 50.0
    days: int = 14
    proof: Proof = Proof.PHOTO
    questions: tuple[Question, ...] = ()
    assets: tuple[str, ...] = ()
    coarse: bool = False


@dataclass(frozen=True, slots=True)
class Guess:
    """A category a text may mean: how sure (0 to 1) and the reporter's own words it came from."""

    category: str
    confidence: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stopper:
    """Words that mean: do not write, call. ``number`` to call, ``text`` a message id, ``word`` what was read."""

    number: str
    text: str
    word: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood from a text."""

    guesses: tuple[Guess, ...]
    urgent: tuple[str, ...]
    stopper: Stopper | None


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What the routing model may look at."""

    category: str
    unit: UUID | None
    unit_kind: str
    owner_unit: UUID | None
    hour: int
    urgent: bool


@dataclass(frozen=True, slots=True)
class Route:
    """Who gets a report and by which rule of the routing model."""

    unit: UUID
    rule: str


@dataclass(frozen=True, slots=True)
class PhotoIn:
    """A photo made fit for keeping: WebP without metadata, a small copy, its hash, and where it says it was taken."""

    content: bytes
    thumb: bytes
    width: int
    height: int
    hash: int
    lon: float | None
    lat: float | None
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class Photo:
    """A kept photo. ``kind`` is ``before`` (reporter), ``proof`` (officer) or ``again`` (objection)."""

    id: UUID
    kind: str
    digest: str
    thumb: str
    width: int
    height: int
    hash: int
    at: datetime
    hidden: bool = False
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class NewReport:
    """What a reporter hands in. ``photos`` are ids given by ``service.add_photo``; ``contact`` an e-mail or phone."""

    text: str
    category: str
    lon: float | None
    lat: float | None
    address: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    photos: Sequence[UUID] = ()
    contact: str = ""
    name: str = ""
    hide_name: bool = True
    thing: str = ""
    channel: str = "web"
    media_url: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A report as the public may see it, plus what only its module needs (``text`` is already masked)."""

    case: UUID
    number: str
    category: str
    family: str
    state: State
    unit: UUID
    subject: str
    text: str
    address: str
    lon: float | None
    lat: float | None
    coarse: bool
    urgent: bool
    opened_at: datetime
    first_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    due_at: datetime | None
    updated_at: datetime
    followers: int
    transfers: int
    reopened: int
    satisfaction: int | None
    thing: str
    rule: str
    note: str
    photos: tuple[Photo, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state in OPEN_STATES


@dataclass(frozen=True, slots=True)
class Sent:
    """The answer to a new report. ``secret`` opens the reporter's own page; ``again``: the key had been used before."""

    case: UUID
    number: str
    secret: str
    unit: UUID
    due_at: datetime | None
    again: bool
    confirm: UUID | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A report that may be the same matter."""

    report: Report
    distance_m: float
    score: float


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What the public list and map show."""

    category: str = ""
    family: str = ""
    state: str = ""
    unit: UUID | None = None
    box: tuple[float, float, float, float] | None = None
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """A person began to follow a report; ``confirm`` is the code's id when a contact was given."""

    number: str
    secret: str
    confirm: UUID | None
