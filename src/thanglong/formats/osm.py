"""Roads out of OpenStreetMap files (PBF or XML), as they stand there: ways, nodes, turn restrictions and their tags.

Reading is pyosmium's (BSD-2-Clause). What the tags mean is decided elsewhere. © OpenStreetMap contributors, ODbL 1.0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import osmium

from thanglong.kit.errors import N_, Invalid

Tags = Mapping[str, str]
REPORT_EVERY = 20_000


@dataclass(frozen=True, slots=True)
class Way:
    """A line on the map: its number, the nodes it runs over, its tags."""

    id: int
    nodes: tuple[int, ...]
    tags: Tags


@dataclass(frozen=True, slots=True)
class TurnRule:
    """A relation of type restriction: members by role, the restriction's tags."""

    id: int
    origins: tuple[int, ...]
    via_nodes: tuple[int, ...]
    via_ways: tuple[int, ...]
    targets: tuple[int, ...]
    tags: Tags


@dataclass(slots=True)
class Extract:
    """What a file says of roads: ``places`` (lon, lat) of all nodes on ways, ``marks`` the tags of tagged ones."""

    ways: list[Way] = field(default_factory=list)
    places: dict[int, tuple[float, float]] = field(default_factory=dict)
    marks: dict[int, Tags] = field(default_factory=dict)
    rules: list[TurnRule] = field(default_factory=list)
    cut: int = 0
    """Ways of which a node lies outside the file; they are kept as far as they go."""


def read(path: Path, progress: Callable[[int], None] = lambda seen: None) -> Extract:
    """Read all roads of a file; ``progress`` is told how many objects were seen. Invalid when it cannot be read."""
    if not path.is_file():
        raise Invalid(N_("There is no file %(path)s. Give the path of an OpenStreetMap extract."), path=str(path))
    found = Extract()
    wanted = osmium.filter.KeyFilter("highway", "barrier", "restriction", "type")
    try:
        for seen, item in enumerate(osmium.FileProcessor(str(path)).with_locations().with_filter(wanted)):
            if seen % REPORT_EVERY == 0:
                progress(seen)
            _take(found, item)
    except (RuntimeError, ValueError) as problem:
        raise Invalid(
            N_("%(path)s cannot be read as OpenStreetMap data: %(problem)s"), path=path.name, problem=str(problem)
        ) from None
    return found


def _take(found: Extract, item: Any) -> None:
    if item.is_node():
        if "highway" in item.tags or "barrier" in item.tags:
            found.marks[item.id] = dict(item.tags)
    elif item.is_way():
        if "highway" in item.tags:
            _take_way(found, item)
    elif item.is_relation() and item.tags.get("type", "").startswith("restriction"):
        members: dict[tuple[str, str], list[int]] = {}
        for member in item.members:
            members.setdefault((member.role, member.type), []).append(member.ref)
        found.rules.append(
            TurnRule(
                item.id, tuple(members.get(("from", "w"), ())), tuple(members.get(("via", "n"), ())),
                tuple(members.get(("via", "w"), ())), tuple(members.get(("to", "w"), ())), dict(item.tags),
            )
        )  # fmt: skip


def _take_way(found: Extract, item: Any) -> None:
    nodes: list[int] = []
    whole = True
    for node in item.nodes:
        if not node.location.valid():
            whole = False
            continue
        if not nodes or nodes[-1] != node.ref:
            nodes.append(node.ref)
            found.places[node.ref] = (node.location.lon, node.location.lat)
    found.cut += not whole
    if len(nodes) > 1:
        found.ways.append(Way(item.id, tuple(nodes), dict(item.tags)))
