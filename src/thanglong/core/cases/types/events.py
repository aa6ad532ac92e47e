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
