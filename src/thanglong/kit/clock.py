"""The one clock. Every time stamp of the platform comes from :func:`now`; no other file reads the wall clock.

The demo city lives at a chosen speed, so city time may run faster than the wall. All processes of one installation
share the same :class:`Scaled` clock through the ``THANGLONG_CLOCK`` setting; tests freeze it with :func:`use`. Waiting
and timeouts use :func:`monotonic`, which never jumps.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

monotonic = time.monotonic


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class System:
    """City time is the wall clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(slots=True)
class Frozen:
    """A clock that stands still until a test moves it."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def advance(self, **parts: float) -> None:
        """Move on by ``timedelta(**parts)``."""
        self.at += timedelta(**parts)


@dataclass(frozen=True, slots=True)
class Scaled:
    """City time that left ``city_start`` when the wall read ``wall_start`` and runs ``speed`` times as fast."""

    wall_start: datetime
    city_start: datetime
    speed: float

    def now(self) -> datetime:
        return self.city_start + (datetime.now(UTC) - self.wall_start) * self.speed

    def encode(self) -> str:
        return f"{self.wall_start.isoformat()}|{self.city_start.isoformat()}|{self.speed}"

    @classmethod
    def decode(cls, text: str) -> "Scaled":
        wall, city, speed = text.split("|")
        return cls(datetime.fromisoformat(wall), datetime.fromisoformat(city), float(speed))


_clock: Clock = System()
_zone = ZoneInfo("UTC")


def set_clock(clock: Clock) -> None:
    """Install the clock of this process (composition root and tests only)."""
    global _clock
    _clock = clock


def set_zone(name: str) -> None:
    """Set the city's time zone, an IANA name such as ``Asia/Ho_Chi_Minh``."""
    global _zone
    _zone = ZoneInfo(name)


def zone() -> ZoneInfo:
    """The city's time zone."""
    return _zone


def now() -> datetime:
    """The present moment of the city, aware, in UTC."""
    return _clock.now()


def speed() -> float:
    """How many city seconds pass in a second of the wall (0 for a frozen clock)."""
    if isinstance(_clock, Scaled):
        return _clock.speed
    return 0.0 if isinstance(_clock, Frozen) else 1.0


def today() -> date:
    """The city's calendar day."""
    return now().astimezone(_zone).date()


def local(moment: datetime) -> datetime:
    """The same moment in the city's zone."""
    return moment.astimezone(_zone)


def day_of(moment: datetime) -> date:
    """The city's calendar day of a moment."""
    return moment.astimezone(_zone).date()


@contextmanager
def use(clock: Clock) -> Iterator[Clock]:
    """Run a block under another clock."""
    before = _clock
    set_clock(clock)
    try:
        yield clock
    finally:
        set_clock(before)
