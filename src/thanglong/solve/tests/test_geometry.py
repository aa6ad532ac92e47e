import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from thanglong.solve import geometry
from thanglong.solve.lookup import CellIndex

seeds = st.integers(0, 2**32 - 1)


def scatter(seed: int, n: int, size: float = 20_000.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(0, size, n), rng.uniform(0, size, n)


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(1, 60))
def test_cells_share_out_the_land(seed: int, n: int) -> None:
    x, y = scatter(seed, n)
    land = box(-1000, -1000, 21_000, 21_000)
    cells = geometry.voronoi_cells(x, y, land)
    assert sum(cell.area for cell in cells) == pytest.approx(land.area, rel=1e-9)
    assert all(cell.is_valid and cell.covers(shapely.Point(a, b)) for cell, a, b in zip(cells, x, y, strict=True))
    px, py = scatter(seed + 1, 40)
    nearest = np.argmin(np.hypot(px[:, None] - x, py[:, None] - y), axis=1)
    for a, b, best in zip(px, py, nearest, strict=True):
        assert cells[best].distance(shapely.Point(a, b)) < 1e-6


@settings(max_examples=10, deadline=None)
@given(seeds, st.integers(3, 50))
def test_groups_become_connected(seed: int, n: int) -> None:
    x, y = scatter(seed, n)
    cells = geometry.voronoi_cells(x, y, box(-1000, -1000, 21_000, 21_000))
    count = min(4, n)
    group = np.random.default_rng(seed).integers(0, count, n)
    group[:count] = np.arange(count)
    settled = geometry.connected_groups(cells, group, np.arange(count))
    assert (settled[:count] == np.arange(count)).all()
    territories = geometry.union_by_group(cells, settled, count)
    assert sum(shape.area for shape in territories) == pytest.approx(22_000**2, rel=1e-9)
    assert all(shape.geom_type == "Polygon" for shape in territories)


def test_outline_holds_every_point_and_about_the_area() -> None:
    x, y = scatter(3, 80)
    shape = geometry.outline_around(x, y, np.full(80, 1200.0), 500e6)
    assert shape.is_valid
    assert all(shape.covers(shapely.Point(a, b)) for a, b in zip(x, y, strict=True))
    assert shape.area == pytest.approx(500e6, rel=0.15)
    far = geometry.outline_around(np.append(x, 500_000.0), np.append(y, 0.0), np.full(81, 1200.0), 500e6)
    assert far.geom_type == "MultiPolygon", "a far island stays an island"


def test_points_are_moved_apart() -> None:
    x, y = geometry.apart(np.zeros(5), np.zeros(5))
    assert len({(round(a), round(b)) for a, b in zip(x, y, strict=True)}) == 5
    assert np.hypot(x, y).max() < 100


def test_shares() -> None:
    shares = geometry.overlap_shares(box(0, 0, 10, 1), [box(0, 0, 7, 1), box(7, 0, 10, 1), box(20, 0, 21, 1)])
    assert sum(shares) == pytest.approx(1, abs=1e-12)
    assert shares[0] > shares[1] > shares[2] > 0.04
    assert geometry.overlap_shares(box(0, 0, 1, 1), [box(5, 5, 6, 6)] * 2) == [0.5, 0.5]


def test_area_of_a_degree() -> None:
    # a cell of one tenth of a degree at 21 north holds 115.1 km² on the ellipsoid
    assert geometry.area_km2(box(105.0, 20.95, 105.1, 21.05)) == pytest.approx(115.1, rel=0.002)


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(1, 40))
def test_lookup_equals_brute_force(seed: int, n: int) -> None:
    x, y = scatter(seed, n)
    cells = geometry.voronoi_cells(x, y, shapely.Point(10_000, 10_000).buffer(9_000))
    index = CellIndex(cells, side=16)
    px, py = scatter(seed + 7, 60)
    corners = shapely.get_coordinates(cells)[:20]
    asked = np.array([*zip(px, py, strict=True), *corners])
    many = index.find_many(asked[:, 0], asked[:, 1])
    for (a, b), found in zip(asked, many, strict=True):
        holds = np.flatnonzero(shapely.intersects_xy(cells, a, b))
        assert index.find(float(a), float(b)) == (int(holds[0]) if len(holds) else -1)
        assert index.find(float(a), float(b)) == found


def test_lookup_without_polygons() -> None:
    nothing = CellIndex(np.array([], dtype=object))
    assert nothing.find(1, 1) == -1
    assert nothing.find_many(np.ones(3), np.ones(3)).tolist() == [-1, -1, -1]
