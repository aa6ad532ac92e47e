"""The city's vocabulary: what FIWARE's Smart Data Models have no name for, and the names we take from them.

Every term stands for the same IRI as without this context (the default vocabulary of NGSI-LD), so who sends it and who
sends none mean the same thing; what it adds is the list of names, served as ``/contexts/thanglong.jsonld`` and
explained in ``docs/look-up/vocabulary.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from thanglong.formats.ngsild.terms import full

PATH = "/contexts/thanglong.jsonld"


@dataclass(frozen=True, slots=True)
class Member:
    """An attribute of a type: its kind, its UN/CEFACT unit ("" none), its meaning, and a value as an example."""

    kind: str
    text: str
    example: Any
    unit: str = ""


def _p(text: str, example: Any, unit: str = "") -> Member:
    return Member("Property", text, example, unit)


def _r(text: str, example: str) -> Member:
    return Member("Relationship", text, f"urn:ngsi-ld:{example}")


NAME = _p("what people call it", "…")
UNIT = _r("the administrative unit it stands in", "Unit:0190c1d2-0000-7000-8000-000000000001")
PLACE = Member("GeoProperty", "where it is", {"type": "Point", "coordinates": [105.8522, 21.0288]})

CITY: Mapping[str, Mapping[str, Member]] = {
    "Ambulance": {
        "state": _p("free, called, driving, on_scene, transporting, at_hospital, returning, out_of_service", "free"),
        "speed": _p("how fast it drives", 42.5, "KMH"),
        "level": _p("basic or advanced life support", "advanced"),
        "station": _r("the station it belongs to", "AmbulanceStation:hn-01"),
    },
    "AmbulanceStation": {"name": NAME, "state": _p("open or closed", "open")},
    "FireEngine": {
        "state": _p("free, called, driving, on_scene, returning, out_of_service", "free"),
        "speed": _p("how fast it drives", 0, "KMH"),
        "category": _p("pump, ladder, rescue, tanker", "pump"),
        "station": _r("the station it belongs to", "FireStation:hn-03"),
    },
    "FireStation": {"name": NAME, "state": _p("open or closed", "open")},
    "FireHydrant": {
        "state": _p("working or out_of_order", "working"),
        "flow": _p("litres a minute it gives", 1200, "L2"),
        "category": _p("pillar, underground, tank, lake", "pillar"),
    },
    "Hospital": {
        "name": NAME,
        "state": _p("open, busy, full, closed: whether ambulances may come", "open"),
        "beds": _p("beds in all", 800),
        "emergencyFree": _p("free places in the emergency department", 12),
    },
    "Incident": {
        "category": _p("what happened: fire, accident, medical, flood, other", "fire"),
        "severity": _p("1 (small) to 5 (disaster)", 3),
        "state": _p("reported, confirmed, controlled, ended", "confirmed"),
        "reportedAt": _p("when it was reported", "2026-03-02T08:00:00Z"),
        "endedAt": _p("when it was over", "2026-03-02T09:30:00Z"),
    },
    "DataCentre": {
        "name": NAME,
        "capacity": _p("power it may draw", 20, "MAW"),
        "load": _p("power it draws", 12.4, "MAW"),
        "temperature": _p("air of its hottest hall", 24.5, "CEL"),
        "hallCount": _p("halls in it", 4),
        "state": _p("normal, warm, hot", "normal"),
    },
    "Hall": {
        "name": NAME,
        "dataCentre": _r("the data centre it is in", "DataCentre:hn-1"),
        "temperature": _p("air at its hottest place", 24.1, "CEL"),
        "rackCount": _p("racks in it", 120),
    },
    "Rack": {
        "hall": _r("the hall it stands in", "Hall:hn-1-2"),
        "height": _p("height units", 42),
        "free": _p("free height units", 10),
        "load": _p("power it draws", 6.2, "KWT"),
        "powerFeed": _r("what feeds it", "PowerFeed:hn-1-a"),
    },
    "Server": {
        "rack": _r("the rack it is in", "Rack:hn-1-2-17"),
        "position": _p("lowest height unit it takes", 17),
        "owner": _r("the unit whose work it does", "Unit:0190c1d2-0000-7000-8000-000000000001"),
        "state": _p("planned, running, off, faulty", "running"),
    },
    "PowerFeed": {
        "dataCentre": _r("the data centre it feeds", "DataCentre:hn-1"),
        "capacity": _p("power it can give", 2500, "KWT"),
        "load": _p("power it gives", 1400, "KWT"),
        "state": _p("normal, no_power, fault", "normal"),
    },
    "TrafficSignal": {
        "state": _p("working, flashing, dark, offline", "working"),
        "controller": _p("number of the controller", "HN-0042"),
        "phases": _p("phases of its plan", 4),
    },
}
"""Types of our own, with their attributes. Each also has ``location``, and ``unit``."""

SUBJECTS: Mapping[str, str] = {
    "Alert": "Alert",
    "Building": "Building",
    "Device": "Device DeviceModel",
    "Environment": "AirQualityObserved NoiseLevelObserved",
    "KeyPerformanceIndicator": "KeyPerformanceIndicator",
    "Parking": "OffStreetParking OnStreetParking ParkingAccess ParkingGroup ParkingSpot",
    "Streetlighting": "Streetlight StreetlightControlCabinet StreetlightFeeder StreetlightGroup StreetlightModel",
    "Transportation": "CrowdFlowObserved EVChargingStation Road RoadAccident RoadSegment TrafficFlowObserved "
    "TrafficViolation Vehicle VehicleModel",
    "UrbanMobility": "GtfsStop",
    "WasteManagement": "WasteContainer",
    "Weather": "WeatherObserved",
}
"""Types whose name and attributes are those of the Smart Data Models, by the subject they are found under."""
SMART = frozenset(kind for kinds in SUBJECTS.values() for kind in kinds.split())


def members(kind: str) -> dict[str, Member]:
    """The attributes of a type of our own."""
    return {**CITY[kind], "location": PLACE, "unit": UNIT}


def example(kind: str) -> dict[str, Any]:
    """An entity of a type of our own that has everything."""
    found: dict[str, Any] = {"id": f"urn:ngsi-ld:{kind}:example", "type": kind}
    for name, member in members(kind).items():
        value = {"type": member.kind, "object" if member.kind == "Relationship" else "value": member.example}
        found[name] = {**value, "unitCode": member.unit} if member.unit else value
    return found


def context() -> dict[str, Any]:
    """The @context document."""
    names = {*CITY, *SMART} | {name for kind in CITY for name in CITY[kind]} | {"unit"}
    return {"@context": {name: full(name) for name in sorted(names)}}


@lru_cache(maxsize=1)
def document() -> bytes:
    """The @context document as it is served."""
    return orjson.dumps(context(), option=orjson.OPT_INDENT_2)


def markdown() -> str:
    """The tables of ``docs/look-up/vocabulary.md``."""
    lines: list[str] = []
    for kind in CITY:
        lines += [f"### {kind}", "", "| attribute | kind | unit | meaning | example |", "|---|---|---|---|---|"]
        for name, member in members(kind).items():
            shown = orjson.dumps(member.example).decode()
            lines.append(f"| `{name}` | {member.kind} | {member.unit} | {member.text} | `{shown}` |")
        lines.append("")
    return "\n".join(lines)
