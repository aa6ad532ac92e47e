"""The real lists and outlines of Hà Nội, imported through the front door: history exact, lookup exact."""

import csv
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from thanglong.core.places import service
from thanglong.core.places.types import ImportReport, MappingRow, NewState, UnitKind
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM

pytestmark = pytest.mark.django_db
TODAY = clock.Frozen(datetime(2026, 6, 1, 2, tzinfo=UTC))
LOCAL = {UnitKind.WARD, UnitKind.COMMUNE, UnitKind.TOWNSHIP}


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    if not (shared_data / "places").is_dir():
        pytest.skip("needs ../shared/data/places")
    return shared_data / "places"


@pytest.fixture(scope="module")
def releases(folder: Path) -> dict[str, list[dict[str, str]]]:
    result: dict[str, list[dict[str, str]]] = {}
    with (folder / "hanoi_units_snapshots_2021_2026.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            result.setdefault(row["release"], []).append(row)
    return result


def day_of(rows: list[dict[str, str]]) -> date:
    return date.fromisoformat(rows[0]["effective_from"])


@pytest.fixture(scope="module")
def pairs(folder: Path) -> list[dict[str, str]]:
    with (folder / "hanoi_ward_mapping_legacy_to_2025.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(autouse=True)
def _day() -> Any:
    with clock.use(TODAY):
        yield


def create_city() -> None:
    state = NewState(UnitKind.CITY, "01", "Thành phố Hà Nội", date(2008, 8, 1))
    service.create_unit(SYSTEM, state)


def load(folder: Path, name: str) -> ImportReport:
    return service.import_units(SYSTEM, service.read_units(folder / name), dry_run=False)


def test_the_files_are_sound(releases: dict[str, list[dict[str, str]]], pairs: list[dict[str, str]]) -> None:
    assert len(releases) == 16
    sizes = [len(rows) for rows in releases.values()]
    assert sizes == [579] * 9 + [526] * 3 + [126] * 4
    assert len(pairs) == 794
    assert {row["wardCode"] for row in pairs} == {row["ward_code"] for row in releases["v2.4.1"]}
    assert {row["newWardCode"] for row in pairs} == {row["ward_code"] for row in releases["v3.0.0"]}


def test_history_is_rebuilt_exactly(folder: Path, releases: dict[str, list[dict[str, str]]]) -> None:
    create_city()
    report = load(folder, "hanoi_units_snapshots_2021_2026.csv")
    assert report.ok, report.problems[:5]
    for rows in releases.values():
        day = day_of(rows)
        expected = {(row["ward_code"], row["ward"], row["district"]) for row in rows}
        found = set()
        for unit in service.units(kinds=LOCAL, on=day):
            above = service.unit(unit.parent, day) if unit.parent else None
            district = above.name if above and above.kind is UnitKind.DISTRICT else ""
            found.add((unit.code, unit.name, district))
        assert found == expected, rows[0]["release"]
    assert len(service.units(kinds={UnitKind.DISTRICT}, on=date(2024, 12, 31))) == 30
    assert not service.units(kinds={UnitKind.DISTRICT}, on=date(2025, 7, 1))

    eve = {unit.code: unit for unit in service.units(kinds=LOCAL, on=date(2025, 6, 30))}
    wards = service.wards(date(2025, 7, 1))
    assert len(wards) == 126
    assert all(unit.code in eve for unit in wards), "every code had been in use"
    assert sum(eve[unit.code].name != unit.name for unit in wards) == 103
    assert not {unit.id for unit in wards} & {unit.id for unit in eve.values()}, "a code is not an identity"
    assert len(service.subtree(service.city().id)) == 127

    again = load(folder, "hanoi_units_snapshots_2021_2026.csv")
    assert (again.created, again.changed) == (0, 0)


def test_mapping(folder: Path, pairs: list[dict[str, str]]) -> None:
    create_city()
    load(folder, "hanoi_units_snapshots_2021_2026.csv")
    report = load(folder, "hanoi_ward_mapping_legacy_to_2025.csv")
    assert report.ok
    assert report.changed == 794
    wards = {unit.code: unit for unit in service.wards()}
    assert sum(len(service.predecessors(unit.id)) for unit in wards.values()) == 794
    ba_dinh = wards["00004"]
    expected = {row["wardCode"] for row in pairs if row["newWardCode"] == "00004"}
    assert {service.unit(row.old).code for row in service.predecessors(ba_dinh.id)} == expected
    rows = [MappingRow(n, row["wardCode"], row["newWardCode"]) for n, row in enumerate(pairs)]
    assert service.import_mapping(SYSTEM, rows, dry_run=True).unchanged == 794

    found = service.search("Phúc Xá")
    assert found[0].unit.name == "Phường Phúc Xá"
    assert found[0].unit.valid_to == date(2025, 6, 30)
    assert [unit.name for unit in found[0].successors] == ["Phường Hồng Hà"]


def with_seats(folder: Path) -> None:
    """Enter area, population and seat of the 126 units, from the table of July 2025, as a list of units."""
    lines = ["code,name,kind,parent_code,valid_from,valid_to,lon,lat,area_km2,population,name_en"]
    with (folder / "hanoi_wards_2025_population_area_predecessors.csv").open(encoding="utf-8") as file:
        table = {row["gso_code"]: row for row in csv.DictReader(file)}
    for unit in service.wards():
        for state in service.states(unit.id):
            row = table[unit.code]
            last = state.valid_to or ""
            where = f"{row['kinhdo']},{row['vido']},{row['dientichkm2']},{row['dansonguoi']}"
            lines.append(f"{unit.code},{state.name},,,{state.valid_from},{last},{where},")
    report = service.import_units(SYSTEM, service.read_content("\n".join(lines).encode(), "table.csv"), dry_run=False)
    assert report.ok, report.problems[:3]
    assert report.changed == 126
    assert report.created == 0


def test_outlines_and_lookup(folder: Path) -> None:
    create_city()
    load(folder, "hanoi_units_snapshots_2021_2026.csv")
    with_seats(folder)
    report = load(folder, "hanoi_wards_126_2026.geojson")
    assert report.ok, report.problems[:5]
    assert report.changed == 126
    off = {problem.params["name"] for problem in report.problems}
    assert off == {"Xã Yên Xuân", "Xã Hoà Lạc"}, "these two differ by more than 5 % from their stated area"

    shapes = dict(service.boundaries())
    assert len(shapes) == 126
    assert all(geometry.is_valid for geometry in shapes.values())
    assert all(not unit.boundary_approximate for unit in shapes)
    for unit in shapes:
        assert unit.lon is not None
        assert unit.lat is not None
        assert service.unit_at(unit.lon, unit.lat) == unit

    features = json.loads((folder / "hanoi_wards_126_2026.geojson").read_bytes())["features"]
    polygons = [shape(feature["geometry"]) for feature in features]
    codes = [feature["id"] for feature in features]
    rng = np.random.default_rng(7)
    lons, lats = rng.uniform(105.28, 106.03, 3000), rng.uniform(20.56, 21.39, 3000)
    inside = np.array([shapely.contains_xy(polygon, lons, lats) for polygon in polygons])
    assert (inside.sum(axis=0) <= 1).all()
    by_id = {unit.id: unit.code for unit in service.wards()}
    answers = service.units_at(lons.tolist(), lats.tolist())
    for n, answer in enumerate(answers):
        expected = codes[int(inside[:, n].argmax())] if inside[:, n].any() else None
        assert (by_id[answer] if answer else None) == expected
        one = service.unit_at(float(lons[n]), float(lats[n]))
        assert (one.id if one else None) == answer


def test_every_name_is_found(folder: Path, releases: dict[str, list[dict[str, str]]]) -> None:
    """Old and new names, with marks, without, with d for đ, with either tone placement."""
    from thanglong.kit.text import fold, tone_style

    create_city()
    load(folder, "hanoi_units_snapshots_2021_2026.csv")
    names = {row["ward"] for rows in releases.values() for row in rows}
    lost = []
    for name in sorted(names):
        for asked in {
            name,
            fold(name),
            name.replace("đ", "d").replace("Đ", "D"),
            tone_style(name),
            tone_style(name, new=True),
        }:
            answers = service.search(asked, limit=40)
            if not any(fold(state.name) == fold(name) for found in answers for state in service.states(found.unit.id)):
                lost.append(asked)
    assert not lost
