"""The day of a city as pure functions of seed and time: the sun, the daily curves, noise, and things that break.

Nothing here remembers. The state of the city at a minute follows from the seed and the minute alone, so any process
that asks about the same minute gets the same answer, and a restart loses nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np

from thanglong.kit import clock
from thanglong.solve.city import Floats, Ints, rng_of

DAY = 1440


@dataclass(frozen=True, slots=True)
class Minute:
    """A minute of city time: the moment (UTC, seconds cut off), the local day's ordinal, the minute of that day."""

    at: datetime
    day: int
    minute: int

    @classmethod
    def of(cls, moment: datetime) -> "Minute":
        """The minute a moment lies in."""
        local = clock.local(moment)
        return cls(
            moment.astimezone(UTC).replace(second=0, microsecond=0), local.toordinal(), local.hour * 60 + local.minute
        )

    @property
    def number(self) -> int:
        """Minutes since the first day of the calendar, local."""
        return self.day * DAY + self.minute

    @property
    def weekday(self) -> int:
        """0 Monday to 6 Sunday."""
        return date.fromordinal(self.day).weekday()

    @property
    def hour(self) -> float:
        """Local time in hours."""
        return self.minute / 60

    def before(self, minutes: float) -> datetime:
        """The moment so many minutes ago."""
        return self.at - timedelta(minutes=minutes)


def sun_elevation(lon: float, lat: float, moment: datetime) -> float:
    """Height of the sun's middle above the horizon in degrees (NOAA's short formula, good to about 0.1 degree)."""
    utc = moment.astimezone(UTC)
    days = (utc - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds() / 86_400
    mean = np.radians((357.529 + 0.98560028 * days) % 360)
    longitude = np.radians((280.459 + 0.98564736 * days) % 360 + 1.915 * np.sin(mean) + 0.020 * np.sin(2 * mean))
    tilt = np.radians(23.439 - 3.6e-7 * days)
    ascension = np.arctan2(np.cos(tilt) * np.sin(longitude), np.cos(longitude))
    declination = np.arcsin(np.sin(tilt) * np.sin(longitude))
    sidereal = np.radians((280.46062 + 360.98564737 * days + lon) % 360)
    hour = sidereal - ascension
    phi = np.radians(lat)
    height = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(hour)
    return float(np.degrees(np.arcsin(height)))


# load of streets by local hour, 0 to 24, as a share of what they can carry
_WORKDAY = (8, 5, 4, 4, 7, 18, 42, 86, 92, 70, 62, 66, 68, 60, 62, 66, 76, 96, 94, 72, 56, 44, 30, 16, 8)
_WEEKEND = (12, 8, 6, 5, 6, 12, 24, 38, 52, 62, 66, 66, 60, 56, 58, 62, 70, 76, 78, 72, 64, 52, 38, 22, 12)


def traffic_share(minute: Minute) -> float:
    """Load of the streets, 0 to 1: two rushes on workdays, one long afternoon at weekends."""
    curve = _WEEKEND if minute.weekday >= 5 else _WORKDAY
    return float(np.interp(minute.hour, np.arange(25), curve)) / 100


PARKING_CURVES = {
    "office": (10, 10, 10, 10, 10, 12, 25, 55, 85, 94, 96, 95, 86, 88, 95, 94, 88, 62, 38, 26, 20, 15, 12, 10, 10),
    "shopping": (8, 6, 5, 5, 5, 6, 8, 14, 24, 40, 55, 66, 68, 62, 60, 64, 72, 82, 95, 98, 92, 70, 36, 14, 8),
    "hospital": (22, 20, 20, 20, 22, 34, 62, 92, 99, 99, 96, 84, 66, 82, 92, 88, 74, 58, 48, 44, 38, 32, 26, 24, 22),
    "residential": (96, 97, 97, 97, 96, 92, 78, 56, 42, 38, 36, 38, 40, 38, 36, 38, 44, 56, 70, 80, 87, 91, 94, 95, 96),
    "station": (40, 36, 34, 36, 48, 62, 78, 90, 92, 88, 84, 82, 80, 82, 84, 88, 92, 96, 92, 84, 76, 66, 54, 46, 40),
}


def parking_share(kind: str, minute: Minute) -> float:
    """How full a car park of a kind is at a time of day, 0 to 1; shops are fuller at weekends, offices emptier."""
    share = float(np.interp(minute.hour, np.arange(25), PARKING_CURVES[kind])) / 100
    if minute.weekday >= 5:
        share *= {"office": 0.35, "shopping": 1.12, "hospital": 0.7, "residential": 1.05, "station": 1.0}[kind]
    return min(share, 1.0)


@lru_cache(maxsize=256)
def _hour_noise(seed: int, what: str, n: int, hour: int) -> Floats:
    return np.asarray(rng_of(seed, "noise", what, hour).standard_normal(n))


def noise(seed: int, what: str, n: int, number: int, step: int = 30) -> Floats:
    """``n`` smooth standard-normal-like values at minute ``number``, new every ``step`` minutes, linear in between."""
    block, rest = divmod(number, step)
    t = rest / step
    return np.asarray(_hour_noise(seed, what, n, block) * (1 - t) + _hour_noise(seed, what, n, block + 1) * t)


@dataclass(frozen=True, slots=True)
class Wear:
    """How things of one kind break: how many of 1,000 a day, and for how many minutes (from, typical, to)."""

    what: str
    per_thousand: float
    shortest: float
    typical: float
    longest: float


@lru_cache(maxsize=512)
def _breaks(seed: int, wear: Wear, n: int, day: int) -> tuple[Ints, Ints, Ints]:
    """What breaks on one day: index, minute number of the break, minutes until repair."""
    rng = rng_of(seed, "wear", wear.what, day)
    count = int(rng.poisson(n * wear.per_thousand / 1000))
    which = rng.integers(0, n, count) if n else np.empty(0, dtype=np.int64)
    start = day * DAY + rng.integers(0, DAY, len(which))
    span = np.clip(rng.lognormal(np.log(wear.typical), 0.7, len(which)), wear.shortest, wear.longest)
    return which, start, span.astype(np.int64)


def broken(seed: int, wear: Wear, n: int, number: int) -> dict[int, int]:
    """Which of ``n`` things are broken at minute ``number``: index -> minute number since when."""
    found: dict[int, int] = {}
    today = number // DAY
    for day in range(today - int(wear.longest // DAY) - 1, today + 1):
        which, start, span = _breaks(seed, wear, n, day)
        active = (start <= number) & (number < start + span)
        for i, since in zip(which[active].tolist(), start[active].tolist(), strict=True):
            found[i] = min(since, found.get(i, since))
    return found


def minutes_between(since: datetime, until: datetime, most: int) -> list[Minute]:
    """The minutes that begin in (since, until], oldest first; after a long pause only the last ``most``."""
    last = Minute.of(until)
    first = since.astimezone(UTC).replace(second=0, microsecond=0)
    count = int((last.at - first).total_seconds() // 60)
    return [Minute.of(last.at - timedelta(minutes=k)) for k in range(min(count, most) - 1, -1, -1)]


Report = Callable[[str], None]
