"""From full lists, one per release, to units with dated states.

A release is the whole list of wards on a day. Reading them in order tells when a unit began, changed and ended; what it
cannot tell is whether a code that stays is still the same unit, and for that there is one rule: :func:`continues`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from thanglong.core.places.rules.periods import DAY
from thanglong.core.places.types import UnitRow


@dataclass(frozen=True, slots=True)
class Identity:
    """What decides whether two dated rows speak of the same unit.

    ``level`` counts steps below the city: a district 1, a ward in a district 2, a ward right under the city 1.
    """

    kind: Literal["district", "local"]
    code: str
    name: str
    parent_code: str
    level: int


def continues(before: Identity, after: Identity) -> bool:
    """Whether a unit lives on under the same code.

    A code is not an identity: on 1 July 2025 every code of the new list had been another unit's. The unit lives on when
    it keeps its level in the tree and at least its parent or its name.
    """
    return (
        before.code == after.code
        and before.level == after.level
        and (before.parent_code == after.parent_code or before.name == after.name)
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """One unit in one release, with the line of the file and the day from which the release holds."""

    line: int
    effective: date
    identity: Identity


def chains(listed: Sequence[Listed]) -> list[UnitRow]:
    """The dated states that a series of releases tells, the rows of one unit under one chain."""
    releases: dict[date, list[Listed]] = {}
    for item in listed:
        releases.setdefault(item.effective, []).append(item)
    open_rows: dict[tuple[str, str], tuple[UnitRow, Identity]] = {}
    done: list[UnitRow] = []
    for day in sorted(releases):
        present: dict[tuple[str, str], Listed] = {_slot(item.identity): item for item in releases[day]}
        for slot, (row, identity) in list(open_rows.items()):
            now = present.get(slot)
            if now is None or now.identity != identity:
                done.append(replace(row, valid_to=day - DAY))
                del open_rows[slot]
                if now is not None and continues(identity, now.identity):
                    open_rows[slot] = (_row(now, row.chain), now.identity)
        for slot, item in present.items():
            if slot not in open_rows:
                open_rows[slot] = (_row(item, f"{slot[0]}:{slot[1]}@{day}"), item.identity)
    return sorted([*done, *(row for row, _ in open_rows.values())], key=lambda row: (row.valid_from, row.line))


def _slot(identity: Identity) -> tuple[str, str]:
    return identity.kind, identity.code


def _row(item: Listed, chain: str) -> UnitRow:
    identity = item.identity
    return UnitRow(item.line, chain, identity.code, identity.name, None, identity.parent_code, item.effective, None)
