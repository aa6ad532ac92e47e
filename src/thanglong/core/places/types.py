"""The nouns of places: units with dated states, acts as their legal basis, successions, and what an import reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
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
