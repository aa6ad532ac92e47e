from datetime import UTC, date, datetime

import numpy as np
import pytest
import shapely

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.places import demo, service
from thanglong.core.places.demo import source
from thanglong.core.places.types import UnitKind
from thanglong.kit.errors import Invalid
from thanglong.solve.city import City


def make(name: str, seed: int = 1) -> City:
    city = City(seed, 0.01, name, datetime(2026, 1, 1, tzinfo=UTC))
    said: list[str] = []
    demo.build(city, said.append)
    assert said
    return city


@pytest.mark.django_db
def test_hanoi() -> None:
    city = make("Hà Nội")
    assert city.name == "Hà Nội"
    assert len(city.wards) == len(service.wards(date(2025, 7, 1))) == 126
    assert len(service.wards(date(2025, 6, 30))) == 526
    assert len(service.units(kinds={UnitKind.DISTRICT}, on=date(2025, 6, 30))) == 30
    assert sum(unit.kind is UnitKind.WARD for unit in service.wards(date(2025, 7, 1))) == 51
    assert service.city(date(2010, 1, 1)).id == service.city(date(2026, 1, 1)).id

    shapes = [ward.polygon for ward in city.wards]
    assert all(shape.is_valid and not shape.is_empty for shape in shapes)
    overlap = shapely.area(shapely.union_all(shapes)) / sum(shape.area for shape in shapes)
    assert overlap == pytest.approx(1, abs=1e-9), "no overlap"
    assert city.outline.equals_exact(city.outline, 0)
    for ward in city.wards:
        at = service.unit_at(ward.lon, ward.lat, date(2026, 1, 1))
        assert at
        assert at.id == ward.id, "every seat lies in its ward"
        assert at.boundary_approximate
    assert sum(ward.population for ward in city.wards) == pytest.approx(8_808_000, rel=0.001)

    rows = [row for ward in city.wards for row in service.predecessors(ward.id)]
    assert len(rows) == 794
    totals: dict[object, float] = {}
    for row in rows:
        totals[row.old] = totals.get(row.old, 0) + (row.share_population or 0)
    assert np.allclose(list(totals.values()), 1, atol=1e-9)
    lighting = service.office("lighting")
    assert lighting
    assert lighting.parent == service.city().id
    entries = ledger.entries(ObjectRef("unit", str(city.wards[0].id)))
    assert [entry.verb for entry in entries] == ["unit.created"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["da nang", "31", "TP. Hồ Chí Minh", "Tỉnh Quảng Trị"])
def test_any_other_province(name: str) -> None:
    city = make(name)
    day = date(2026, 1, 1)
    assert len(service.wards(day)) == len(city.wards) >= 40
    assert service.city(day).kind is UnitKind.CITY
    before = service.city(date(2025, 1, 1))
    assert before.kind is UnitKind.CITY
    assert {unit.kind for unit in service.units(kinds={UnitKind.DISTRICT}, on=date(2025, 6, 30))}
    assert all(ward.polygon.is_valid and ward.population > 0 for ward in city.wards)


@pytest.mark.django_db
def test_the_same_seed_makes_the_same_city() -> None:
    first = make("Huế", 7)
    states = [(unit.id, unit.name, unit.lon, unit.population) for unit in service.units()]
    second = City(7, 0.01, "46", first.now)
    from thanglong.core.places.demo import shapes

    again = shapes.draw(source.load("hue"))
    assert [shape.wkb for shape in again.wards.values()] == [ward.polygon.wkb for ward in first.wards]
    assert states
    assert second.rng("a").random() == first.rng("a").random()


def test_an_unknown_city_is_told_all_names() -> None:
    with pytest.raises(Invalid) as caught:
        source.code_of("Atlantis")
    assert "Hà Nội (01)" in str(caught.value)
    assert "Cà Mau (96)" in str(caught.value)
    assert len(source.provinces()) == 34
    assert set(source.POPULATION) == set(source.provinces())
    for text in ("Hà Nội", "ha noi", "HANOI", "01", "Thành phố Hà Nội", "hn"):
        assert source.code_of(text) == "01"
