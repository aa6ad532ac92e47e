"""The first step of the demo city: fill the units and hand its wards to the steps that follow."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from uuid import UUID

from shapely.geometry.base import BaseGeometry

from thanglong.core.places import rules, service
from thanglong.core.places.demo import shapes, source
from thanglong.core.places.demo.shapes import Territories
from thanglong.core.places.demo.source import Province, Spot
from thanglong.core.places.types import (
    Act,
    NewAct,
    NewState,
    NewUnit,
    Part,
    Plan,
    PlannedUnit,
    Succession,
    UnitKind,
)
from thanglong.kit import clock
from thanglong.kit.ids import seeded_id
from thanglong.kit.ports import SYSTEM
from thanglong.solve.city import City, Ward

REFORM = date(2025, 7, 1)
LAST_OLD_DAY = date(2025, 6, 30)
OLD_SINCE = date(2025, 1, 1)
CITY_SINCE = date(2008, 8, 1)

OFFICES = (
    ("construction", "Sở Xây dựng", "Department of Construction"),
    ("environment", "Sở Nông nghiệp và Môi trường", "Department of Agriculture and Environment"),
    ("health", "Sở Y tế", "Department of Health"),
    ("police", "Công an thành phố", "City Police"),
    ("traffic", "Phòng Cảnh sát giao thông", "Traffic Police Division"),
    ("fire", "Phòng Cảnh sát phòng cháy, chữa cháy", "Fire Police Division"),
    ("ambulance", "Trung tâm Cấp cứu 115", "115 Emergency Centre"),
    ("ioc", "Trung tâm Giám sát, điều hành thông minh", "Intelligent Operations Centre"),
    ("lighting", "Công ty Chiếu sáng và Thiết bị đô thị", "Urban Lighting and Equipment Company"),
    ("drainage", "Công ty Thoát nước", "Drainage Company"),
    ("waste", "Công ty Môi trường đô thị", "Urban Sanitation Company"),
    ("water", "Công ty Nước sạch", "Clean Water Company"),
    ("power", "Tổng công ty Điện lực", "Power Corporation"),
    ("telecom", "Trung tâm Viễn thông", "Telecommunications Centre"),
    ("trees", "Công ty Công viên Cây xanh", "Parks and Trees Company"),
    ("roads", "Ban Duy tu hạ tầng giao thông", "Road Maintenance Board"),
    ("bus", "Trung tâm Quản lý giao thông công cộng", "Public Transport Management Centre"),
    ("food", "Chi cục An toàn vệ sinh thực phẩm", "Food Safety Office"),
)


def build(city: City, report: Callable[[str], None]) -> None:
    """Enter the units of the province ``city.name`` names, and set ``city.wards`` and the official ``city.name``."""
    province = source.load(city.name)
    land = shapes.draw(province)
    names = _Ids(city.seed, province)
    acts = _acts(names, province)
    units = [
        *_cities(province, names, land, acts),
        *_past(province, names, land, acts),
        *_present(province, names, land, acts),
        *_offices(city, province, names, land),
    ]
    successions = [
        Succession(names.past(old), names.ward(new), share, share, acts[0].id)
        for (old, new), share in sorted(land.shares.items())
    ]
    successions += [
        Succession(names.past(spot.key), names.city, None, None, acts[0].id)
        for spot in province.old_provinces
        if spot.key != names.heir
    ]
    service.bulk_load(SYSTEM, units, successions, acts)
    _record(names, province, land, acts[0])
    city.name = rules.short_name(province.name, UnitKind.CITY)
    city.wards = tuple(_ward(spot, names, land) for spot in province.wards)
    counts = f"{len(province.wards)} wards and communes, {len(OFFICES)} offices, {len(province.old_wards)} past"
    report(f"{city.name}: {counts}")


def _record(names: "_Ids", province: Province, land: Territories, act: Act) -> None:
    """The reform of 2025 as an act in force: what went where, and the districts that ended without a successor."""
    taken = {old for old, _ in land.shares}
    planned = [
        PlannedUnit(names.ward(ward.key), ward.code, ward.name, rules.kind_of(ward.name), names.city)
        for ward in province.wards
    ]
    parts = [Part(names.past(old), names.ward(new), share) for (old, new), share in sorted(land.shares.items())]
    lifted = [names.past(spot.key) for spot in province.old_districts if spot.key not in taken]
    basis = NewAct(act.title, act.effective_on, act.number, act.issuer, act.signed_on)
    began = datetime.combine(REFORM, time(0), clock.zone())
    service.record_past(
        SYSTEM, seeded_id(names.seed, "reorganisation", act.number), Plan(basis, planned, parts, lifted), act.id, began
    )


def _ward(spot: Spot, names: "_Ids", land: Territories) -> Ward:
    people, shape = land.people[spot.key], land.wards[spot.key]
    return Ward(names.ward(spot.key), spot.name, spot.lon, spot.lat, spot.area_km2, people, shape)


class _Ids:
    """Ids of a province's units: today's by code, past ones by the code they had then."""

    def __init__(self, seed: int, province: Province) -> None:
        self.seed = seed
        self.city = seeded_id(seed, "unit", province.code)
        self._wards = {ward.key: seeded_id(seed, "unit", ward.code) for ward in province.wards}
        past = (*province.old_provinces, *province.old_districts, *province.old_wards)
        self._past = {spot.key: seeded_id(seed, "unit", "past", spot.code) for spot in past}
        # the old province that lives on in the new one: of the same name, else of the same code
        same = [spot.key for spot in province.old_provinces if spot.name == province.name]
        self.heir = (same or [spot.key for spot in province.old_provinces if spot.code == province.code] or [""])[0]
        if self.heir:
            self._past[self.heir] = self.city

    def ward(self, key: str) -> UUID:
        return self._wards[key]

    def past(self, key: str) -> UUID:
        return self._past[key]


def _acts(names: _Ids, province: Province) -> list[Act]:
    if province.code == "01":
        number, day = "1656/NQ-UBTVQH15", date(2025, 6, 16)
        title = "Nghị quyết về việc sắp xếp các đơn vị hành chính cấp xã của thành phố Hà Nội năm 2025"
        issuer = "Ủy ban Thường vụ Quốc hội"
    else:
        number, day, issuer = "202/2025/QH15", date(2025, 6, 12), "Quốc hội"
        title = "Nghị quyết về việc sắp xếp đơn vị hành chính cấp tỉnh"
    return [Act(seeded_id(names.seed, "act", number), number, issuer, title, day, REFORM)]


def _cities(province: Province, names: _Ids, land: Territories, acts: list[Act]) -> Iterator[NewUnit]:
    area = round(sum(ward.area_km2 for ward in province.wards), 2)
    today = NewState(
        UnitKind.CITY, province.code, province.name, REFORM, lon=province.lon, lat=province.lat, area_km2=area,
        population=sum(land.people.values()), boundary=land.city, boundary_approximate=True, act=acts[0].id,
    )  # fmt: skip
    for spot in province.old_provinces:
        before = NewState(
            UnitKind.CITY, spot.code, spot.name, CITY_SINCE, LAST_OLD_DAY, lon=spot.lon, lat=spot.lat
        )  # fmt: skip
        yield NewUnit(names.past(spot.key), [before, today] if spot.key == names.heir else [before])
    if not names.heir:
        yield NewUnit(names.city, [today])


def _past(province: Province, names: _Ids, land: Territories, acts: list[Act]) -> Iterator[NewUnit]:
    for spot in province.old_districts:
        people = sum(land.old_people.get(ward.key, 0) for ward in province.old_wards if ward.parent == spot.key)
        area = sum(land.old_area.get(ward.key, 0.0) for ward in province.old_wards if ward.parent == spot.key)
        state = _old_state(spot, UnitKind.DISTRICT, names, land.old_districts.get(spot.key), area, people)
        yield NewUnit(names.past(spot.key), [state])
    for spot in province.old_wards:
        area, people = land.old_area.get(spot.key, 0.0), land.old_people.get(spot.key, 0)
        state = _old_state(spot, rules.kind_of(spot.name), names, land.old_wards.get(spot.key), area, people)
        yield NewUnit(names.past(spot.key), [state])


def _old_state(
    spot: Spot, kind: UnitKind, names: _Ids, shape: BaseGeometry | None, area: float, people: int
) -> NewState:
    return NewState(
        kind, spot.code, spot.name, OLD_SINCE, LAST_OLD_DAY, parent=names.past(spot.parent), lon=spot.lon, lat=spot.lat,
        area_km2=round(area, 2) or None, population=people or None, boundary=shape, boundary_approximate=True,
    )  # fmt: skip


def _present(province: Province, names: _Ids, land: Territories, acts: list[Act]) -> Iterator[NewUnit]:
    for ward in province.wards:
        state = NewState(
            rules.kind_of(ward.name), ward.code, ward.name, REFORM, parent=names.city, lon=ward.lon, lat=ward.lat,
            area_km2=ward.area_km2, population=land.people[ward.key], boundary=land.wards[ward.key],
            boundary_approximate=True, act=acts[0].id,
        )  # fmt: skip
        yield NewUnit(names.ward(ward.key), [state])


def _offices(city: City, province: Province, names: _Ids, land: Territories) -> Iterator[NewUnit]:
    """The city's departments and companies, housed in its most densely peopled wards."""
    rng = city.rng("places", "offices")
    dense = sorted(province.wards, key=lambda ward: -land.people[ward.key] / ward.area_km2)
    since = CITY_SINCE if names.heir else REFORM
    for index, (code, name, english) in enumerate(OFFICES):
        ward = dense[index % min(len(dense), 12)]
        east, north = rng.uniform(-0.003, 0.003, 2)
        state = NewState(
            UnitKind.OFFICE, code, name, since, name_en=english, parent=names.city,
            lon=round(ward.lon + float(east), 6), lat=round(ward.lat + float(north), 6),
        )  # fmt: skip
        yield NewUnit(seeded_id(city.seed, "unit", "office", code), [state])
