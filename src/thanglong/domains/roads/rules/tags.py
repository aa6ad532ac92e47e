"""What OpenStreetMap's tags mean for driving in a Vietnamese city.

Access goes from general to special (the special word wins); speeds are ``maxspeed`` where it is signed, else what an
empty street of that kind allows in town. Emergency vehicles pass signs that forbid motor traffic, not what is narrower
than they are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from thanglong.domains.roads.rules import hours
from thanglong.domains.roads.types import CLASSES
from thanglong.solve.routing.network import CAR, EMERGENCY, MOTORBIKE

Tags = Mapping[str, str]
# highway value -> (class drawn, km/h on an empty street, vehicles it is open to without any sign)
HIGHWAYS: Mapping[str, tuple[str, float, int]] = {
    "motorway": ("motorway", 90, CAR | EMERGENCY),
    "motorway_link": ("motorway", 50, CAR | EMERGENCY),
    "trunk": ("trunk", 60, CAR | MOTORBIKE | EMERGENCY),
    "trunk_link": ("trunk", 40, CAR | MOTORBIKE | EMERGENCY),
    "primary": ("primary", 50, CAR | MOTORBIKE | EMERGENCY),
    "primary_link": ("primary", 35, CAR | MOTORBIKE | EMERGENCY),
    "secondary": ("secondary", 45, CAR | MOTORBIKE | EMERGENCY),
    "secondary_link": ("secondary", 30, CAR | MOTORBIKE | EMERGENCY),
    "tertiary": ("tertiary", 40, CAR | MOTORBIKE | EMERGENCY),
    "tertiary_link": ("tertiary", 30, CAR | MOTORBIKE | EMERGENCY),
    "unclassified": ("residential", 35, CAR | MOTORBIKE | EMERGENCY),
    "residential": ("residential", 30, CAR | MOTORBIKE | EMERGENCY),
    "road": ("residential", 25, CAR | MOTORBIKE | EMERGENCY),
    "living_street": ("residential", 15, CAR | MOTORBIKE | EMERGENCY),
    "service": ("residential", 20, CAR | MOTORBIKE | EMERGENCY),
    "pedestrian": ("residential", 10, EMERGENCY),
    "busway": ("tertiary", 40, EMERGENCY),
    "track": ("residential", 15, MOTORBIKE | EMERGENCY),
    "path": ("residential", 12, 0),
    "footway": ("residential", 8, 0),
    "cycleway": ("residential", 15, 0),
}
SERVICE_SPEED = {"alley": 15.0, "driveway": 12.0, "parking_aisle": 10.0, "drive-through": 8.0}
UNPAVED = {"unpaved", "gravel", "dirt", "ground", "earth", "sand", "mud", "grass", "fine_gravel", "compacted"}
UNPAVED_SPEED = 20.0
BARRED = {"no", "private", "agricultural", "forestry", "agricultural;forestry", "military", "permit", "use_sidepath"}
SPECIAL = {CAR: ("motorcar",), MOTORBIKE: ("motorcycle", "moped")}
AMBULANCE_METRES, CAR_METRES = 2.2, 2.0
ONEWAY_YES, ONEWAY_BACK = {"yes", "true", "1"}, {"-1", "reverse"}
BARRIERS_BAR: Mapping[str, int] = {
    "bollard": CAR | EMERGENCY, "block": CAR | EMERGENCY, "jersey_barrier": CAR | EMERGENCY, "log": CAR | EMERGENCY,
    "cycle_barrier": CAR | MOTORBIKE | EMERGENCY, "debris": CAR | MOTORBIKE | EMERGENCY, "chain": CAR,
    "motorcycle_barrier": CAR | MOTORBIKE | EMERGENCY, "turnstile": CAR | MOTORBIKE | EMERGENCY,
}  # fmt: skip
RESTRICTION = re.compile(r"^(no|only)_(left_turn|right_turn|straight_on|u_turn|entry|exit)$")
TIMED = re.compile(r"^(?:no|private)\s*@\s*(?:\(([^@()]*)\)|([^@()]+))$")
TIMED_FOR = {"access": CAR | MOTORBIKE, "vehicle": CAR | MOTORBIKE, "motor_vehicle": CAR | MOTORBIKE, "motorcar": CAR,
             "motorcycle": MOTORBIKE}  # fmt: skip
VEHICLE_OF = {"motorcar": CAR, "motorcycle": MOTORBIKE, "emergency": EMERGENCY, "motor_vehicle": CAR | MOTORBIKE}


@dataclass(frozen=True, slots=True)
class Meaning:
    """A way as driven: class index, km/h, vehicles along it and against it, whether it is a bridge, its name, and which
    vehicles are barred at which hours."""

    kind: int
    speed: float
    forward: int
    backward: int
    bridge: bool
    name: str
    timed: tuple[tuple[int, str], ...] = ()


def meaning(tags: Tags, problems: list[str]) -> Meaning | None:
    """What a way is for driving; None when no vehicle drives on it. What is not understood goes to ``problems``."""
    known = HIGHWAYS.get(tags["highway"])
    if known is None or tags.get("area") == "yes":
        return None
    kind, speed, open_to = known
    vehicles = access(tags, open_to, problems)
    if not vehicles:
        return None
    forward, backward = directions(tags, vehicles, problems)
    name = tags.get("name") or tags.get("ref") or ""
    bridge = tags.get("bridge", "no") != "no"
    return Meaning(CLASSES.index(kind), speed_of(tags, speed, problems), forward, backward, bridge, name,
                   bars(tags, vehicles, problems))  # fmt: skip


def access(tags: Tags, open_to: int, problems: list[str]) -> int:
    """The vehicles a way is open to."""
    vehicles = open_to & EMERGENCY
    if tags.get("emergency") in ("yes", "designated", "official"):
        vehicles |= EMERGENCY
    elif tags.get("emergency") == "no":
        vehicles = 0
    for vehicle, words in SPECIAL.items():
        allowed = bool(open_to & vehicle)
        for key in ("access", "vehicle", "motor_vehicle", *words):
            if key in tags:
                allowed = tags[key] not in BARRED and (allowed or key not in ("access", "vehicle"))
        vehicles |= vehicle if allowed else 0
    width = metres(tags.get("maxwidth:physical") or tags.get("maxwidth") or tags.get("width"))
    narrow = tags.get("service") == "alley" and not vehicles & CAR
    if (width is not None and width < AMBULANCE_METRES) or (width is None and narrow):
        vehicles &= ~EMERGENCY
    if width is not None and width < CAR_METRES:
        vehicles &= ~CAR
    return vehicles


def bars(tags: Tags, vehicles: int, problems: list[str]) -> tuple[tuple[int, str], ...]:
    """The vehicles a way is closed to at certain hours, with these hours. Emergency vehicles pass such signs; other
    conditions, and hours that are not understood, go to ``problems``."""
    found = []
    for key, text in tags.items():
        word, _, condition = key.partition(":")
        if condition != "conditional":
            continue
        bound = TIMED_FOR.get(word, 0) & vehicles
        match = TIMED.match(text)
        if match is not None and bound and hours.parse(match[1] or match[2]) is not None:
            found.append((bound, match[1] or match[2]))
        elif bound:
            problems.append("conditional")
        elif word == "maxspeed":
            problems.append("maxspeed_timed")
    return tuple(found)


def directions(tags: Tags, vehicles: int, problems: list[str]) -> tuple[int, int]:
    """The vehicles that may drive a way along its nodes, and against them."""
    oneway = tags.get("oneway", "")
    implied = tags.get("junction") in ("roundabout", "circular") or tags["highway"] in ("motorway", "motorway_link")
    if oneway in ("reversible", "alternating"):
        problems.append("reversible")
    forward = 0 if oneway in ONEWAY_BACK else vehicles
    backward = 0 if oneway in ONEWAY_YES or (implied and oneway != "no" and oneway not in ONEWAY_BACK) else vehicles
    for key, vehicle in (("oneway:motorcycle", MOTORBIKE), ("oneway:motorcar", CAR), ("oneway:emergency", EMERGENCY)):
        own = tags.get(key)
        if own == "no":
            forward, backward = forward | vehicles & vehicle, backward | vehicles & vehicle
        elif own in ONEWAY_YES:
            forward, backward = forward | vehicles & vehicle, backward & ~vehicle
    return forward, backward


def speed_of(tags: Tags, usual: float, problems: list[str]) -> float:
    """Kilometres an hour on an empty street: signed, else usual for its kind; less where the surface is loose."""
    signed = [kmh(part) for key in ("maxspeed", "maxspeed:forward", "maxspeed:backward") if key in tags
              for part in tags[key].split(";")]  # fmt: skip
    known = [speed for speed in signed if speed is not None]
    if len(known) < len(signed):
        problems.append("maxspeed")
    speed = min(known) if known else SERVICE_SPEED.get(tags.get("service", ""), usual)
    return min(speed, UNPAVED_SPEED) if tags.get("surface") in UNPAVED else speed


def kmh(text: str) -> float | None:
    """A signed speed in km/h; None when it is not understood or no speed to drive by (below 5)."""
    named = {"walk": 7.0, "none": 110.0, "VN:urban": 50.0, "VN:rural": 80.0, "VN:motorway": 110.0}
    text = text.strip()
    if text in named:
        return named[text]
    match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*(km/h|kmh|mph)?", text)
    if match is None:
        return None
    speed = float(match[1]) * (1.609344 if match[2] == "mph" else 1.0)
    return speed if 5 <= speed <= 150 else None


def metres(text: str | None) -> float | None:
    """A width in metres; None when missing or not understood."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*m?\s*", text or "")
    return float(match[1]) if match else None


def barred_at(tags: Tags) -> int:
    """The vehicles that cannot pass a node: its barrier, unless the node's own signs let them."""
    barrier = tags.get("barrier")
    if barrier is None:
        return 0
    bits = BARRIERS_BAR.get(barrier, 0)
    for vehicle, words in SPECIAL.items():
        for key in ("access", "vehicle", "motor_vehicle", *words):
            if key in tags:
                bits = bits | vehicle if tags[key] in BARRED else bits & ~vehicle
    return bits & ~EMERGENCY if tags.get("emergency") == "yes" else bits


def restriction(tags: Tags) -> tuple[bool, str, int] | None:
    """Whether a turn rule prescribes ("only"), which turn, and whom it binds; None when it is not understood."""
    bound, words = 0, ""
    if "restriction" in tags:
        words, bound = tags["restriction"], CAR | MOTORBIKE
    for vehicle, bits in VEHICLE_OF.items():
        if f"restriction:{vehicle}" in tags:
            words, bound = tags[f"restriction:{vehicle}"], bound | bits
    match = RESTRICTION.match(words)
    if match is None:
        return None
    for word in tags.get("except", "").split(";"):
        bound &= ~VEHICLE_OF.get(word.strip(), 0)
    return match[1] == "only", match[2], bound
