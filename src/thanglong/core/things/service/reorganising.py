"""Things go along with a reform of units: their ``unit`` points to the unit that now holds their place.

They live in a store of their own, so this runs behind the act: a job moves them a batch at a time, may be killed and
repeated, and what is still to go is counted on the act's page.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from thanglong.core.places import service as places
from thanglong.core.things.types import ThingQuery, plain, unit_rel
from thanglong.kit import clock, ports
from thanglong.kit.errors import N_
from thanglong.kit.ports import Actor
from thanglong.kit.reorganising import Affected, Followed, Follower, Point, UnitChange

TASK = "things.rehome"
CHUNK = 1000


def _ends(change: UnitChange) -> list[UUID]:
    """Units none of whose things stay."""
    return [*(unit for unit in change.moves if unit not in change.moves[unit]), *change.abolished]


def _of(unit: UUID) -> ThingQuery:
    return ThingQuery(q=[("unit", "==", unit_rel(unit)["object"])], limit=CHUNK)


class Places(Follower):
    """The units of things."""

    def affected(self, change: UnitChange) -> Sequence[Affected]:
        """Things of the units concerned."""
        count = sum(ports.plugged.things.count(_of(unit)) for unit in change.units)
        note = N_("They go to the unit that holds their place, in the background.")
        return [Affected("things", N_("Things on the map"), count, note)] if count else []

    def in_force(self, change: UnitChange, actor: Actor) -> Followed:
        """Queue the job, in the transaction of the act."""
        ports.plugged.jobs.put(TASK, {"reform": str(change.id)}, key=f"{TASK}:{change.id}")
        return Followed()

    def waiting(self, change: UnitChange) -> int:
        """Things whose unit has ended."""
        return sum(ports.plugged.things.count(_of(unit)) for unit in _ends(change))


def rehome(reform: UUID) -> int:
    """Move all things of a reorganisation in force; how many. Idempotent: what has moved is not found again."""
    change = places.change_now(reform)
    return sum(_move(change, unit) for unit in sorted(change.units)) if change else 0


def _point(entity: dict[str, Any]) -> Point:
    found = plain(entity, "location")
    if isinstance(found, dict) and found.get("type") == "Point":
        lon, lat = found["coordinates"][:2]
        return float(lon), float(lat)
    return None, None


def _move(change: UnitChange, unit: UUID) -> int:
    moved, after = 0, ""
    while True:
        query = ThingQuery(q=_of(unit).q, limit=CHUNK, after=after)
        entities = ports.plugged.things.query(query)
        if not entities:
            return moved
        after = entities[-1]["id"]
        homes = change.homes(unit, [_point(entity) for entity in entities])
        changes = [
            {"id": entity["id"], "type": entity["type"], "unit": unit_rel(home.unit)}
            for entity, home in zip(entities, homes, strict=True)
            if home.unit != unit
        ]
        if changes:
            ports.plugged.things.write(changes, mode="update", at=clock.now())
        moved += len(changes)
