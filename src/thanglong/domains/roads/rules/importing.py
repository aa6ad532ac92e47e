"""From an extract of a map to the city's network, with an account of what was made of it."""

from collections.abc import Callable

import numpy as np

from thanglong.domains.roads.rules.cutting import Findings, assemble, cut
from thanglong.domains.roads.types import CLASSES, Imported, VehicleShare
from thanglong.formats.osm import Extract
from thanglong.kit.errors import N_, Invalid
from thanglong.solve.routing.components import Part, keep_largest, largest_parts
from thanglong.solve.routing.network import Network, arcs_of
from thanglong.solve.routing.turns import turns_of


def network_of(extract: Extract, source: str, step: Callable[[str], None]) -> tuple[Network, Imported]:
    """The network of an extract, and what was made of it; Invalid when no vehicle can drive anywhere.

    ``step`` is told the name of each step when it begins: cut, turns, connect.
    """
    findings = Findings()
    step("cut")
    pieces = cut(extract, findings)
    if not pieces.ends:
        raise Invalid(
            N_("There is no road for vehicles in %(source)s. Give an extract with ways that carry the tag highway."),
            source=source,
        )
    whole = assemble(extract, pieces, findings)
    step("turns")
    arcs = arcs_of(whole)
    turns = turns_of(whole, arcs)
    step("connect")
    parts = largest_parts(arcs, turns)
    network = keep_largest(whole, arcs, parts)
    for _ in range(extract.cut):
        findings.count["cut"] += 1
    length = network.length / 1000
    account = Imported(
        source, len(pieces.of_way), len(network.lon), len(network.u), arcs.size, len(turns.source),
        {name: round(float(length[network.kind == i].sum()), 1) for i, name in enumerate(CLASSES)},
        int(network.bridge.sum()), int(network.signals.sum()), len(network.restrictions),
        tuple(_share(part) for part in parts), findings.all(),
    )  # fmt: skip
    return network, account


def _share(part: Part) -> VehicleShare:
    return VehicleShare(part.vehicle, part.open, int(np.count_nonzero(part.kept)), part.parts)
