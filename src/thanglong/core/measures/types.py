"""The nouns of measures."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

PeriodKind = Literal["day", "month", "quarter", "year"]
Geography = Literal["then", "now"]
SMALL = 30


@dataclass(frozen=True, slots=True)
class Window:
    """What to compute: periods ``first`` to ``last`` (their first days, both included) for ``units`` (None: all).

    ``start`` and ``end`` are the moments between which the periods lie (end excluded), aware.
    """

    first: date
    last: date
    start: datetime
    end: datetime
    units: frozenset[UUID] | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A computed figure. ``value`` None: nothing to measure. For shares and means value = numerator / denominator.

    ``n`` is the number of records behind it; ``inputs`` their ids in a fixed order (only their digest is kept).
    """

    unit: UUID
    period: date
    value: float | None
    n: int = 0
    numerator: float | None = None
    denominator: float | None = None
    inputs: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Records:
    """Records that several measures count and that are read once for all of them.

    ``name`` is the same for the same reading. ``read(start, end, units)`` yields records, each with ``id`` and ``unit``
    (UUID), whose ``moment`` lies in [start, end); ``units`` None: all.
    """

    name: str
    read: Callable[[datetime, datetime, Iterable[UUID] | None], Iterable[Any]]
    moment: Callable[[Any], datetime]


@dataclass(frozen=True, slots=True)
class Input:
    """A record behind a figure: what it is, how it counted, where it is shown and which ledger entry proves it."""

    id: str
    title: str
    at: datetime
    counted: float
    good: bool | None = None
    url: str = ""
    ledger_entry: int | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure as code.

    ``title``, ``about`` (what it says and for whom) and ``formula`` (in words) are message ids. ``direction`` +1: more
    is better. ``total`` says how the city's figure follows from the units': ``ratio`` (sum of numerators by sum of
    denominators, times ``scale``) or ``sum``. ``inputs`` lists the records behind one unit and period. A change
    of a case of ``case_types`` makes the figures it touches stale.

    With ``records`` and ``counts`` (what a record counts, None: it does not) the measure is counted by day, and late
    data cost the days they belong to; ``compute`` stays what a window is computed with otherwise. ``version`` names the
    definition: it is kept with each closed period. ``band`` (lowest, highest; None: no border): a figure outside
    raises an alert, once, until it is back inside by ``back``. ``least``: figures of fewer people are not published
    (0: no persons stand behind it).
    """

    key: str
    title: str
    unit: str
    direction: Literal[1, -1]
    period: PeriodKind
    compute: Callable[[Window], Iterable[Value]]
    inputs: Callable[[UUID, date], Sequence[Input]]
    about: str = ""
    formula: str = ""
    numerator: str = ""
    denominator: str = ""
    total: Literal["ratio", "sum"] = "ratio"
    scale: float = 1.0
    decimals: int = 1
    target: float | None = None
    band: tuple[float | None, float | None] | None = None
    geography: str = "ward"
    domain: str = ""
    icon: str = "chart"
    public: bool = True
    small: int = SMALL
    case_types: tuple[str, ...] = ()
    order: int = 100
    records: Records | None = None
    counts: Callable[[Any], float | None] | None = None
    version: int = 1
    least: int = 0
    back: float = 0.0
    owner: str = ""
    licence: str = "CC-BY-4.0"


@dataclass(frozen=True, slots=True)
class Figure:
    """A stored figure. ``digest`` is over the ids of its inputs; ``ledger_entry`` is set once its period is closed."""

    measure: str
    unit: UUID
    period: date
    value: float | None
    numerator: float | None
    denominator: float | None
    n: int
    computed_at: datetime
    digest: str
    ledger_entry: int | None = None
    corrected: "Correction | None" = None
    hidden: bool = False

    def small(self, least: int = SMALL) -> bool:
        """Whether so few records stand behind the figure that it says little."""
        return self.n < least


@dataclass(frozen=True, slots=True)
class Correction:
    """A figure set by a person: what the records gave (``before``), what holds instead, who said so and why."""

    id: int
    measure: str
    unit: UUID
    period: date
    before: float | None
    value: float
    reason: str
    by: str
    at: datetime
    ledger_entry: int | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A figure that left its band: ``side`` below or above, when, and who has seen it."""

    id: int
    measure: str
    unit: UUID
    period: date
    side: Literal["below", "above"]
    value: float
    raised_at: datetime
    cleared_at: datetime | None = None
    seen_by: str = ""
    seen_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class LeftBand:
    """Event: a figure left its band."""

    alert: int
    measure: str
    unit: UUID
    period: date
    value: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a figure is what it is."""

    measure: Measure
    figure: Figure
    inputs: Sequence[Input]
    digest_matches: bool
    names: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CityFigure:
    """The whole city in one period: ``interval`` (95 %) for shares, ``units``: how many it rests on."""

    period: date
    value: float | None
    numerator: float | None
    denominator: float | None
    n: int
    interval: tuple[float, float] | None
    units: int
    ledger_entry: int | None
