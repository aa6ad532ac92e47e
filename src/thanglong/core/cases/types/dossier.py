"""What hangs on a case: opinions, returns with their faults, the checklist, links, holds, and who should get it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from thanglong.core.cases.types.parts import Duration

Verdict = Literal["agree", "object", "remarks"]
LinkKind = Literal["duplicate", "part", "follows", "blocks"]


@dataclass(frozen=True, slots=True)
class OpinionAsk:
    """A question to another unit; ``within`` None takes the type's own time."""

    unit: UUID
    question: str
    within: Duration | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """An opinion asked of another unit. ``state``: asked, answered, declined, silent (its time passed) or withdrawn.

    ``late`` tells that it was not answered in time, whatever came later; ``consent`` that silence counts as consent.
    """

    id: UUID
    case_id: UUID
    unit: UUID
    question: str
    state: str
    late: bool
    consent: bool
    asked_at: datetime
    asked_by: str
    due_at: datetime
    verdict: str = ""
    answer: str = ""
    answered_at: datetime | None = None
    answered_by: str = ""
    documents: Sequence[UUID] = ()
    number: str = ""
    subject: str = ""

    @property
    def open(self) -> bool:
        return self.state == "asked"


@dataclass(frozen=True, slots=True)
class FaultItem:
    """One fault of a dossier: what it is about, what is wrong, how to put it right, and the law that says so.

    ``about`` field names a property of the form, document a kind of document, other anything else.
    """

    about: Literal["field", "document", "other"]
    target: str
    wrong: str
    remedy: str
    basis: str = ""
    found_by: Literal["person", "machine"] = "person"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault that was sent to the citizen, with the answer. ``avoidable``: it could have been named the first time."""

    id: UUID
    item: FaultItem
    avoidable: bool
    answer: str = ""
    documents: Sequence[UUID] = ()
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """A dossier given back with its complete list of faults.

    ``state``: proposed (waits for the head's word), sent, answered, refused (by the head). ``round`` counts from 1.
    """

    id: UUID
    case_id: UUID
    round: int
    state: str
    at: datetime
    by: str
    reason: str
    approved_by: str
    answered_at: datetime | None
    findings: Sequence[Finding]

    @property
    def avoidable(self) -> int:
        return sum(finding.avoidable for finding in self.findings)


@dataclass(frozen=True, slots=True)
class FaultAnswer:
    """The citizen's answer to one fault: the corrected value of a field, files of a document, or words."""

    value: Any = None
    text: str = ""
    documents: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A line of the checklist: a required document is ``present``, ``missing`` or ``faulty``."""

    kind: str
    title: str
    state: Literal["present", "missing", "faulty"]
    basis: str
    least: int
    given: int
    help: str = ""


@dataclass(frozen=True, slots=True)
class Linked:
    """A link as one of its ends sees it: ``kind`` and ``outgoing`` say which way round; the other end's number and
    state.

    Outgoing: this case is a duplicate of / a part of / follows / blocks the other. ``hidden``: the other case is not in
    the reader's reach, so only its number is shown.
    """

    id: int
    kind: LinkKind
    outgoing: bool
    case_id: UUID
    number: str
    subject: str
    state: str
    closed: bool
    hidden: bool
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold: while it stands, nothing of the case is erased."""

    id: int
    reason: str
    at: datetime
    by: str
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A person in the order in which they should get a case: ``work`` is the weighted work in hand.

    ``sticky``: they had to do with it before; ``absent``: on leave, so that they get nothing; ``deputy`` stands in for
    somebody named there.
    """

    account: UUID
    name: str
    work: float
    cases: int
    sticky: bool = False
    absent: bool = False
    deputy: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who should get a case and why: ``why`` is a message id for ``params``; ``ranked`` everybody considered, best
    first.
    """

    account: UUID | None
    name: str
    why: str
    params: dict[str, Any]
    ranked: Sequence[Ranked]
