"""Routing against plain Dijkstra: random graphs with turn costs, closures and live weights; rules over several streets."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from thanglong.solve.city import METRES_PER_DEGREE
from thanglong.solve.routing import dijkstra
from thanglong.solve.routing.compiled import CLOSED
from thanglong.solve.routing.engine import Engine, outline
from thanglong.solve.routing.hierarchy import Metric, build, customize, everywhere, pin, rank_arcs
from thanglong.solve.routing.network import CAR, EVERYONE, Network, Restriction, arcs_of
from thanglong.solve.routing.turns import turns_of
from thanglong.solve.routing.weights import PROFILES, blend


def town(side: int, seed: int, restrictions: int = 0) -> Network:
    """A grid of streets with holes, one-ways, bends and random turn rules."""
    r = np.random.default_rng(seed)
    n = side * side
    number = np.arange(n).reshape(side, side)
    u = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    v = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    kept = r.random(len(u)) < 0.9
    u, v = u[kept], v[kept]
    m = len(u)
    lon = 105.8 + 0.001 * (np.arange(n) % side) + r.uniform(-2e-4, 2e-4, n)
    lat = 21.0 + 0.001 * (np.arange(n) // side) + r.uniform(-2e-4, 2e-4, n)
    bends = r.integers(0, 3, m)
    owner = np.repeat(np.arange(m), bends)
    t = r.random(len(owner))
    zero = np.zeros(m, dtype=np.int64)
    net = Network(
        lon, lat, r.random(n) < 0.2, u, v, r.uniform(20, 300, m), zero + 5, r.choice([15.0, 30.0, 50.0], m), zero, zero,
        zero > 0, np.full(m, EVERYONE, np.uint8), np.where(r.random(m) < 0.25, 0, EVERYONE).astype(np.uint8),
        np.concatenate([[0], np.cumsum(bends)]), lon[u[owner]] * (1 - t) + lon[v[owner]] * t,
        lat[u[owner]] * (1 - t) + lat[v[owner]] * t, ("",),
    )  # fmt: skip
    return replace(net, restrictions=tuple(_rules(net, r, restrictions)))


def _rules(net: Network, r: np.random.Generator, count: int) -> list[Restriction]:
    arcs = arcs_of(net)
    made = []
    for _ in range(count):
        path = [int(r.integers(arcs.size))]
        for _ in range(int(r.integers(1, 4))):
            onward = np.flatnonzero((arcs.tail == arcs.head[path[-1]]) & (arcs.stretch != arcs.stretch[path[-1]]))
            if len(onward):
                path.append(int(r.choice(onward)))
        if len(path) > 1:
            made.append(
                Restriction(
                    tuple(arcs.stretch[path].tolist()), tuple(arcs.ahead[path].tolist()), bool(r.random() < 0.3)
                )
            )
    return made


def metric_of(net: Network, seed: int) -> tuple[Metric, list[int], list[int], list[int], list[int]]:
    r = np.random.default_rng(seed)
    arcs = arcs_of(net)
    turns = turns_of(net, arcs)
    rank = rank_arcs(*net.plane(), arcs.tail, arcs.head, turns.arc)
    assert sorted(rank.tolist()) == list(range(len(turns.arc)))
    node, turn = r.integers(1, 1000, len(turns.arc)), r.integers(0, 300, len(turns.source))
    node[r.random(len(node)) < 0.08] = CLOSED
    turn[r.random(len(turn)) < 0.05] = CLOSED
    made = customize(build(rank, turns.source, turns.target), node, turn)
    return made, turns.source.tolist(), turns.target.tolist(), turn.tolist(), node.tolist()


@settings(max_examples=25, deadline=None)
@given(side=st.integers(2, 7), seed=st.integers(0, 10_000), rules=st.integers(0, 5))
def test_every_time_and_way_equals_dijkstra(side: int, seed: int, rules: int) -> None:
    made, source, target, turn, node = metric_of(town(side, seed, rules), seed)
    size = len(node)
    cost = {(a, b): ms for a, b, ms in zip(source, target, turn, strict=True)}
    pinned = pin(made.hierarchy, range(0, size, 2))
    for start in range(0, size, max(size // 6, 1)):
        right = dijkstra.from_one(start, source, target, turn, node)
        assert everywhere(made, start).tolist() == right
        later = dijkstra.from_one(size - 1, source, target, turn, node)
        first = [min(a, b + 50, CLOSED) for a, b in zip(right, later, strict=True)]
        assert everywhere(made, [start, size - 1], [0, 50]).tolist() == first
        assert pinned.times_from(made, [start])[0].tolist() == right[::2]
        for end in range(0, size, max(size // 6, 1)):
            assert everywhere(made, end, towards=True)[start] == right[end]
            assert pin(made.hierarchy, [start]).times_to(made, [end])[0, 0] == right[end]
            ms, way = made.way(start, end)
            assert ms == made.between(start, end) == right[end]
            if ms < CLOSED:
                assert (way[0], way[-1]) == (start, end)
                assert sum(cost[a, b] + node[b] for a, b in zip(way.tolist(), way.tolist()[1:], strict=False)) == ms


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_new_weights_count_at_once_and_the_old_metric_stays_as_it_was(seed: int) -> None:
    made, source, target, turn, node = metric_of(town(5, seed), seed)
    before = everywhere(made, 0).tolist()
    slower = [ms if ms >= CLOSED else ms * 2 + 1 for ms in node]
    slower[len(slower) // 2] = CLOSED
    again = customize(made.hierarchy, slower, turn)
    assert everywhere(again, 0).tolist() == dijkstra.from_one(0, source, target, turn, slower)
    assert everywhere(made, 0).tolist() == before


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), vehicle=st.sampled_from(sorted(PROFILES)))
def test_routes_times_and_nearest_agree_with_each_other(seed: int, vehicle: str) -> None:
    engine = Engine(town(6, seed, 3))
    r = np.random.default_rng(seed)
    closed = np.flatnonzero(r.random(engine.arcs.size) < 0.05)
    city = engine.view(PROFILES[vehicle], r.uniform(0.2, 1.1, engine.arcs.size), closed)
    lon, lat = r.uniform(105.8, 105.806, 12), r.uniform(21, 21.006, 12)
    starts, ends = (engine.places(lon[part], lat[part], city.vehicle) for part in (slice(0, 6), slice(6, 12)))
    table = engine.times(city, starts, ends)
    assert (table == engine.times(city, starts, ends, engine.pin(starts))).all()
    for i in range(6):
        for j in range(6):
            one, other = (engine.places(lon[[k]], lat[[k]], city.vehicle) for k in (i, 6 + j))
            found = engine.route(city, one, other)
            assert (found.ms if found else CLOSED) == table[i, j]
            if found is None:
                continue
            inner = found.stretches[1:-1]
            shut = set(engine.arcs.stretch[closed].tolist()) if len(closed) else set()
            assert not {s for s in inner.tolist() if s in shut and _both(engine, s, closed)}


def _both(engine: Engine, stretch: int, closed: np.ndarray) -> bool:
    return bool(np.isin(np.flatnonzero(engine.arcs.stretch == stretch), closed).all())


def cross(restrictions: tuple[Restriction, ...]) -> tuple[Engine, object]:
    """A cross of four two-way arms, each arm of two stretches, around node 0: arms east 0, north 1, west 2, south 3."""
    steps = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]) * 0.001
    points = np.vstack([[0, 0], steps, steps * 2]) + [105.8, 21.0]
    u, v = np.array([0, 0, 0, 0, 1, 2, 3, 4]), np.array([1, 2, 3, 4, 5, 6, 7, 8])
    m = len(u)
    zero = np.zeros(m, dtype=np.int64)
    every = np.full(m, EVERYONE, np.uint8)
    net = Network(points[:, 0], points[:, 1], np.zeros(9, bool), u, v, np.full(m, 100.0), zero + 5, np.full(m, 36.0), zero,
                  zero, zero > 0, every, every, np.zeros(m + 1, np.int64), np.empty(0), np.empty(0), ("",), restrictions)  # fmt: skip
    engine = Engine(net)
    return engine, engine.view(PROFILES["car"])


def going(engine: Engine, view: object, a: int, b: int) -> int:
    """Milliseconds from the outer end of one arm to the outer end of another."""
    net = engine.network
    one, other = (engine.places([net.lon[5 + arm]], [net.lat[5 + arm]], PROFILES["car"]) for arm in (a, b))
    return int(engine.times(view, one, other)[0, 0])  # type: ignore[arg-type]


def test_turns_cost_what_they_should() -> None:
    engine, view = cross(())
    straight, right, left = (going(engine, view, 0, arm) for arm in (2, 1, 3))
    assert straight == 40_000
    # driving west: north is to the right, south to the left
    assert (right - straight, left - straight) == (2000, 5000)


def test_a_forbidden_turn_is_not_made_and_a_prescribed_one_is() -> None:
    no_left = Restriction((0, 3), (False, True), only=False)
    engine, view = cross((no_left,))
    assert going(engine, view, 0, 3) > 60_000  # to the end of another arm and back
    assert going(engine, view, 0, 1) == 42_000
    only_straight = Restriction((0, 2), (False, True), only=True)
    engine, view = cross((only_straight,))
    assert going(engine, view, 0, 2) == 40_000
    assert going(engine, view, 0, 1) > 60_000


def test_a_rule_over_a_street_between_binds_only_who_came_from_there() -> None:
    # from the outer east stretch over the inner one: no turn to the north; turning round at the cross is left open
    rule = Restriction((4, 0, 1), (False, False, True), only=False)
    engine, view = cross((rule,))
    assert len(engine.turns.arc) == engine.arcs.size + 1
    assert going(engine, view, 0, 1) > 60_000
    assert going(engine, view, 0, 3) == 45_000
    assert going(engine, view, 2, 1) == 45_000


def test_emergency_vehicles_are_not_bound_by_turn_rules_and_the_siren_is_faster() -> None:
    engine, _ = cross((Restriction((0, 3), (False, True), only=False, vehicles=CAR),))
    net = engine.network
    view = engine.view(PROFILES["ambulance"])
    one, other = (engine.places([net.lon[n]], [net.lat[n]], view.vehicle) for n in (5, 8))
    assert engine.times(view, one, other)[0, 0] == 45_000
    fast, slow = (engine.view(PROFILES[key]) for key in ("siren", "ambulance"))
    assert fast.open_ms.sum() < slow.open_ms.sum()


def test_a_closed_street_is_never_driven_and_one_can_still_leave_it() -> None:
    engine, _ = cross(())
    inner = np.flatnonzero(engine.arcs.stretch == 0)
    view = engine.view(PROFILES["car"], None, inner)
    assert going(engine, view, 0, 2) == CLOSED
    net = engine.network
    inside = engine.places([(net.lon[0] + net.lon[1]) / 2], [net.lat[0]], view.vehicle)
    out = engine.places([net.lon[7]], [net.lat[7]], view.vehicle)
    assert engine.times(view, inside, out)[0, 0] == 25_000


def test_observed_speeds_fade_towards_the_empty_street() -> None:
    assert blend(0.2, 0, 900) == pytest.approx(0.2)
    assert blend(0.2, 900, 900) == pytest.approx(0.6)
    assert blend(0.2, 36_000, 900) == pytest.approx(1.0, abs=1e-3)


def test_what_is_reached_is_what_the_times_say() -> None:
    engine = Engine(town(8, 3))
    view = engine.view(PROFILES["car"])
    start = engine.places([105.803], [21.003], view.vehicle)
    arc, share, enter = engine.reachable(view, start, 90_000)
    times = np.minimum.reduce(
        [
            everywhere(view.metric, s, round((1 - f) * view.open_ms[s]))
            for s, f in zip(start.state.tolist(), start.share.tolist(), strict=True)
        ]
    )
    whole = set(np.flatnonzero(times[: engine.arcs.size] <= 90_000).tolist()) - set(start.state.tolist())
    assert whole == set(arc[(share >= 1) & ~np.isin(arc, start.state)].tolist())
    assert (enter <= 90_000).all()
    area = engine.area(arc, share)
    assert area.is_valid
    ahead = engine.arcs.ahead[arc]
    points = engine.snapper.along(
        engine.arcs.stretch[arc], np.where(ahead, 0, 1 - share), np.where(ahead, share, 1), 200.0
    )
    spots = shapely.points(points / [METRES_PER_DEGREE * engine.network.squeeze, METRES_PER_DEGREE])
    assert shapely.distance(area, spots).max() * METRES_PER_DEGREE < 60


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 100_000), side=st.integers(1, 14), share=st.floats(0.05, 0.95))
def test_the_outline_of_cells_is_the_union_of_their_squares(seed: int, side: int, share: float) -> None:
    cells = np.zeros((side + 2, side + 3), dtype=bool)
    cells[1:-1, 1:-1] = np.random.default_rng(seed).random((side, side + 1)) < share
    cells[1, 1] = True
    row, column = np.nonzero(cells)
    squares = shapely.union_all(shapely.box(column, row, column + 1, row + 1))
    made = outline(cells)
    assert made.is_valid
    assert made.equals(squares)
