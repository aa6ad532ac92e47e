"""The workload of a city of ten million people: how many things, how many cases, how often, and how sure we are.

Our own restatement. ``read`` figures stand in a published source, ``derived`` ones are scaled from one, ``guess`` ones
are ours until a better one is found. Everything scales linearly; the demo city takes a hundredth by default.
"""

from collections.abc import Mapping
from dataclasses import dataclass

POPULATION = 10_000_000
DEFAULT_SCALE = 0.01

SOURCES: Mapping[str, str] = {
    "nyc311": "New York 311, 2003 to 2023: contacts a day and service requests a year",
    "nyc_ems": "New York EMS, 2023: medical emergencies",
    "nyc_fire": "New York fire department, 2014: calls answered",
    "nyc_dot": "New York department of transportation: street lights, signalised intersections",
    "sg_scdf": "Singapore civil defence force, 2024: ambulance calls, fires",
    "sg_parking": "Singapore: parking lots, car parks with electronic parking",
    "seoul": "Seoul Dasan 120, 2010: consultations a day; TOPIS: buses followed",
    "hn_ihanoi": "Hà Nội iHanoi, 2024: field reports, complaints, visits, accounts",
    "hn_traffic": "Hà Nội traffic centre, December 2025: cameras, controllers, signalised junctions",
    "hn_fire": "Hà Nội, first quarter of 2025: fires, vehicle turns",
    "hcm_115": "Hồ Chí Minh City 115, 2021 and 2025: calls, stations, ambulances, target per 100,000 people",
    "hcm_114": "Hồ Chí Minh City 114, January 2023: calls",
    "hcm_lights": "Hồ Chí Minh City, about 2016: public lights",
    "vn_dvc": "national public-service portal, July 2025: dossiers a day",
    "brief": "the founding text of the project: six data-centre complexes, 1,200 MW",
    "own": "our own estimate",
}


@dataclass(frozen=True, slots=True)
class Things:
    """Devices of one kind: how many, seconds between reports (0: by event, ``events`` a day each), bytes a report."""

    count: int
    period_s: int
    events: int
    payload: int
    confidence: str
    source: str


@dataclass(frozen=True, slots=True)
class Work:
    """Cases of one kind: a day, state changes each, factor of the worst day, share of the worst hour in a day."""

    per_day: int
    changes: int
    worst_day: float
    worst_hour: float
    confidence: str
    source: str


THINGS: Mapping[str, Things] = {
    "Streetlight": Things(300_000, 900, 0, 180, "derived", "nyc_dot, hcm_lights"),
    "StreetlightControlCabinet": Things(6000, 60, 0, 400, "guess", "own: 50 lamps a cabinet"),
    "TrafficSignal": Things(1000, 5, 0, 300, "derived", "hn_traffic (564 now), nyc_dot (13,250 is the high case)"),
    "TrafficFlowObserved": Things(10_000, 60, 0, 220, "guess", "own: ten a junction"),
    "Camera": Things(2000, 10, 0, 600, "derived", "hn_traffic (1,837)"),
    "Bus": Things(5000, 10, 0, 200, "derived", "seoul (about 9,000)"),
    "ServiceVehicle": Things(2000, 15, 0, 180, "guess", "own"),
    "Ambulance": Things(150, 5, 0, 220, "derived", "hcm_115"),
    "FireEngine": Things(400, 5, 0, 220, "guess", "own"),
    "ParkingSpot": Things(200_000, 0, 12, 160, "derived", "sg_parking"),
    "OffStreetParking": Things(2000, 30, 0, 300, "derived", "sg_parking (over 1,900)"),
    "Environment": Things(3000, 60, 0, 300, "guess", "own: air, weather, flood"),
    "Kiosk": Things(1500, 60, 0, 200, "guess", "own: two a ward office and public places"),
    "DataCentrePoint": Things(60_000, 10, 0, 140, "guess", "brief, own: aggregated on site"),
    "FireHydrant": Things(12_000, 0, 0, 160, "guess", "own"),
}

WORK: Mapping[str, Work] = {
    "contact": Work(100_000, 2, 3, 0.10, "read", "nyc311, seoul"),
    "request": Work(10_000, 12, 4, 0.12, "derived", "nyc311, hn_ihanoi"),
    "dossier": Work(20_000, 25, 2, 0.18, "guess", "vn_dvc, own"),
    "medical": Work(5000, 20, 5, 0.08, "derived", "nyc_ems, sg_scdf, hcm_115"),
    "fire": Work(1500, 20, 10, 0.10, "derived", "nyc_fire, hcm_114, hn_fire"),
    "incident": Work(600, 8, 3, 0.12, "guess", "own"),
    "violation": Work(20_000, 6, 2, 0.10, "guess", "hn_traffic, own"),
    "parking": Work(600_000, 2, 1.5, 0.12, "guess", "own: three sessions a space"),
    "lamp": Work(400, 8, 3, 0.12, "guess", "own: about 4 % of lamps a month"),
    "device": Work(5000, 4, 20, 0.30, "guess", "own: a power cut in one ward is thousands at once"),
}

STAFF, STAFF_AT_ONCE = 130_000, 20_000
DATACENTRE_MW = 1200

# share of a day by local hour, for work that is no emergency; sums to 1
HOURLY = (
    *(0.008, 0.006, 0.005, 0.005, 0.008, 0.018, 0.035, 0.060, 0.085, 0.085, 0.075, 0.060),
    *(0.045, 0.060, 0.075, 0.075, 0.068, 0.055, 0.045, 0.040, 0.033, 0.027, 0.017, 0.010),
)


def things(kind: str, scale: float = DEFAULT_SCALE, least: int = 0) -> int:
    """How many things of a kind a city of this scale has, at least ``least``."""
    return max(least, round(THINGS[kind].count * scale))


def messages_per_second(scale: float = 1.0) -> float:
    """Mean telemetry of all things together."""
    total = sum(k.count / k.period_s if k.period_s else k.count * k.events / 86_400 for k in THINGS.values())
    return total * scale


def cases_per_day(kind: str, scale: float = DEFAULT_SCALE) -> float:
    """Mean cases of a kind a day."""
    return WORK[kind].per_day * scale
