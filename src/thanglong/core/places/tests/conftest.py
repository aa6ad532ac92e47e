"""A small city for the tests of places: three wards in a row, an office, a district of the past."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pytest
from shapely.geometry import box

from thanglong.core.places import service
from thanglong.core.places.types import NewState, NewUnit, Succession, UnitKind
from thanglong.kit.ids import seeded_id
from thanglong.kit.ports import SYSTEM

START, REFORM, EVE = date(2020, 1, 1), date(2025, 7, 1), date(2025, 6, 30)


def uid(name: str) -> UUID:
    return seeded_id("test", name)


@dataclass(frozen=True)
class Town:
    """Ids of the small city's units."""

    city: UUID
    district: UUID
    old: UUID
    cua_nam: UUID
    hoa_binh: UUID
    da_si: UUID
    lighting: UUID


@pytest.fixture
def town(db: None) -> Town:
    names = Town(**{name: uid(name) for name in Town.__dataclass_fields__})

    def ward(code: str, name: str, west: float, **more: object) -> NewState:
        shape = box(west, 21.0, west + 0.1, 21.1)
        return NewState(
            UnitKind.WARD, code, name, REFORM, parent=names.city, lon=west + 0.05, lat=21.05, boundary=shape,
            area_km2=115.0, population=50_000, boundary_approximate=True,
        )  # fmt: skip

    old_shape = box(105.0, 21.0, 105.15, 21.1)
    units = [
        NewUnit(names.city, [NewState(UnitKind.CITY, "01", "Thành phố Thử", START, boundary=box(105.0, 21.0, 105.3, 21.1))]),
        NewUnit(names.district, [NewState(UnitKind.DISTRICT, "001", "Quận Cổ", START, EVE, parent=names.city)]),
        NewUnit(names.old, [NewState(UnitKind.WARD, "00004", "Phường Trúc Bạch", START, EVE, parent=names.district, boundary=old_shape)]),
        NewUnit(names.cua_nam, [ward("00004", "Phường Cửa Nam", 105.0)]),
        NewUnit(names.hoa_binh, [ward("00007", "Phường Hòa Bình", 105.1)]),
        NewUnit(names.da_si, [ward("00010", "Phường Đa Sĩ", 105.2)]),
        NewUnit(names.lighting, [NewState(UnitKind.OFFICE, "lighting", "Công ty Chiếu sáng", START, parent=names.city, lon=105.05, lat=21.05)]),
    ]  # fmt: skip
    successions = [Succession(names.old, names.cua_nam, 0.7, 0.7), Succession(names.old, names.hoa_binh, 0.3, 0.3)]
    service.bulk_load(SYSTEM, units, successions)
    return names
