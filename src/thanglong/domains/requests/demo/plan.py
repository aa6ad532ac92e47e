"""How a generated report goes: when somebody takes it, when it is done, whether it is refused, reopened, judged."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from thanglong.domains.requests.demo.texts import RATINGS
from thanglong.domains.requests.types import Category
from thanglong.kit import clock

REFUSED = 0.062
TRANSFERRED = 0.04
ASKED = 0.03
REOPENED = 0.045
LATE = 0.03  # of those decided; with the late ones still open about 11 % of all, as published
STUCK, STUCK_DAYS = 0.9, 12.0  # share and typical age of what somebody still sits on
RATED = 0.4
BY_HOUR = (2, 1, 1, 1, 1, 3, 8, 14, 18, 17, 15, 12, 8, 9, 12, 13, 13, 14, 15, 16, 14, 11, 7, 4)
Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Plan:
    """The moments of one report's life; a moment past the present has not happened yet. ``rating`` 0: none given."""

    accept: datetime
    start: datetime
    decide: datetime
    refuse: str
    transfer: bool
    ask: bool
    reopen: bool
    judge: datetime
    rating: int


def at_work(moment: datetime, rng: Rng) -> datetime:
    """The moment, or the next morning when it falls into the night."""
    local = clock.local(moment)
    if 7 <= local.hour < 18:
        return moment
    day = local if local.hour < 7 else local + timedelta(days=1)
    return day.replace(hour=7, minute=0, second=0, microsecond=0) + timedelta(minutes=float(rng.uniform(20, 150)))


def moment_of_day(day: datetime, rng: Rng) -> datetime:
    """A moment of a local day, by the curve of the hours."""
    shares = np.array(BY_HOUR) / sum(BY_HOUR)
    start = clock.local(day).replace(hour=0, minute=0, second=0, microsecond=0)
    return start + timedelta(hours=float(rng.choice(24, p=shares)) + float(rng.random()))


def make(opened: datetime, kind: Category, urgent: bool, rng: Rng) -> Plan:
    """A plan with the published shares: 6.3 % refused, about 11 % late, the ratings of iHanoi."""
    hours = float(kind.urgent_hours if urgent else kind.hours)
    accept = opened + timedelta(hours=min(hours * 0.3, float(rng.lognormal(0.0, 0.9))))
    if not urgent:
        accept = at_work(accept, rng)
    share = float(rng.uniform(1.3, 3.2)) if rng.random() < LATE else float(rng.beta(2.6, 2.2)) * 0.84
    decide = opened + timedelta(hours=max(0.6, hours * share))
    start = accept + (decide - accept) * 0.4 if decide > accept else accept + timedelta(minutes=10)
    decide = max(decide, start + timedelta(minutes=15))
    if not urgent and share < 0.62:
        decide = max(at_work(decide, rng), start + timedelta(minutes=15))
    refuse = str(rng.choice(["private", "not_found", "planned", "known", "no_fault"])) if rng.random() < REFUSED else ""
    keys, shares = zip(*RATINGS, strict=True)
    rating = int(rng.choice(keys, p=np.array(shares) / sum(shares))) if rng.random() < RATED else 0
    judge = decide + timedelta(hours=float(rng.exponential(30.0)) + 0.3)
    return Plan(
        accept, start, decide, refuse, bool(rng.random() < TRANSFERRED), bool(rng.random() < ASKED),
        bool(rng.random() < REOPENED), judge, rating,
    )  # fmt: skip
