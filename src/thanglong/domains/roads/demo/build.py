"""The second step of the demo city: lay the roads and hand them to the steps that follow."""

from collections.abc import Callable

from thanglong.domains.roads import service
from thanglong.domains.roads.demo.drawing import sketch_for
from thanglong.kit.ports import SYSTEM
from thanglong.solve.city import City
from thanglong.solve.network import generate


def build(city: City, report: Callable[[str], None]) -> None:
    """Generate the network of the city's wards, keep it, and set ``city.roads``."""
    roads = generate(city, sketch_for(city))
    service.replace(SYSTEM, roads)
    city.roads = roads
    report(f"{len(roads.u)} stretches of road, {roads.length.sum() / 1000:.0f} km, {len(roads.names)} names")
