"""Which context sources an operation concerns (clauses 4.3.6 and 5.12 of the standard). Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from thanglong.formats.ngsild.operations import offered
from thanglong.formats.ngsild.registrations import MEMBERS, PROXIED, attribute_names, geometry_of

EVERYTHING = None
"""What :func:`covered` answers when a source stands for all attributes of an entity."""
Covered = frozenset[str] | None
TypeTest = Callable[[frozenset[str]], bool]


@dataclass(frozen=True, slots=True)
class EntityInfo:
    """Entities a source has: by types (none: any), by id, by a pattern of ids (else all ids)."""

    types: frozenset[str]
    id: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Information:
    """One RegistrationInfo: of which entities (none: all), which attributes (none: all)."""

    entities: tuple[EntityInfo, ...]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Source:
    """A registered context source. ``timeout``, ``cooldown`` and ``cache`` are seconds (0: not said)."""

    id: str
    endpoint: str
    mode: str
    operations: frozenset[str]
    information: tuple[Information, ...]
    tenant: str
    alias: str
    host_alias: str
    extra: tuple[tuple[str, str], ...]
    local_only: bool
    timeout: float
    cooldown: float
    cache: float
    expires: datetime | None
    datasets: frozenset[str]
    document: Mapping[str, Any]

    @property
    def proxied(self) -> bool:
        """Whether what it stands for is held nowhere else."""
        return self.mode in PROXIED

    @property
    def temporal(self) -> bool:
        """Whether it answers for the past (then not for the present)."""
        return "observationInterval" in self.document or "managementInterval" in self.document

    def extra_value(self, key: str) -> str:
        """A value of its contextSourceInfo, or an empty text."""
        return next((value for name, value in self.extra if name.lower() == key.lower()), "")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an operation is about: types (a test on a set of types), ids, a pattern of ids, names of attributes."""

    types: TypeTest | None = None
    ids: tuple[str, ...] = ()
    pattern: str = ""
    names: frozenset[str] = frozenset()


def any_of(types: Iterable[str]) -> TypeTest | None:
    """A test for one of these types; None for no types."""
    wanted = frozenset(types)
    return (lambda kinds: not wanted.isdisjoint(kinds)) if wanted else None


def source_of(document: Mapping[str, Any]) -> Source:
    """A kept registration made ready to be asked."""
    management = document.get("management", {})
    return Source(
        id=document["id"],
        endpoint=document["endpoint"].rstrip("/"),
        mode=document.get("mode", "inclusive"),
        operations=offered(document.get("operations")),
        information=tuple(_information(info) for info in document["information"]),
        tenant=document.get("tenant", ""),
        alias=document.get("contextSourceAlias", ""),
        host_alias=document.get("hostAlias", ""),
        extra=tuple((pair["key"], pair["value"]) for pair in document.get("contextSourceInfo", ())),
        local_only=bool(management.get("localOnly", document.get("localOnly", False))),
        timeout=management.get("timeout", 0) / 1000,
        cooldown=management.get("cooldown", 0) / 1000,
        cache=seconds_of(management.get("cacheDuration", "")),
        expires=datetime.fromisoformat(document["expiresAt"]) if "expiresAt" in document else None,
        datasets=frozenset(document.get("datasetId", ())),
        document=document,
    )


def _information(info: Mapping[str, Any]) -> Information:
    entities = tuple(
        EntityInfo(frozenset(entity.get("type", ())), entity.get("id", ""), entity.get("idPattern", ""))
        for entity in info.get("entities", ())
    )
    return Information(entities, frozenset(attribute_names(info)))


UNITS = {"Y": 31_556_952, "W": 604_800, "D": 86_400, "H": 3600, "S": 1}


def seconds_of(duration: str) -> float:
    """Seconds of an ISO 8601 duration (months count 30.4 days); 0 for an empty text."""
    date, _, time = duration.removeprefix("P").partition("T")
    found = 0.0
    for part, month in ((date, 2_629_746), (time, 60)):
        for number, unit in re.findall(r"([\d.,]+)([YMWDHS])", part):
            found += float(number.replace(",", ".")) * (month if unit == "M" else UNITS[unit])
    return found


@lru_cache(maxsize=2048)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _fits(entity: EntityInfo, wanted: Wanted) -> bool:
    if wanted.types is not None and entity.types and not wanted.types(entity.types):
        return False
    if not (entity.id or entity.pattern) or not (wanted.ids or wanted.pattern):
        return True
    if entity.id:
        named = entity.id in wanted.ids
        return named or bool(wanted.pattern and not wanted.ids and _compiled(wanted.pattern).search(entity.id))
    if wanted.ids:
        return any(_compiled(entity.pattern).search(id) for id in wanted.ids)
    return True


def matching(source: Source, wanted: Wanted) -> list[Information]:
    """The parts of a registration that concern an operation (none: it does not)."""
    return [
        info
        for info in source.information
        if (not info.entities or any(_fits(entity, wanted) for entity in info.entities))
        and (not info.names or not wanted.names or not info.names.isdisjoint(wanted.names))
    ]


def covered(source: Source, id: str, types: Iterable[str]) -> Covered:
    """The attributes of one entity a source stands for: names, none, or EVERYTHING."""
    found: frozenset[str] = frozenset()
    for info in matching(source, Wanted(any_of(types), (id,) if id else ())):
        if not info.names:
            return EVERYTHING
        found |= info.names
    return found


def ids_for(infos: Sequence[Information], wanted: Wanted) -> tuple[str, ...]:
    """The ids to ask a source for: what is wanted, cut to what the matching parts name; empty: no ids."""
    if any(not info.entities for info in infos):
        return wanted.ids
    fitting = [entity for info in infos for entity in info.entities if _fits(entity, wanted)]
    if any(not entity.id and not entity.pattern for entity in fitting):
        return wanted.ids
    if wanted.ids:
        return tuple(
            id
            for id in wanted.ids
            if any(id == entity.id or (entity.pattern and _compiled(entity.pattern).search(id)) for entity in fitting)
        )
    if any(entity.pattern for entity in fitting):
        return ()
    return tuple(dict.fromkeys(entity.id for entity in fitting))


def names_for(infos: Sequence[Information], wanted: frozenset[str]) -> frozenset[str]:
    """The attributes to ask a source for: what is wanted, cut to what the matching parts name; empty: all."""
    if any(not info.names for info in infos):
        return wanted
    named = frozenset().union(*(info.names for info in infos))
    return named & wanted if wanted else named


def overlapping(document: Mapping[str, Any], other: Source) -> bool:
    """Whether a new registration claims attributes of an entity that another holds exclusively, or the reverse."""
    mode = document.get("mode", "inclusive")
    if mode not in PROXIED or not other.proxied or (mode == "redirect" and other.mode == "redirect"):
        return False
    mine = source_of(document)
    single, wide = (mine, other) if mode == "exclusive" else (other, mine)
    for info in single.information:
        for entity in info.entities:
            both = covered(wide, entity.id, entity.types)
            if both is EVERYTHING or not info.names.isdisjoint(both):
                return True
    return False


def properties(document: Mapping[str, Any]) -> dict[str, Any]:
    """The context source's own properties as an entity: what csf is asked of."""
    found: dict[str, Any] = {"id": document["id"], "type": document["type"]}
    for key, value in document.items():
        if key in ("location", "observationSpace", "operationSpace"):
            found[key] = {"type": "GeoProperty", "value": geometry_of(value)}
        elif key == "scope":
            found[key] = value
        elif key not in found and key not in ("information", "contextSourceInfo"):
            whole = isinstance(value, Mapping) and key not in MEMBERS and "type" in value
            found[key] = value if whole else {"type": "Property", "value": value}
    return found


def period_of(document: Mapping[str, Any], by: str) -> tuple[datetime, datetime | None] | None:
    """The period a source answers for, by the temporal property asked for."""
    period = document.get("observationInterval" if by in ("", "observedAt") else "managementInterval")
    if period is None:
        return None
    end = period.get("endAt")
    return datetime.fromisoformat(period["startAt"]), datetime.fromisoformat(end) if end else None


def in_period(
    period: tuple[datetime, datetime | None] | None, relation: str, at: datetime, until: datetime | None
) -> bool:
    """Whether a temporal query touches a period."""
    if period is None:
        return False
    start, end = period
    if relation == "before":
        return start <= at
    if relation == "after":
        return end is None or end >= at
    return (end is None or end >= at) and (until is None or start <= until)


def via(text: str) -> list[str]:
    """The names in a Via header: who has handled the request already, oldest first."""
    found = []
    for item in text.split(","):
        words = item.split()
        if len(words) >= 2:
            found.append(words[1])
        elif words:
            found.append(words[0])
    return found
