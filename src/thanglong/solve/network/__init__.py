"""A believable road network for any city: arrays in, arrays out.

A :class:`Sketch` gives what a planner would draw by hand: river, lakes, parks, main roads, bridges. The rest grows from
where people live, in two rounds of the same idea. Points are spread on small rotated lattices (streets near each other
run parallel, neighbouring quarters do not), and joined by their Gabriel graph: two points are joined when no third lies
in the circle over them. The Gabriel graph is a part of the Delaunay triangulation, so streets meet only at nodes.
Round one joins villages and quarters by connecting roads, round two fills them with streets.
"""

import numpy as np

from thanglong.solve.city import City, Roads
from thanglong.solve.network.graph import largest_component, middles
from thanglong.solve.network.grow import URBAN, connect, fill, oneways, quarters, thin
from thanglong.solve.network.land import Land
from thanglong.solve.network.main_roads import main_roads
from thanglong.solve.network.sketch import Line, River, Sketch
from thanglong.solve.street_names import name_streets

__all__ = ["Line", "River", "Sketch", "generate"]

SPEEDS = np.array([90.0, 60.0, 50.0, 45.0, 40.0, 25.0])
EDGES_WANTED = 30_000


def generate(city: City, sketch: Sketch, edges: int = EDGES_WANTED) -> Roads:
    """The road network of a city whose ``wards`` are known, with roughly ``edges`` edges.

    Deterministic in ``city.seed``, the wards and the sketch. The result is one strongly connected component.
    """
    plane = city.plane
    land = Land(city, sketch)
    graph, names = main_roads(sketch, land, plane)
    seeds = quarters(city, land, graph)
    connect(city, graph, land, seeds)
    fill(city, graph, land, seeds, edges)
    thin(graph, city.rng("roads", "thin"))
    oneway = oneways(city, graph)
    speed = SPEEDS[graph.kind] * np.where(city.density.at(*plane.lonlat(*middles(graph).T)) > URBAN, 0.9, 1.1)
    graph, oneway, speed = largest_component(graph, oneway, np.round(speed))
    all_names, name = name_streets(
        graph.xy, graph.u, graph.v, graph.kind, graph.name, names, city.rng("roads", "names")
    )
    lon, lat = plane.lonlat(graph.xy[:, 0], graph.xy[:, 1])
    length = np.hypot(*(graph.xy[graph.u] - graph.xy[graph.v]).T)
    return Roads(lon, lat, graph.u, graph.v, graph.kind, np.maximum(length, 1.0), speed, name, oneway, graph.bridge,
                 all_names, land.areas)  # fmt: skip
