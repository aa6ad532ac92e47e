from datetime import date
from uuid import uuid4

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from thanglong.core.places import service
from thanglong.core.places.tests.conftest import EVE, REFORM, Town
from thanglong.core.places.types import UnitKind
from thanglong.kit.errors import NotFound


def test_unit_by_day(town: Town) -> None:
    assert service.unit(town.cua_nam).name == "Phường Cửa Nam"
    assert service.unit(town.cua_nam).short_name == "Cửa Nam"
    assert service.unit(town.cua_nam).name_en == "Cửa Nam Ward"
    closed = service.unit(town.old, REFORM)
    assert (closed.name, closed.valid_to) == ("Phường Trúc Bạch", EVE)
    with pytest.raises(NotFound):
        service.unit(town.cua_nam, EVE)
    with pytest.raises(NotFound):
        service.unit(uuid4())
    with pytest.raises(NotFound):
        service.states(uuid4())


def test_tree_as_of_a_day(town: Town) -> None:
    assert {unit.id for unit in service.wards()} == {town.cua_nam, town.hoa_binh, town.da_si}
    assert [unit.id for unit in service.wards(EVE)] == [town.old]
    assert service.city().id == town.city
    assert service.subtree(town.city) == {town.city, town.cua_nam, town.hoa_binh, town.da_si, town.lighting}
    assert service.subtree(town.city, EVE) == {town.city, town.district, town.old, town.lighting}
    assert service.ancestors(town.old, EVE) == (town.district, town.city)
    assert service.ancestors(town.city) == ()
    assert [unit.short_name for unit in service.wards()] == ["Cửa Nam", "Đa Sĩ", "Hòa Bình"], "Vietnamese order"
    assert service.units(kinds={UnitKind.OFFICE})[0].id == town.lighting
    assert len(service.children(town.city)) == 4
    assert service.full_name(town.old) == "Phường Trúc Bạch"


def test_codes_are_not_identities(town: Town) -> None:
    now, then = service.by_code("00004"), service.by_code("00004", EVE)
    assert now
    assert then
    assert (now.id, then.id) == (town.cua_nam, town.old)
    assert service.by_code("00004", kinds={UnitKind.OFFICE}) is None
    office = service.office("lighting")
    assert office
    assert office.id == town.lighting
    assert service.office("00004") is None


def test_lookup(town: Town) -> None:
    found = service.unit_at(105.12, 21.05)
    assert found
    assert found.id == town.hoa_binh
    before = service.unit_at(105.12, 21.05, EVE)
    assert before
    assert before.id == town.old
    assert service.unit_at(104, 21) is None
    assert service.unit_at(105.1, 21.05) is not None, "a point on a common border belongs to one of the two"
    lons = np.linspace(104.95, 105.35, 300)
    lats = np.full(300, 21.03)
    one_by_one = [service.unit_at(float(lon), 21.03) for lon in lons]
    assert service.units_at(lons, lats) == [unit.id if unit else None for unit in one_by_one]


def test_boundaries(town: Town) -> None:
    shape = service.boundary(town.old)
    assert shape is not None
    assert shape.area == pytest.approx(0.015)
    assert service.boundary(town.lighting) is None
    assert service.boundary(uuid4()) is None
    assert {unit.id for unit, _ in service.boundaries(EVE)} == {town.city, town.old}
    assert service.outline() is not None


@pytest.mark.parametrize(
    "text", ["Cửa Nam", "cua nam", "phường cửa nam", "PHUONG CUA NAM", "cua n", "00004", "Cửa Nam Ward"]
)
def test_find(town: Town, text: str) -> None:
    assert service.find(text)[0].id == town.cua_nam


def test_find_tone_placement_and_d(town: Town) -> None:
    for text in ("Hòa Bình", "Hoà Bình", "hoa binh", "HOÀ BÌNH"):
        assert service.find(text)[0].id == town.hoa_binh
    for text in ("Đa Sĩ", "Da Sĩ", "da si", "đa sĩ"):
        assert service.find(text)[0].id == town.da_si
    assert service.find("") == []
    assert service.find("!!!") == []


def test_a_past_unit_tells_who_replaced_it(town: Town) -> None:
    (found,) = service.search("truc bach")
    assert found.unit.id == town.old
    assert [unit.id for unit in found.successors] == [town.cua_nam, town.hoa_binh], "largest share first"
    assert [row.old for row in service.predecessors(town.hoa_binh)] == [town.old]


def test_reads_ask_the_database_at_most_for_the_version(town: Town) -> None:
    service.unit_at(105.05, 21.05)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        service.unit(town.cua_nam)
        service.subtree(town.city)
        service.unit_at(105.05, 21.05)
    assert all("places_version" in query["sql"] for query in queries)


def test_empty_city(db: None) -> None:
    assert service.units() == []
    assert service.unit_at(105, 21) is None
    assert service.boundaries() == []
    assert service.outline() is None
    assert service.find("x") == []
    with pytest.raises(NotFound):
        service.city()
    assert service.units(on=date(1954, 10, 10)) == []
