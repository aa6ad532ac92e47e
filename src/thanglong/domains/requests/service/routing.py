"""Where a report goes: the routing table applied to the city's units and things."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from thanglong.core.places import service as places
from thanglong.core.places.types import LOCAL_KINDS, Unit
from thanglong.core.things import service as things
from thanglong.domains.requests.repository import reports
from thanglong.domains.requests.rules import RULES, route
from thanglong.domains.requests.types import Route, RouteFacts, RouteRule
from thanglong.kit import clock, ports
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import SYSTEM, Actor
from thanglong.kit.text import fold

_KIND_WORDS = ("phuong", "xa", "thi tran", "dac khu", "ward", "commune")
_UNIT_URN = "urn:ngsi-ld:Unit:"


def offices() -> dict[str, UUID]:
    """The city's offices by code."""
    found = {}
    for rule in RULES:
        code = rule.to.partition(":")[2]
        office = places.office(code) if code else None
        if office is not None:
            found[code] = office.id
    return found


def unit_by_address(address: str) -> Unit | None:
    """The ward whose name stands in an address, looked for from its end; None when there is none or no single one."""
    for part in reversed(address.replace(";", ",").split(",")):
        plain = fold(part)
        for word in _KIND_WORDS:
            plain = plain.removeprefix(f"{word} ")
        if not plain:
            continue
        same = [unit for unit in places.find(part.strip(), limit=5) if unit.kind in LOCAL_KINDS]
        same = [unit for unit in same if fold(unit.short_name) == plain]
        if len(same) == 1:
            return same[0]
    return None


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
) -> Route:
    """The one unit responsible for a report, and the rule that says so."""
    where = places.unit_at(lon, lat) if lon is not None and lat is not None else None
    where = where or unit_by_address(address)
    hour = clock.local(at or clock.now()).hour
    facts = RouteFacts(
        category, where.id if where else None, where.kind.value if where else "", keeper(thing), hour, urgent
    )
    return route(facts, offices(), places.city().id)


@dataclass(frozen=True, slots=True)
class Moved:
    """What a changed table would do: from unit to unit, how many of the looked-at reports."""

    before: UUID
    after: UUID
    count: int


def dry_run(actor: Actor, rules: Sequence[RouteRule], limit: int = 1000) -> list[Moved]:
    """Where the newest reports would go under other rules, compared with the present ones; needs ``places.manage``."""
    ports.require(actor, "places.manage")
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
        moved[route(facts, known, city).unit, route(facts, known, city, rules).unit] += 1
    return [Moved(before, after, n) for (before, after), n in moved.most_common() if before != after]


def misroutes(actor: Actor) -> list[tuple[str, int, int]]:
    """(rule, reports it sent, of which had to be handed on); needs ``measures.view``."""
    ports.require(actor, "measures.view")
    return reports.misroutes()
