"""The nouns of places: units with dated states, acts as their legal basis, successions, and what an import reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shapely.geometry.base import BaseGeometry


class UnitKind(StrEnum):
    """What a unit is. District and township are levels of the past (abolished on 1 July 2025); office is a department
    or company of the city, beside the territorial units."""

    CITY = "city"
    DISTRICT = "district"
    WARD = "ward"
    COMMUNE = "commune"
    TOWNSHIP = "township"
    SPECIAL_ZONE = "special_zone"
    OFFICE = "office"


LOCAL_KINDS = frozenset({UnitKind.WARD, UnitKind.COMMUNE, UnitKind.TOWNSHIP, UnitKind.SPECIAL_ZONE})


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit in the state it has in one period: ``valid_from`` to ``valid_to``, both days included (None: still valid).

    ``name`` is the full official name ("Phường Cửa Nam"), ``short_name`` the name without its kind ("Cửa Nam"). ``lon``
    and ``lat`` (degrees, WGS84) are the seat of its office. ``boundary_approximate`` says that no surveyed outline has
    been imported. ``act`` is the legal basis of this state.
    """

    id: UUID
    kind: UnitKind
    code: str
    name: str
    name_en: str
    short_name: str
    parent: UUID | None
    valid_from: date
    valid_to: date | None
    lon: float | None
    lat: float | None
    area_km2: float | None
    population: int | None
    boundary_approximate: bool
    act: UUID | None = None

    def valid_on(self, day: date) -> bool:
        """Whether this state holds on ``day``."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class NewState:
    """One state of a unit to be written: the fields of :class:`Unit`, with its outline (degrees, WGS84) or None."""

    kind: UnitKind
    code: str
    name: str
    valid_from: date
    valid_to: date | None = None
    name_en: str = ""
    parent: UUID | None = None
    lon: float | None = None
    lat: float | None = None
    area_km2: float | None = None
    population: int | None = None
    boundary: BaseGeometry | None = None
    boundary_approximate: bool = False
    act: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit to be loaded in bulk: its permanent id and all its states, oldest first."""

    id: UUID
    states: Sequence[NewState]


@dataclass(frozen=True, slots=True)
class NewAct:
    """A legal act to be recorded: number ("1656/NQ-UBTVQH15"), issuer, title, day of signature and of effect."""

    title: str
    effective_on: date
    number: str = ""
    issuer: str = ""
    signed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """A legal act on which states of units rest."""

    id: UUID
    number: str
    issuer: str
    title: str
    signed_on: date | None
    effective_on: date


@dataclass(frozen=True, slots=True)
class Succession:
    """``new`` took over (a part of) ``old``. Shares are those of the old unit, 0..1, or None where unknown."""

    old: UUID
    new: UUID
    share_population: float | None = None
    share_area: float | None = None
    act: UUID | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An answer to a search: the unit in its present or last state, the name that matched, and who replaced it."""

    unit: Unit
    matched: str
    successors: tuple[Unit, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacesChanged:
    """Event: units or boundaries changed; ``version`` is the new version of the places."""

    version: str


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One state of one unit as read from a file. ``chain`` groups the rows of one unit; ``line`` is where it stands.

    ``kind`` None: told by the first words of the name. ``parent_code`` empty: under the city.
    """

    line: int
    chain: str
    code: str
    name: str
    kind: UnitKind | None
    parent_code: str
    valid_from: date
    valid_to: date | None
    name_en: str = ""
    lon: float | None = None
    lat: float | None = None
    area_km2: float | None = None
    population: int | None = None


@dataclass(frozen=True, slots=True)
class BoundaryRow:
    """One outline as read from a GeoJSON file; ``line`` is the number of the feature, 1 the first."""

    line: int
    code: str
    name: str
    geometry: BaseGeometry


@dataclass(frozen=True, slots=True)
class MappingRow:
    """One pair of a table old unit -> new unit; shares as in :class:`Succession`."""

    line: int
    old_code: str
    new_code: str
    old_name: str = ""
    new_name: str = ""
    share_population: float | None = None
    share_area: float | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in an imported file: where, what (a message id with parameters), and what to do about it.

    A ``warning`` does not stop the import.
    """

    line: int
    text: str
    fix: str
    params: Mapping[str, Any] = field(default_factory=dict)
    warning: bool = False

    def __str__(self) -> str:
        where = f"{self.line}: " if self.line else ""
        return f"{where}{self.text % dict(self.params)} {self.fix % dict(self.params)}".strip()


@dataclass(frozen=True, slots=True)
class UnitRows:
    """What a file of units holds: states, or outlines, or pairs of a mapping, and what could not be read."""

    states: Sequence[UnitRow] = ()
    boundaries: Sequence[BoundaryRow] = ()
    mapping: Sequence[MappingRow] = ()
    problems: Sequence[Problem] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do when ``dry_run``: counts of units, and every problem of the file."""

    created: int
    changed: int
    unchanged: int
    problems: Sequence[Problem]
    dry_run: bool

    @property
    def ok(self) -> bool:
        """Whether nothing stood in the way."""
        return all(problem.warning for problem in self.problems)


class ActState(StrEnum):
    """Where a reorganisation stands. Undone and in force are final."""

    DRAFT = "draft"
    DECIDED = "decided"
    IN_FORCE = "in_force"
    UNDONE = "undone"
    DISCARDED = "discarded"


class Weighing(StrEnum):
    """How the shares of a divided unit are found: as given, else from outlines by area, or by points of residents or
    addresses that the draft brings."""

    GIVEN = "given"
    AREA = "area"
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class PlannedUnit:
    """How a unit will be from the day of effect on: a unit to be founded, or one that lives on with these facts."""

    id: UUID
    code: str
    name: str
    kind: UnitKind
    parent: UUID | None = None
    name_en: str = ""
    lon: float | None = None
    lat: float | None = None
    area_km2: float | None = None
    population: int | None = None
    boundary: BaseGeometry | None = None
    boundary_approximate: bool = False
    founded: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """``share`` (0..1, of the old unit's residents or area) of ``old`` goes to ``new``; None: to be computed."""

    old: UUID
    new: UUID
    share: float | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a reorganisation is to do. ``abolished`` units end without a successor (the districts of 2025).

    ``points`` (longitude, latitude, weight) are addresses or residents by which divided units are weighed.
    """

    act: NewAct
    units: Sequence[PlannedUnit] = ()
    parts: Sequence[Part] = ()
    abolished: Sequence[UUID] = ()
    weighing: Weighing = Weighing.GIVEN
    points: Sequence[tuple[float, float, float]] = ()
    problems: Sequence[Problem] = ()


@dataclass(frozen=True, slots=True)
class Reorganisation:
    """A reform of units as one act. ``version`` grows with every step; ``act`` is the legal act once it is decided."""

    id: UUID
    state: ActState
    version: int
    plan: Plan
    act: UUID | None
    drafted_by: str
    changed_at: datetime
    decided_at: datetime | None = None
    decided_by: str = ""
    in_force_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str = ""
    open_reviews: int = 0

    @property
    def title(self) -> str:
        """The number of the act, else its title."""
        return self.plan.act.number or self.plan.act.title


@dataclass(frozen=True, slots=True)
class Division:
    """One old unit in a preview: the units that take it over with their shares, largest first, and how they came."""

    old: Unit
    parts: Sequence[tuple[str, float]]
    source: Weighing


@dataclass(frozen=True, slots=True)
class Preview:
    """What a reorganisation would do. ``problems`` that are no warnings stand in the way of the decision."""

    plan: Plan
    divisions: Sequence[Division]
    founded: Sequence[PlannedUnit]
    living_on: Sequence[Unit]
    closed: Sequence[Unit]
    lifted: Sequence[Unit]
    affected: Sequence[Any]
    problems: Sequence[Problem]

    @property
    def ok(self) -> bool:
        """Whether it may be decided."""
        return all(problem.warning for problem in self.problems)

    @property
    def divided(self) -> int:
        """How many old units are divided."""
        return sum(len(item.parts) > 1 for item in self.divisions)


@dataclass(frozen=True, slots=True)
class Review:
    """A row that a reorganisation placed by a rule of thumb, for a person to look at."""

    id: UUID
    kind: str
    label: str
    url: str
    old: UUID
    new: UUID
    reason: str
    done_at: datetime | None = None
    done_by: str = ""


@dataclass(frozen=True, slots=True)
class Reorganised:
    """Event: a reorganisation was decided, undone or came into force (``state``)."""

    id: UUID
    state: str


@dataclass(frozen=True, slots=True)
class Rebased:
    """Figures of one geography counted for another.

    ``values`` by unit of the other day; ``exact`` how much of each (0..1) rests on units that were not divided;
    ``statement`` says in a sentence (a message id with ``params``) how it was done.
    """

    values: Mapping[UUID, float]
    exact: Mapping[UUID, float]
    statement: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FoundAddress:
    """One reading of an address: the rest before the unit (house, street), the unit as named and as it is today.

    ``units`` are those of today (several when the named unit was divided), the largest share first; ``named`` the unit
    the text speaks of; ``above`` the past unit above it; ``text`` and ``text_before`` are the two spellings.
    """

    rest: str
    house: str
    street: str
    named: Unit
    units: tuple[Unit, ...]
    above: Unit | None
    text: str
    text_before: str
    score: int
