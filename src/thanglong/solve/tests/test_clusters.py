"""Clusters: nothing is lost between zooms, boxes and changes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from thanglong.solve.clusters import HIGHEST, LOWEST, Clusters, inside

CITY = (105.3, 20.5, 106.1, 21.4)


def some(n: int, seed: int) -> Clusters:
    rng = np.random.default_rng(seed)
    return Clusters(rng.uniform(105.4, 106.0, n), rng.uniform(20.6, 21.3, n), rng.integers(0, 4, n), 4)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 400), st.integers(0, 999), st.integers(LOWEST, HIGHEST))
def test_every_point_is_counted_once_at_every_zoom(n: int, seed: int, zoom: int) -> None:
    points = some(n, seed)
    cells = points.ask(*CITY, zoom)
    assert [sum(cell.counts[state] for cell in cells) for state in range(4)] == points.counts()
    assert all(CITY[0] <= cell.lon <= CITY[2] and CITY[1] <= cell.lat <= CITY[3] for cell in cells)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 200), st.integers(0, 999), st.lists(st.tuples(st.integers(0, 220), st.integers(-1, 3)), max_size=60)
)
def test_changes_give_the_same_as_counting_anew(n: int, seed: int, changes: list[tuple[int, int]]) -> None:
    points, rng = some(n, seed), np.random.default_rng(seed + 1)
    for number, state in changes:
        points.put(min(number, points.size), rng.uniform(105.4, 106.0), rng.uniform(20.6, 21.3), state)
    anew = Clusters(points.lon[: points.size], points.lat[: points.size], points.state[: points.size], 4)
    for zoom in (6, 11, 15):
        assert sorted(cell.counts for cell in points.ask(*CITY, zoom)) == sorted(
            cell.counts for cell in anew.ask(*CITY, zoom)
        )
    assert points.counts() == anew.counts()


def test_a_part_of_the_map_holds_what_lies_there() -> None:
    points = some(20_000, 3)
    box = (105.7, 20.9, 105.72, 20.92)
    held = inside(points, *box, 10_000)
    assert len(held) <= sum(sum(cell.counts) for cell in points.ask(*box, 15)) <= len(held) * 1.6
