"""The generated road network: connected, planar at the river, the same for the same seed."""

import numpy as np
import pytest
import shapely

from thanglong.domains.roads.demo.drawing import DRAWN, invent, read
from thanglong.solve.city import CLASSES, City, Roads
from thanglong.solve.network import generate
from thanglong.solve.network.graph import gabriel
from thanglong.solve.sample import sample_city


@pytest.fixture(scope="module")
def city() -> City:
    return sample_city()


@pytest.fixture(scope="module")
def roads(city: City) -> Roads:
    return generate(city, invent(city), edges=9000)


def _segments(roads: Roads) -> np.ndarray:
    ends = [np.column_stack([roads.lon[e], roads.lat[e]]) for e in (roads.u, roads.v)]
    return shapely.linestrings(np.stack(ends, axis=1))


def test_every_node_reaches_every_other(roads: Roads) -> None:
    two = ~roads.oneway
    tails = np.concatenate([roads.u, roads.v[two]])
    heads = np.concatenate([roads.v, roads.u[two]])
    for a, b in ((tails, heads), (heads, tails)):
        reached = np.zeros(len(roads.lon), dtype=bool)
        reached[0] = True
        while True:
            before = reached.sum()
            reached[b[reached[a]]] = True
            if reached.sum() == before:
                break
        assert reached.all()


def test_only_bridges_cross_the_river(roads: Roads) -> None:
    river = shapely.union_all([area.polygon for area in roads.areas if area.kind == "river"])
    assert (shapely.intersects(_segments(roads), river) == roads.bridge).all()
    assert roads.bridge.any()
    assert all(roads.names[i].startswith("Cầu ") for i in np.unique(roads.name[roads.bridge]))


def test_no_street_runs_through_a_lake(roads: Roads) -> None:
    lakes = shapely.union_all([area.polygon for area in roads.areas if area.kind == "lake"]).buffer(-0.0001)
    assert not shapely.intersects(_segments(roads), lakes).any()


def test_same_seed_same_network(city: City, roads: Roads) -> None:
    again = generate(sample_city(), invent(sample_city()), edges=9000)
    for field in ("lon", "lat", "u", "v", "kind", "name", "oneway"):
        assert np.array_equal(getattr(roads, field), getattr(again, field))
    other = generate(sample_city(2), invent(sample_city(2)), edges=9000)
    assert len(other.u) != len(roads.u)


def test_classes_lengths_and_speeds(roads: Roads) -> None:
    assert 5000 < len(roads.u) < 14_000
    assert set(np.unique(roads.kind)) >= {1, 2, 4, 5}
    assert roads.length.min() >= 1.0
    assert roads.speed.min() >= 15
    assert len(CLASSES) > roads.kind.max()
    assert (roads.u != roads.v).all()
    assert 0.005 < roads.oneway.mean() < 0.2


def test_streets_are_denser_where_people_live(city: City, roads: Roads) -> None:
    east, north = city.plane.xy(roads.lon, roads.lat)
    away = np.hypot(east, north)
    inner = (away < 3000).sum() / 9
    outer = ((away > 6000) & (away < 9000)).sum() / 45
    assert inner > 2 * outer


def test_names_lead_along_streets(roads: Roads) -> None:
    main = roads.kind <= 3
    named = roads.name > 0
    assert named[main].mean() > 0.95
    assert any(name.startswith("Ngõ ") for name in roads.names)


def test_gabriel_graph_is_what_it_says() -> None:
    points = np.random.default_rng(7).uniform(0, 1000, (60, 2))
    u, v = gabriel(points)
    found = set(zip(u.tolist(), v.tolist(), strict=True))
    for i in range(60):
        for j in range(i + 1, 60):
            middle = (points[i] + points[j]) / 2
            radius = np.hypot(*(points[i] - points[j])) / 2
            away = np.hypot(*(points - middle).T)
            away[[i, j]] = np.inf
            assert ((i, j) in found) == bool(away.min() >= radius)


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_drawn_cities_can_be_read(name: str) -> None:
    sketch = read(DRAWN[name])
    assert sum(line.name.startswith("Vành đai") for line in sketch.lines) >= 3
    assert len(sketch.bridges) >= 5
    assert all(area.polygon.is_valid and not area.polygon.is_empty for area in sketch.areas)
    assert any(river.barrier for river in sketch.rivers)
