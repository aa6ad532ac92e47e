"""Events that cases publish: delivered after commit as tasks to the listeners that an ``apps.py`` names."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """Event: a case was opened."""

    case_id: UUID
    number: str
    type: str
    unit: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseMoved:
    """Event: an action was taken on a case (the state may be the same)."""

    case_id: UUID
    number: str
    type: str
    unit: UUID
    action: str
    from_state: str
    to_state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseClosed:
    """Event: a case reached a closed state."""

    case_id: UUID
    number: str
    type: str
    unit: UUID
    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseTransferred:
    """Event: a case went to another unit."""

    case_id: UUID
    number: str
    type: str
    from_unit: UUID
    unit: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseMessaged:
    """Event: somebody wrote to the reporter (``public``) or left an internal note."""

    case_id: UUID
    number: str
    type: str
    unit: UUID
    public: bool
    by_reporter: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseEscalated:
    """Event: a case reached escalation ``level``; ``notify`` says who is to be told."""

    case_id: UUID
    number: str
    type: str
    unit: UUID
    level: int
    notify: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CasePaused:
    """Event: the clock of a case was stopped for ``reason``; it goes on at ``until`` at the latest (None: no limit)."""

    case_id: UUID
    number: str
    type: str
    unit: UUID
    reason: str
    until: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseResumed:
    """Event: the clock of a case goes on; ``due_at`` is its new due moment."""

    case_id: UUID
    number: str
    type: str
    unit: UUID
    reason: str
    due_at: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseReturned:
    """Event: a case went back to the citizen with ``faults`` faults, ``avoidable`` of which could have been named
    before.
    """

    case_id: UUID
    number: str
    type: str
    unit: UUID
    round: int
    faults: int
    avoidable: int
    at: datetime


@dataclass(frozen=True, slots=True)
class OpinionAsked:
    """Event: ``asked`` was asked for its opinion on a case of ``unit``."""

    opinion_id: UUID
    case_id: UUID
    number: str
    unit: UUID
    asked: UUID
    due_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class OpinionGiven:
    """Event: ``asked`` answered, declined, or let the time pass (``state``: answered, declined, silent, late)."""

    opinion_id: UUID
    case_id: UUID
    number: str
    unit: UUID
    asked: UUID
    state: str
    at: datetime
