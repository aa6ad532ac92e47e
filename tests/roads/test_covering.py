"""Who is reached in time: looks, their figures by ward and city, and why a figure is what it is."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import shapely

from thanglong.core.ledger import service as ledger
from thanglong.core.measures import service as measures
from thanglong.core.places import service as places
from thanglong.core.places.types import NewState, NewUnit, UnitKind
from thanglong.core.things import service as things
from thanglong.domains.emergency.measures import COVER
from thanglong.domains.roads import repository
from thanglong.domains.roads.rules.covering import ground_of
from thanglong.domains.roads.service import covering, routing
from thanglong.kit import clock
from thanglong.kit.ids import seeded_id
from thanglong.kit.ports import SYSTEM
from thanglong.solve.city import Roads

pytestmark = pytest.mark.django_db
WEST, EAST = seeded_id("covering", "west"), seeded_id("covering", "east")


@pytest.fixture
def halves(town: Any, sample_roads: Roads) -> float:
    """The city in two wards, west (30,000 people) and east (10,000); the longitude between them."""
    city = places.city()
    lon, lat = sample_roads.lon, sample_roads.lat
    middle = float(np.median(lon))
    for id, name, left, right, people in (
        (WEST, "Tây", float(lon.min()) - 0.1, middle, 30_000), (EAST, "Đông", middle, float(lon.max()) + 0.1, 10_000)
    ):  # fmt: skip
        box = shapely.box(left, float(lat.min()) - 0.1, right, float(lat.max()) + 0.1)
        state = NewState(UnitKind.WARD, name, f"Phường {name}", city.valid_from, parent=city.id, population=people,
                         lon=box.centroid.x, lat=box.centroid.y, boundary=box)  # fmt: skip
        places.bulk_load(SYSTEM, [NewUnit(id, [state])])
    return middle


def stand(kind: str, number: int, spot: tuple[float, float], state: str = "free") -> None:
    things.write(SYSTEM, [{
        "id": f"urn:ngsi-ld:{kind}:{number}", "type": kind, "state": {"type": "Property", "value": state},
        "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": list(spot)}},
    }])  # fmt: skip


def corner(roads: Roads, most: int) -> tuple[float, float]:
    return float(roads.lon[most]), float(roads.lat[most])


def test_what_is_reached_is_what_the_times_of_each_unit_say(halves: float, sample_roads: Roads) -> None:
    west, east = (
        corner(sample_roads, int(sample_roads.lon.argmin())),
        corner(sample_roads, int(sample_roads.lon.argmax())),
    )
    for i, (spot, state) in enumerate(((west, "free"), (east, "returning"), (east, "driving"))):
        stand("Ambulance", i, spot, state)
    stand("AmbulanceStation", 0, west)
    seen = covering.look(COVER)
    assert seen is not None
    assert (seen.free, set(seen.reached)) == (2, {WEST, EAST})
    assert (seen.reached[WEST][0], seen.reached[EAST][0]) == (30_000, 10_000)
    engine, view = routing.engine(), routing.view("siren")
    owners = places.units_at(
        *(
            (getattr(engine.network, key)[engine.network.u] + getattr(engine.network, key)[engine.network.v]) / 2
            for key in ("lon", "lat")
        )
    )
    arcs_of: dict[int, list[int]] = {}
    for arc in np.flatnonzero(engine.arcs.access & view.vehicle.bit).tolist():
        arcs_of.setdefault(int(engine.arcs.stretch[arc]), []).append(arc)
    for column, spots in ((1, [west]), (3, [west, east])):
        places_of = [engine.places([lon], [lat], view.vehicle) for lon, lat in spots]
        first = np.minimum.reduce([engine.entered(view, spot) for spot in places_of])
        for unit in (WEST, EAST):
            whole = reached = 0.0
            for stretch, owner in enumerate(owners):
                arcs = arcs_of.get(stretch, [])
                if owner != unit or not arcs:
                    continue
                length = float(engine.network.length[stretch])
                shares = [min(max((480_000 - first[a]) / max(view.open_ms[a], 1), 0), 1) for a in arcs]
                whole, reached = whole + length, reached + length * max(shares)
            assert seen.reached[unit][column] == pytest.approx(seen.reached[unit][0] * reached / whole, abs=0.02)
    assert all(row[1] <= row[2] and row[1] <= row[3] <= row[4] <= row[0] for row in seen.reached.values())


def test_figures_of_wards_add_up_to_the_citys_and_each_can_be_explained(
    halves: float, town: Any, sample_roads: Roads
) -> None:
    spot = corner(sample_roads, int(sample_roads.lon.argmin()))
    stand("AmbulanceStation", 0, spot)
    noon = clock.now().replace(hour=5, minute=10)
    for hour, state in enumerate(("free", "driving", "free")):
        stand("Ambulance", 0, spot, state)
        with clock.use(clock.Frozen(noon + timedelta(hours=hour))):
            assert covering.look_around() == 1
            assert covering.look_around() == 0, "once an hour"
    day = clock.day_of(noon)
    seen = list(repository.looks("emergency", noon, noon + timedelta(hours=3)))
    assert [look.free for look in seen] == [1, 0, 1]
    assert all(value == 0 for value in seen[1].reached[WEST][3:]), "nobody is free"
    for key, column in (("emergency.free_8", 3), ("emergency.stations_12", 2)):
        figures = {figure.unit: figure for figure in measures.values(SYSTEM, key, first=day, last=day)}
        assert {figure.n for figure in figures.values()} == {3}
        for unit, figure in figures.items():
            mean = sum(look.reached[unit][column] for look in seen) / 3
            assert figure.value == pytest.approx(100 * mean / seen[0].reached[unit][0])
        whole = measures.city_series(SYSTEM, key, day, day)[0]
        mean = sum(look.reached[unit][column] for look in seen for unit in figures) / 3
        assert whole.value == pytest.approx(100 * mean / 40_000)
        told = measures.explain(SYSTEM, key, WEST, day)
        assert told.digest_matches
        assert len(told.inputs) == 3
    with clock.use(clock.Frozen(noon + timedelta(days=2))):
        measures.close_periods()
    entries = ledger.entries(ledger.ObjectRef("measure", f"emergency.free_8/{day.isoformat()}"))
    assert [entry.verb for entry in entries] == ["measure.closed"]
    page = town.client("viewer").get("/centre/measures/emergency.free_8/")
    assert page.status_code == 200


def test_units_weigh_what_their_streets_measure_where_one_does_not_know_its_people(
    sample_roads: Roads, halves: float
) -> None:
    engine = routing.engine()
    owners = [WEST if lon < halves else EAST for lon in engine.network.lon[engine.network.u]]
    bit = routing.view("siren").vehicle.bit
    ground = ground_of(engine, bit, owners, {WEST: 30_000, EAST: None})
    streets = engine.network.length[np.unique(engine.arcs.stretch[(engine.arcs.access & bit) > 0])]
    assert ground.weight.sum() == pytest.approx(streets.sum() / 1000)


def test_nothing_is_looked_at_without_stations(town: Any) -> None:
    assert covering.look_around() == 0
