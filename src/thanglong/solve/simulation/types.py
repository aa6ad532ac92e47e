"""What a simulation is made of: arrays, minutes, node numbers. One dataclass a noun."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TO_CALL, ON_SCENE, TO_HOSPITAL, HANDOVER, TO_BASE, DIVERTED = range(6)
"""Kinds of rows in :class:`Moves`: drives, stays, and a drive to a base that a call cut short."""


@dataclass(frozen=True, slots=True)
class Land:
    """Where it happens. All times in minutes, all places as node numbers 0..n-1.

    ``urgent`` (n, n): driving time with lights and sirens from row to column; ``calm`` (n, n): without. ``x``, ``y``
    (n,): the nodes' places on a plane, in any unit; ``hospitals`` (h,): their nodes; ``places`` (h,): how many units
    can hand over at once (0: as many as come). ``bases`` (b,): nodes where units may wait. ``km`` (n, n): kilometres
    from row to column, to count what is driven without a job (empty: not counted).
    """

    urgent: Floats
    calm: Floats
    x: Floats
    y: Floats
    bases: Ints
    hospitals: Ints
    places: Ints
    km: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return int(self.urgent.shape[0])


@dataclass(frozen=True, slots=True)
class Fleet:
    """The units: ``home`` (u,) index into ``Land.bases``; ``kind`` (u,) one bit a class of vehicle; ``starts`` and
    ``ends`` (u,) minutes of the day between which a unit works (equal: always; end before start: over midnight)."""

    home: Ints
    kind: Ints
    starts: Floats
    ends: Floats

    @staticmethod
    def alike(home: Ints) -> "Fleet":
        """Units of one class that always work."""
        count = len(home)
        return Fleet(np.asarray(home, np.int64), np.ones(count, np.int64), np.zeros(count), np.zeros(count))


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls, by time: ``at`` (c,) minutes, ``node`` (c,), minutes ``on_scene`` and ``handover`` (c,), whether they
    end in a hospital ``carried`` (c,), ``priority`` (c,) 0 first, ``needs`` (c,) bits of the kinds that may go.
    ``pace`` (c,): the drives of this call take so many times the time that the desk expects (empty: as expected)."""

    at: Floats
    node: Ints
    on_scene: Floats
    carried: Bools
    handover: Floats
    priority: Ints
    needs: Ints
    pace: Floats = field(default_factory=lambda: np.zeros(0))

    @staticmethod
    def alike(at: Floats, node: Ints, on_scene: Floats, carried: Bools, handover: Floats) -> "Calls":
        """Calls of one priority that any unit may take."""
        count = len(at)
        return Calls(
            np.asarray(at, np.float64), np.asarray(node, np.int64), np.asarray(on_scene, np.float64),
            np.asarray(carried, np.bool_), np.asarray(handover, np.float64), np.zeros(count, np.int64),
            np.full(count, -1, np.int64),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True)
class Rules:
    """How the desk works. ``turnout`` minutes before a unit leaves its base; ``snap``: a unit under way stands at the
    node nearest to its straight line (the rule of recorded runs), else its time is blended from both ends of its
    trip; ``weigh_waiting``: the hospital's queue counts when one is chosen, else the nearest is taken. Calls of
    priority ``calm_from`` and later are driven to without siren; ``carry_calm``: patients are carried without siren."""

    turnout: float = 0.0
    snap: bool = False
    weigh_waiting: bool = False
    calm_from: int = 2**31
    carry_calm: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """How far crews that wait may be moved about, so that cover is not won by driving them all day.

    ``most``: moves of a crew in each ``period`` of so many minutes (from minute 0); ``rest``: minutes it must have
    waited before; ``furthest``: minutes of the longest move; ``least``: what a move must be worth at least, in the unit
    of ``Policy.worth``. A unit that comes free goes somewhere anyway: that is no move.
    """

    most: int = 3
    period: float = 720.0
    rest: float = 20.0
    furthest: float = np.inf
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Policy:
    """Where units wait when they have nothing to do.

    ``kind``: "home": each at its own base. "cover": a unit that comes free goes where it adds most expected cover
    (DMEXCLP; Jagtenberg, Bhulai and van der Mei 2015). "table": it goes to the nearest base that wants one more by the
    compliance table. "assign": the table is held with the least driving of all units that may move. "worth": it goes
    where it is worth most, less the price of its way. With ``limits`` waiting units are moved too ("cover" and "worth":
    one at a time, "assign": as many as it takes).

    ``covers`` (b, s): from the base the demand point is reached in time; ``demand`` (s,) of the points, together 1.
    Points are nodes, or nodes by priority, each with a norm of its own. ``busy``: the busy fraction q of "cover".
    ``table`` (u + 1, b): how many units are wanted at each base when so many are idle. ``worth`` (l, s, k): what the
    first, second … unit in reach of a point is worth when 0, 1 … units are idle (the last row for all more); falling.
    ``price``: worth of a minute driven. ``pull``: worth of standing where ``plan`` (b,) wants one more (empty:
    none): the placing that is best when all are idle. ``furthest``: minutes a unit that comes free drives at most.
    """

    kind: str = "home"
    demand: Floats = field(default_factory=lambda: np.zeros(0))
    covers: Bools = field(default_factory=lambda: np.zeros((0, 0), np.bool_))
    busy: float = 0.3
    table: Ints = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    furthest: float = np.inf
    worth: Floats = field(default_factory=lambda: np.zeros((1, 0, 1)))
    price: float = 0.0
    plan: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    pull: float = 0.0
    limits: Limits | None = None


@dataclass(frozen=True, slots=True)
class Moves:
    """What the units did, by the time it ended: ``unit``, ``at`` (minutes), ``kind``, ``source``, ``target`` (nodes),
    ``minutes`` it took."""

    unit: Ints
    at: Floats
    kind: Ints
    source: Ints
    target: Ints
    minutes: Floats


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the calls: ``unit`` (c,) who went (-1: nobody could), ``start`` when it was sent, ``drive``
    minutes to the patient, ``response`` minutes from call to arrival, ``hospital`` (c,) index or -1, ``finish``;
    ``idle`` (c,) units that could be sent when the call came, -1 when it had to wait. Of the units: ``busy`` (u,)
    minutes on jobs, ``waiting_drive`` (u,) minutes and ``waiting_km`` (u,) kilometres driven without a job, ``trips``
    (u,) such trips begun, ``relocations`` (u,) those of them that moved a waiting crew. ``moves`` is empty unless asked
    for."""

    unit: Ints
    start: Floats
    drive: Floats
    response: Floats
    hospital: Ints
    finish: Floats
    idle: Ints
    busy: Floats
    waiting_drive: Floats
    trips: Ints
    relocations: Ints
    waiting_km: Floats
    moves: Moves

    def late(self, target: float) -> float:
        """The share of calls reached after ``target`` minutes, or never."""
        return float(np.mean(~(self.response <= target))) if len(self.response) else 0.0
