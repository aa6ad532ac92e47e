"""Cases as figures: what measures and the unit's week count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from thanglong.core.cases.types.records import Case


@dataclass(frozen=True, slots=True)
class UnitLoad:
    """A unit's work at a glance: open, late, waiting and closed/in time/ratings within the asked span."""

    unit: UUID
    open: int
    late: int
    waiting: int
    opened: int
    closed: int
    in_time: int
    rated: int
    rating_sum: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished case as the unit's week counts it."""

    opened_at: datetime
    responded_at: datetime | None
    due_at: datetime | None
    closed_at: datetime
    rating: int | None
    reopened: int

    @property
    def in_time(self) -> bool:
        return self.due_at is None or self.closed_at <= self.due_at


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What measures count of a case."""

    id: UUID
    number: str
    type: str
    unit: UUID
    subject: str
    opened_at: datetime
    responded_at: datetime | None
    due_at: datetime | None
    closed_at: datetime | None
    kind: str
    rating: int | None
    reopened: int
    ledger_entry: int | None
    returned: int = 0
    avoidable: int = 0

    @property
    def in_time(self) -> bool:
        """Whether it was finished before it was due (without a deadline: always)."""
        return self.due_at is None or (self.closed_at is not None and self.closed_at <= self.due_at)


@dataclass(frozen=True, slots=True)
class Footprint:
    """Where and when something happened to cases of a type."""

    type: str
    unit: UUID
    day: date


@dataclass(frozen=True, slots=True)
class Pace:
    """How a unit finished its cases within a span: counts, sum of ratings, mean length."""

    unit: UUID
    finished: int
    in_time: int
    reopened: int
    rated: int
    rating_sum: int
    mean: timedelta


@dataclass(frozen=True, slots=True)
class Hand:
    """A person's open cases."""

    account: UUID
    name: str
    open: int
    late: int
    today: int


@dataclass(frozen=True, slots=True)
class UnitWeek:
    """A unit's week. ``finished`` reaches back twelve weeks; ``similar``: like units over four weeks."""

    unit: UUID
    start: datetime
    end: datetime
    now: datetime
    open: int
    late: int
    today: int
    waiting: int
    opened: Sequence[datetime]
    finished: Sequence[Finished]
    hands: Sequence[Hand]
    urgent: Sequence[Case]
    similar: Sequence[Pace]
