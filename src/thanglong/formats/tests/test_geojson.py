import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box

from thanglong.formats import geojson


def test_there_and_back() -> None:
    text = geojson.write([(box(0, 0, 1, 1), {"name": "Ô"}, "a"), (None, {}, None)])
    first, second = geojson.read(text)
    assert first.geometry is not None
    assert first.geometry.equals(box(0, 0, 1, 1))
    assert (first.id, first.properties, first.number) == ("a", {"name": "Ô"}, 1)
    assert second.geometry is None
    assert not second.fault


def test_rounding_and_height() -> None:
    text = geojson.write([(Point(105.123456789, 21.1), {}, None)], digits=5)
    assert json.loads(text)["features"][0]["geometry"]["coordinates"] == [105.12346, 21.1]
    high = b'{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2,3]}}'
    (feature,) = geojson.read(high)
    assert feature.geometry is not None
    assert not feature.geometry.has_z


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"type":"FeatureCollection"}', '{"type":"Polygon","coordinates":[]}']
)
def test_what_is_no_geojson(text: str) -> None:
    with pytest.raises(geojson.NotGeoJSON):
        geojson.read(text.encode())


@pytest.mark.parametrize(
    "item",
    ["1", "{}", '{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[0,0]]]}}',
     '{"type":"Feature","geometry":{"type":"Blob","coordinates":[]}}', '{"type":"Feature","geometry":{"type":"Point"}}',
     '{"type":"Feature","geometry":7}', '{"type":"Feature","geometry":{"type":"Point","coordinates":[500,1]}}',
     '{"type":"Feature","geometry":{"type":"Point","coordinates":["a",1]}}'],
)  # fmt: skip
def test_faulty_features_are_told_not_raised(item: str) -> None:
    (feature,) = geojson.read(f'{{"type":"FeatureCollection","features":[{item}]}}'.encode())
    assert feature.fault
    assert feature.geometry is None


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-200, 200)
    | st.sampled_from(["Feature", "FeatureCollection", "Polygon", "Point"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "features", "geometry", "coordinates", "properties", "id"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(json_values)
def test_no_json_breaks_the_reader(value: object) -> None:
    with contextlib.suppress(geojson.NotGeoJSON):
        geojson.read(json.dumps(value).encode())
