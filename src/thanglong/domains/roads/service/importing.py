"""Importing a map: read, cut, connect, order, keep."""

from collections.abc import Callable
from pathlib import Path

from thanglong.domains.roads import repository
from thanglong.domains.roads.rules.importing import network_of
from thanglong.domains.roads.service import network as present
from thanglong.domains.roads.types import Imported
from thanglong.formats import osm
from thanglong.kit import ports
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import Actor
from thanglong.solve.routing.engine import Engine
from thanglong.solve.routing.network import to_roads


def import_file(
    actor: Actor, path: Path, *, dry_run: bool = False, step: Callable[[str], None] = lambda text: None
) -> Imported:
    """Put the roads of an OpenStreetMap file in place of the present ones (permission places.manage).

    Rivers, lakes and parks of the present drawing stay. With ``dry_run`` only the account is made. ``step`` is told
    what is being done.
    """
    ports.require(actor, "places.manage")
    extract = osm.read(path, lambda seen: step(f"read {seen}"))
    network, account = network_of(extract, path.name, step)
    if dry_run:
        return account
    step("order")
    engine = Engine(network)
    try:
        areas = present.load().areas
    except NotFound:
        areas = ()
    step("keep")
    version = present.replace(actor, to_roads(network, areas), network, path.name)
    repository.write_rank(version, engine.rank)
    return account
