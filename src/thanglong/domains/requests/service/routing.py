"""Where a report goes: the routing model asked about the city's units and things."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from thanglong.core.cases.service import decisions
from thanglong.core.cases.service.decisions import Loaded
from thanglong.core.cases.types import Decided
from thanglong.core.places import service as places
from thanglong.core.places.types import LOCAL_KINDS, FoundAddress, Unit
from thanglong.core.things import service as things
from thanglong.domains.requests.repository import reports
from thanglong.domains.requests.rules import routing
from thanglong.domains.requests.types import Route, RouteFacts
from thanglong.formats.dmn import DmnFault
from thanglong.kit import clock, ports
from thanglong.kit.errors import N_, Invalid, NotFound
from thanglong.kit.ports import SYSTEM, Actor

_UNIT_URN = "urn:ngsi-ld:Unit:"


def offices() -> dict[str, UUID]:
    """The city's offices by code."""
    found = {code: places.office(code) for code in routing.OFFICES}
    return {code: office.id for code, office in found.items() if office is not None}


def asked(facts: RouteFacts, model: Loaded | None = None) -> Decided:
    """What the routing model says about a report; ``model`` is another version to ask instead."""
    loaded = model or decisions.load(routing.MODEL, routing.VERSION)
    return decisions.evaluate(loaded, routing.DECISION, decisions.inputs_of(loaded, routing.inputs(facts))[0])


def route(facts: RouteFacts, known: Mapping[str, UUID], city: UUID, model: Loaded | None = None) -> Route:
    """The one owner of a report; ``known`` maps an office's code to its unit."""
    said = asked(facts, model)
    return routing.settle(facts, said.value, said.rules[0] if said.rules else "none", known, city)


def unit_by_address(address: str) -> Unit | None:
    """The ward or commune of today that an address names, by its own or an earlier name, with or without marks.

    Of an old ward that was divided, the part with the largest share; None when several may be meant.
    """
    found = read_address(address)
    local = [unit for unit in found.units if unit.kind in LOCAL_KINDS] if found else []
    return local[0] if local else None


def read_address(address: str) -> FoundAddress | None:
    """The one meaning of an address; None when it names no ward, or several would be as good."""
    readings = places.find_address(address)
    best = [item for item in readings if item.score == readings[0].score]
    firsts = {item.units[0].id for item in best if item.units}
    return best[0] if len(firsts) == 1 else None


def keeper(thing: str) -> UUID | None:
    """The unit that keeps a thing, or None."""
    if not thing:
        return None
    try:
        entity = things.get(SYSTEM, thing)
    except NotFound:
        return None
    target = str(entity.get("unit", {}).get("object", ""))
    try:
        unit = UUID(target.removeprefix(_UNIT_URN))
        places.unit(unit)
    except (ValueError, NotFound):
        return None
    return unit


def decide(
    category: str,
    lon: float | None,
    lat: float | None,
    address: str,
    urgent: bool,
    thing: str,
    at: datetime | None = None,
) -> tuple[Route, Decided]:
    """The one unit responsible for a report and the rule that says so, and what the model said."""
    where = places.unit_at(lon, lat) if lon is not None and lat is not None else None
    where = where or unit_by_address(address)
    hour = clock.local(at or clock.now()).hour
    facts = RouteFacts(
        category, where.id if where else None, where.kind.value if where else "", keeper(thing), hour, urgent
    )
    said = asked(facts)
    found = routing.settle(facts, said.value, said.rules[0] if said.rules else "none", offices(), places.city().id)
    return found, said


@dataclass(frozen=True, slots=True)
class Moved:
    """What a changed table would do: from unit to unit, how many of the looked-at reports."""

    before: UUID
    after: UUID
    count: int


def dry_run(actor: Actor, source: bytes, limit: int = 1000) -> list[Moved]:
    """Where the newest reports would go under another routing model, compared with the present one; ``source`` is its
    file. Needs ``places.manage``; Invalid when the file is not a model with the routing decision.
    """
    ports.require(actor, "places.manage")
    try:
        other = decisions.compiled(routing.MODEL, 0, source)
    except DmnFault as fault:
        raise Invalid(N_("This file is not a decision model: %(why)s"), why=str(fault)) from None
    if routing.DECISION not in other.compiled.decisions():
        raise Invalid(N_("This model has no decision “%(name)s”."), name=routing.DECISION)
    rows = reports.newest_texts(limit)
    units = places.units_at([row[3] or 0.0 for row in rows], [row[4] or 0.0 for row in rows])
    known, city = offices(), places.city().id
    moved: Counter[tuple[UUID, UUID]] = Counter()
    kinds: dict[UUID, str] = {}
    for (_, category, urgent, _, _, thing, opened_at, _, _), where in zip(rows, units, strict=True):
        if where is not None and where not in kinds:
            kinds[where] = places.unit(where).kind.value
        facts = RouteFacts(
            category, where, kinds.get(where, "") if where else "", keeper(thing), clock.local(opened_at).hour, urgent
        )
        moved[route(facts, known, city).unit, route(facts, known, city, other).unit] += 1
    return [Moved(before, after, n) for (before, after), n in moved.most_common() if before != after]


def misroutes(actor: Actor) -> list[tuple[str, int, int]]:
    """(rule, reports it sent, of which had to be handed on); needs ``measures.view``."""
    ports.require(actor, "measures.view")
    return reports.misroutes()
