"""The nouns of the city database, and small helpers that write attributes in NGSI-LD normalised form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from thanglong.kit.errors import N_, Unavailable
from thanglong.kit.ports import Actor, AllOf, AnyOf, Area, Change, DayFile, Sample, Term, ThingQuery, WriteMode, Written

__all__ = [
    "OPEN_TYPES",
    "TITLES",
    "AllOf",
    "AnyOf",
    "Area",
    "Asker",
    "Change",
    "ContextNotAvailable",
    "DayFault",
    "DayFile",
    "Entity",
    "Health",
    "KeptContext",
    "Pass",
    "Sample",
    "Subscription",
    "Term",
    "ThingQuery",
    "TypeFacts",
    "WriteMode",
    "Written",
    "geo",
    "is_open",
    "iso",
    "observed",
    "plain",
    "position",
    "prop",
    "rel",
    "stamp",
    "thing_id",
    "unit_rel",
]

Entity = dict[str, Any]
UNIT = "urn:ngsi-ld:Unit:"
"""What the id of an administrative unit begins with."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

OPEN_TYPES = frozenset(
    [
        "AirQualityObserved",
        "AmbulanceStation",
        "Building",
        "EVChargingStation",
        "FireHydrant",
        "FireStation",
        "GtfsStop",
        "Hospital",
        "NoiseLevelObserved",
        "OffStreetParking",
        "OnStreetParking",
        "ParkingSpot",
        "Road",
        "RoadSegment",
        "StreetlightControlCabinet",
        "Streetlight",
        "TrafficFlowObserved",
        "TrafficSignal",
        "Unit",
        "WasteContainer",
        "WeatherObserved",
    ]
)
"""Types anyone may read without signing in: what can be seen from the street, and what helps people. Vehicles on duty,
data centres and whatever a later module brings stay closed until they are named here."""

TITLES = {
    "AirQualityObserved": N_("Air quality"),
    "Ambulance": N_("Ambulances"),
    "AmbulanceStation": N_("Ambulance stations"),
    "DataCentre": N_("Data centres"),
    "FireEngine": N_("Fire engines"),
    "FireHydrant": N_("Fire hydrants"),
    "FireStation": N_("Fire stations"),
    "Hospital": N_("Hospitals"),
    "OffStreetParking": N_("Car parks"),
    "OnStreetParking": N_("Kerbside parking"),
    "ParkingSpot": N_("Parking spaces"),
    "Streetlight": N_("Street lamps"),
    "StreetlightControlCabinet": N_("Lighting cabinets"),
    "TrafficFlowObserved": N_("Traffic detectors"),
    "TrafficSignal": N_("Signal controllers"),
    "WeatherObserved": N_("Weather"),
}
"""What people call the entities of a type; a type without a title is shown by its own name."""


def types_of(entity: Mapping[str, Any]) -> list[str]:
    """All types of an entity."""
    kinds = entity["type"]
    return [kinds] if isinstance(kinds, str) else list(kinds)


@dataclass(frozen=True, slots=True)
class Pass:
    """What an actor may do with things: read closed types, write; in which tenant ("" is the city).

    ``units``: those whose things may be written; None: all.
    """

    actor: Actor
    view: bool
    write: bool
    tenant: str = ""
    units: frozenset[UUID] | None = None


Asker = Actor | Pass


@dataclass(frozen=True, slots=True)
class TypeFacts:
    """A type as the overview shows it: its name, how many entities have it, whether anyone may read it."""

    name: str
    count: int
    open: bool


class ContextNotAvailable(Unavailable):
    """A @context document cannot be had."""

    status = 504
    text = N_("The @context of the request cannot be fetched.")


@dataclass(frozen=True, slots=True)
class KeptContext:
    """A @context document kept here: hosted, fetched from ``url``, or made from a body. ``hits`` counts its uses."""

    id: str
    url: str
    kind: str
    content: Mapping[str, Any]
    created: datetime
    used: datetime | None
    hits: int
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody's wish to be told of changes.

    ``definition`` as the standard has it, in kept names; ``context`` the @context it was written under and
    ``query_context`` that of its ``q``; ``types`` those the owner's access key is bound to (none: all); ``cursor`` the
    last write of the log dealt with (None: it goes with the others); ``state`` its counters; ``origin`` how it came:
    ``via`` the brokers that had it before, ``base`` the address this one was asked at.
    """

    tenant: str
    id: str
    definition: Mapping[str, Any]
    context: Any
    query_context: Any
    owner: str
    types: tuple[str, ...]
    created: datetime
    modified: datetime
    cursor: int | None
    state: Mapping[str, Any]
    origin: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Health:
    """How the notifications of a subscription fare: ok, warn, bad or idle, and in words (a message id)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class DayFault:
    """What is wrong with a closed day, in English, for who looks after the installation."""

    day: str
    text: str


def is_open(kind: str) -> bool:
    """Whether entities of a type (short name, or an IRI ending in it) may be read by anyone."""
    return kind in OPEN_TYPES


def iso(moment: datetime) -> str:
    """A moment as NGSI-LD writes it: UTC with Z, milliseconds only when there are any."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
    return text.removesuffix(".000") + "Z"


def stamp(micros: int) -> str:
    """A moment of microseconds since 1970 as answers write it: as many decimals as it has."""
    moment = EPOCH + timedelta(microseconds=micros)
    if micros % 1000 == 0:
        return iso(moment)
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def prop(value: Any, observed_at: datetime | None = None, unit_code: str = "") -> dict[str, Any]:
    """A Property: a JSON value, perhaps when it was observed and its UN/CEFACT unit code."""
    found: dict[str, Any] = {"type": "Property", "value": value}
    if unit_code:
        found["unitCode"] = unit_code
    if observed_at is not None:
        found["observedAt"] = iso(observed_at)
    return found


def geo(lon: float, lat: float, observed_at: datetime | None = None) -> dict[str, Any]:
    """A GeoProperty holding a point in degrees (WGS 84), rounded to about a centimetre."""
    point = {"type": "Point", "coordinates": [round(float(lon), 7), round(float(lat), 7)]}
    found: dict[str, Any] = {"type": "GeoProperty", "value": point}
    if observed_at is not None:
        found["observedAt"] = iso(observed_at)
    return found


def rel(target: str) -> dict[str, Any]:
    """A Relationship to another entity's id."""
    return {"type": "Relationship", "object": target}


def unit_rel(unit: UUID) -> dict[str, Any]:
    """A Relationship to an administrative unit."""
    return rel(f"{UNIT}{unit}")


def thing_id(kind: str, local: str) -> str:
    """The id of an entity: ``urn:ngsi-ld:Streetlight:hn-000123``."""
    return f"urn:ngsi-ld:{kind}:{local}"


def plain(entity: Mapping[str, Any], attribute: str, default: Any = None) -> Any:
    """The bare value (or relationship target) of an attribute's first instance."""
    instance = entity.get(attribute)
    if isinstance(instance, list):
        instance = instance[0] if instance else None
    if not isinstance(instance, Mapping):
        return default
    return instance.get("value", instance.get("object", instance.get("languageMap", default)))


def observed(entity: Mapping[str, Any], attribute: str) -> datetime | None:
    """When an attribute's value was observed, if that is known."""
    instance = entity.get(attribute)
    moment = instance.get("observedAt") if isinstance(instance, Mapping) else None
    return datetime.fromisoformat(moment) if moment else None


def position(entity: Mapping[str, Any]) -> tuple[float, float] | None:
    """Longitude and latitude of an entity whose location is a point, else None."""
    value = plain(entity, "location")
    if isinstance(value, Mapping) and value.get("type") == "Point":
        lon, lat = value["coordinates"][:2]
        return float(lon), float(lat)
    return None
