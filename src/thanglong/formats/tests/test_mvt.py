import shapely
from hypothesis import example, given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from thanglong.formats import mvt

Z = 12
X, Y = mvt.tile_at(Z, 105.85, 21.03)
WEST, SOUTH, EAST, NORTH = mvt.bounds(Z, X, Y, margin=0)


def middle() -> tuple[float, float]:
    return (WEST + EAST) / 2, (SOUTH + NORTH) / 2


def test_addresses() -> None:
    assert mvt.exists(0, 0, 0)
    assert mvt.exists(18, (1 << 18) - 1, 0)
    for z, x, y in ((-1, 0, 0), (19, 0, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0)):
        assert not mvt.exists(z, x, y)
    west, south, east, north = mvt.bounds(0, 0, 0, margin=0)
    assert (west, east) == (-180, 180)
    assert round(north, 3) == -round(south, 3) == 85.051
    assert WEST < 105.85 < EAST
    assert SOUTH < 21.03 < NORTH


def test_a_tile_there_and_back() -> None:
    lon, lat = middle()
    layers = {
        "points": [(Point(lon, lat), {"name": "Hồ Gươm", "n": 3, "share": 0.5, "yes": True}, 7)],
        "areas": [(box(WEST, SOUTH, lon, NORTH), {"kind": "ward"}, 1)],
        "nothing": [(Point(0, 0), {}, 1)],
        "empty": [],
    }
    tile = mvt.decode(mvt.encode(layers, Z, X, Y))
    assert set(tile) == {"points", "areas"}
    (point,) = tile["points"]["features"]
    assert point["properties"] == {"name": "Hồ Gươm", "n": 3, "share": 0.5, "yes": True}
    assert point["id"] == 7
    assert all(abs(value - 2048) <= 12 for value in point["geometry"]["coordinates"])
    assert tile["areas"]["extent"] == mvt.EXTENT
    ring = tile["areas"]["features"][0]["geometry"]["coordinates"][0]
    assert max(x for x, _ in ring) in range(2040, 2056)
    # outer rings run clockwise on the screen (y down): their signed area is positive
    area = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, ring[1:], strict=False))
    assert area > 0


def test_nothing_to_draw_is_no_tile() -> None:
    assert mvt.encode({}, Z, X, Y) == b""
    assert mvt.encode({"a": [(box(0, 0, 1, 1), {}, 1)]}, Z, X, Y) == b""
    lon, lat = middle()
    speck = box(lon, lat, lon + 1e-7, lat + 1e-7)
    assert mvt.encode({"a": [(speck, {}, 1), (LineString([(lon, lat), (lon + 1e-7, lat)]), {}, 0)]}, Z, X, Y) == b""


def test_lines_of_one_kind_are_joined() -> None:
    lon, lat = middle()
    lines = [(LineString([(lon, lat), (lon + 0.01, lat + 0.001 * n)]), {"class": "main"}, n) for n in range(1, 5)]
    other = [(LineString([(lon, lat), (lon, lat + 0.01)]), {"class": "local"}, 9)]
    features = mvt.decode(mvt.encode({"roads": [*lines, *other]}, Z, X, Y))["roads"]["features"]
    assert sorted(feature["geometry"]["type"] for feature in features) == ["LineString", "MultiLineString"]


def test_holes_and_parts() -> None:
    w, h = (EAST - WEST) / 10, (NORTH - SOUTH) / 10
    ring = Polygon(
        box(WEST + w, SOUTH + h, WEST + 5 * w, SOUTH + 5 * h).exterior,
        [box(WEST + 2 * w, SOUTH + 2 * h, WEST + 3 * w, SOUTH + 3 * h).exterior.coords],
    )
    both = MultiPolygon([ring, box(WEST + 6 * w, SOUTH + 6 * h, WEST + 9 * w, SOUTH + 9 * h)])
    (feature,) = mvt.decode(mvt.encode({"a": [(both, {}, 1)]}, Z, X, Y))["a"]["features"]
    shape = shapely.geometry.shape(feature["geometry"])
    assert shape.geom_type == "MultiPolygon"
    assert abs(shape.area / (409.6**2 * (16 - 1 + 9)) - 1) < 0.02


coordinates = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@given(st.lists(coordinates, min_size=3, max_size=12), st.integers(0, 18))
@example([(0.0, 0.0), (0.0, 0.0), (101.0, 1.306e-308)], 5)
def test_no_polygon_breaks_a_tile(points: list[tuple[float, float]], z: int) -> None:
    tile = mvt.encode({"a": [(Polygon(points), {}, 1)]}, z, *mvt.tile_at(z, 105.85, 21.03))
    if tile:
        assert mvt.decode(tile)["a"]["features"]
