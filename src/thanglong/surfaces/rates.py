"""How often somebody may ask: so many requests a second, with the requests of two quiet seconds in hand."""

from collections import OrderedDict

from thanglong.kit import clock
from thanglong.kit.errors import N_, TooMany

BURST = 2.0
"""Seconds whose requests may come at once."""
MOST = 20_000
"""Askers remembered; the longest unheard are forgotten first, and begin anew."""


class Rates:
    """One bucket an asker, which fills by ``rate`` a second (0: no limit). For one event loop."""

    def __init__(self, rate: float) -> None:
        self._rate, self._most = rate, max(rate * BURST, 1.0)
        self._left: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def count(self, who: bytes) -> None:
        """Count a request; TooMany when there have been too many in too short a time."""
        if not self._rate:
            return
        now = clock.monotonic()
        left, then = self._left.get(who, (self._most, now))
        left = min(self._most, left + (now - then) * self._rate)
        allowed = left >= 1
        self._left[who] = (left - 1 if allowed else left, now)
        self._left.move_to_end(who)
        if len(self._left) > MOST:
            self._left.popitem(last=False)
        if not allowed:
            raise TooMany(
                N_("More than %(rate)s requests a second. Wait a second, or send several things in one request."),
                rate=f"{self._rate:g}",
            )
