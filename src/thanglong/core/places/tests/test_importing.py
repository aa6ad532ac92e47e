import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from shapely.geometry import MultiPoint, Polygon, box, mapping
from shapely.geometry.base import BaseGeometry

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.places import service
from thanglong.core.places.tests.conftest import EVE, REFORM, Town
from thanglong.core.places.types import ImportReport, UnitKind
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM

LIST = """code;name;kind;parent_code;valid_from;valid_to;lon;lat;area_km2;population;name_en
01;Thành phố Thử;;;01/01/2020;;;;;;
001;Quận Cổ;;;2020-01-01;2025-06-30;;;;;
00004;Phường Trúc Bạch;;001;2020-01-01;2025-06-30;;;;;
00004;Phường Cửa Nam;;;2025-07-01;2026-03-31;105.05;21.05;115.1;50000;
00004;Phường Cửa Bắc;;;2026-04-01;;105.05;21.05;115.1;51000;North Gate Ward
lighting;Công ty Chiếu sáng;office;;2020-01-01;;;;;;
"""
RELEASES = """release,effective_from,ward_code,ward_name,district_code,district_name
1,2021-01-01,1,Phường A,001,Quận Q
1,2021-01-01,2,Phường B,001,Quận Q
2,2022-01-01,1,Phường A mới,001,Quận Q
2,2022-01-01,3,Phường C,002,Quận R
3,2025-07-01,1,Phường X,,
"""


@pytest.fixture(autouse=True)
def _day() -> Any:
    with clock.use(clock.Frozen(datetime(2026, 6, 1, tzinfo=UTC))):
        yield


def load(text: str | bytes, *, dry_run: bool = False) -> ImportReport:
    content = text.encode() if isinstance(text, str) else text
    return service.import_units(SYSTEM, service.read_content(content, "units.csv"), dry_run=dry_run)


def told(report: ImportReport) -> str:
    return "\n".join(str(problem) for problem in report.problems)


def outlines(*features: tuple[str, BaseGeometry | None]) -> bytes:
    items = [
        {"type": "Feature", "properties": {"code": code}, "geometry": mapping(shape) if shape else None}
        for code, shape in features
    ]
    return json.dumps({"type": "FeatureCollection", "features": items}).encode()


@pytest.mark.django_db
def test_a_list_makes_units_with_their_past() -> None:
    tried = load(LIST, dry_run=True)
    assert (tried.created, tried.ok, tried.dry_run) == (5, True, True), told(tried)
    assert service.units() == []
    assert service.version() == "", "a dry run writes nothing"

    report = load("\ufeff" + LIST)
    assert (report.created, report.changed) == (5, 0), told(report)
    ward = service.by_code("00004")
    assert ward
    assert (ward.name, ward.name_en, ward.population) == ("Phường Cửa Bắc", "North Gate Ward", 51000)
    assert [state.name for state in service.states(ward.id)] == ["Phường Cửa Nam", "Phường Cửa Bắc"]
    old = service.by_code("00004", EVE)
    assert old
    assert old.id != ward.id
    assert [service.unit(unit, EVE).code for unit in service.ancestors(old.id, EVE)] == ["001", "01"]
    assert service.office("lighting")
    act = service.act(ward.act) if ward.act else None
    assert act
    assert "units.csv" in act.title
    assert [entry.verb for entry in ledger.entries(ObjectRef("unit", str(ward.id)))] == ["unit.created"]


@pytest.mark.django_db
def test_importing_again_changes_nothing() -> None:
    load(LIST)
    version = service.version()
    again = load(LIST)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 5)
    assert len(service.acts()) == 1, "no act without a change"
    assert version
    more = load(LIST.replace("51000", "52000"))
    assert (more.created, more.changed) == (0, 1)
    ward = service.by_code("00004")
    assert ward
    assert ward.population == 52000


@pytest.mark.django_db
def test_what_a_file_leaves_open_is_kept(town: Town) -> None:
    report = load("code,name,valid_from\n00004,Phường Cửa Nam,2025-07-01\n")
    assert (report.created, report.changed, report.unchanged) == (0, 0, 1), told(report)
    report = load("code,name,valid_from\n00004,Phường Cửa Lớn,2026-01-01\n00007,Phường Hòa Bình,2025-07-01\n")
    assert (report.created, report.changed) == (0, 1), told(report)
    unit = service.unit(town.cua_nam)
    assert (unit.name, unit.population, unit.parent) == ("Phường Cửa Lớn", 50_000, town.city)
    assert service.boundary(town.cua_nam) is not None


@pytest.mark.django_db
def test_every_problem_is_told_with_its_line_and_what_to_do() -> None:
    text = """code,name,kind,parent_code,valid_from,valid_to,lon,lat,area_km2,population
,Phường A,,,2025-07-01,,,,,
2,,,,2025-07-01,,,,,
3,Phường C,,,,,,,,
4,Phường D,,,hôm qua,,,,,
5,Phường E,,,2025-07-01,2025-06-30,,,,
6,Phường F,làng,,2025-07-01,,,,,
7,Phường G,,,2025-07-01,,205.8,21,,
8,Phường H,,,2025-07-01,,105.8,,,
9,Phường I,,,2025-07-01,,,,"3,5",
10,Phường K,,,2025-07-01,,,,,-4
11,Phường L,,999,2025-07-01,,,,,
12,Phường M,,,2025-07-01,,,,,
12,Phường N,,x,2026-01-01,,,,,
"""
    report = load(text)
    assert not report.ok
    assert service.units() == []
    lines = {problem.line for problem in report.problems if not problem.warning}
    assert lines == set(range(2, 13)) | {14}, told(report)
    assert all(problem.fix for problem in report.problems)
    assert "“hôm qua” is not a date. Write it as 2025-07-01." in told(report)
    assert "12 would belong to" in told(report)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "columns"),
        (b"a,b\n1,2\n", "columns"),
        (b"code,name,valid_from\n", "holds no units"),
        ("code,name,valid_from\n1,Phường Ấ,2025-07-01".encode("utf-16"), "UTF-8"),
        (b"{", "not GeoJSON"),
        (b'{"type":"Point"}', "not GeoJSON"),
        (b'{"type":"FeatureCollection","features":[]}', "holds no units"),
    ],
)
def test_files_that_are_something_else(content: bytes, said: str) -> None:
    report = load(content)
    assert not report.ok
    assert said in told(report)


@pytest.mark.django_db
def test_releases_tell_a_history() -> None:
    load("code,name,valid_from\n01,Thành phố Thử,2020-01-01\n")
    report = load(RELEASES)
    assert report.ok, told(report)
    before, after = date(2021, 6, 1), date(2023, 1, 1)
    assert {unit.name for unit in service.wards(before)} == {"Phường A", "Phường B"}
    assert {unit.name for unit in service.wards(after)} == {"Phường A mới", "Phường C"}
    assert {unit.name for unit in service.wards()} == {"Phường X"}
    first, renamed, now = (service.by_code("1", day) for day in (before, after, None))
    assert first
    assert renamed
    assert now
    assert first.id == renamed.id, "same district and code: renamed"
    assert now.id != first.id, "another level: another unit under an old code"
    assert service.unit(first.id).valid_to == EVE
    assert load(RELEASES).changed == 0


@pytest.mark.django_db
def test_releases_with_faults() -> None:
    text = RELEASES + "3,2025-07-01,1,Phường Y,,\n3,,2,Phường Z,,\n3,2025-07-01,,Phường Z,,\n"
    report = load(text)
    assert {problem.line for problem in report.problems if not problem.warning} == {7, 8, 9}
    assert any(problem.warning for problem in load(RELEASES, dry_run=True).problems), "no city: a warning"


@pytest.mark.django_db
def test_a_code_in_use_is_not_taken_over(town: Town) -> None:
    report = load("code,name,parent_code,valid_from\n00004,Phường Khác,xyz,2026-05-01\n")
    assert not report.ok
    assert "would belong to Phường Cửa Nam and to Phường Khác" in told(report)
    assert "no unit has the code xyz" in told(report)


@pytest.mark.django_db
def test_outlines(town: Town) -> None:
    service.update_unit(SYSTEM, town.cua_nam, {"name": "Phường Cửa Bắc"}, effective=date(2026, 8, 1))
    shape = box(105.0, 21.0, 105.1, 21.09)
    report = load(outlines(("00004", shape)))
    assert report.ok, told(report)
    assert "the outline holds" in told(report), "more than 5 % off is a warning"
    unit = service.unit(town.cua_nam)
    assert not unit.boundary_approximate
    now, later = service.boundary(town.cua_nam), service.boundary(town.cua_nam, date(2026, 9, 1))
    assert now is not None
    assert later is not None
    assert now.equals(shape)
    assert later.equals(shape), "a later state without an outline of its own takes it, too"
    assert load(outlines(("00004", shape))).changed == 0


@pytest.mark.django_db
def test_outlines_with_faults(town: Town) -> None:
    crossed = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    shapes: list[tuple[str, BaseGeometry | None]] = [
        ("00004", box(105.0, 21.0, 105.15, 21.1)),
        ("00007", box(105.1, 21.0, 105.2, 21.1)),
        ("00007", box(105.1, 21.0, 105.2, 21.1)),
        ("77777", box(105.1, 21.0, 105.2, 21.1)),
        ("", box(0, 0, 1, 1)),
        ("00010", crossed),
        ("00010", MultiPoint([(1, 1)])),
        ("00010", None),
        ("00010", box(105_000, 21_000, 105_100, 21_100)),
    ]
    report = load(outlines(*shapes))
    lines = sorted(problem.line for problem in report.problems if not problem.warning)
    assert lines == [2, 3, 4, 5, 6, 7, 8, 9], told(report)
    assert "Phường Cửa Nam and Phường Hòa Bình overlap by 50.0 % of the smaller one." in told(report)
    unit = service.unit(town.cua_nam)
    assert unit.boundary_approximate, "nothing was written"


@pytest.mark.django_db
def test_a_seat_outside_and_another_name_are_warnings(town: Town) -> None:
    features = json.loads(outlines(("00004", box(105.3, 21.0, 105.4, 21.1))))
    features["features"][0]["properties"]["name"] = "Phường Lạ"
    report = load(json.dumps(features).encode())
    assert report.ok
    assert "its seat lies outside" in told(report)
    assert "“Phường Lạ” in the file" in told(report)


@pytest.mark.django_db
def test_mapping(town: Town) -> None:
    report = load("old_code,new_code,old_name,share_population\n00004,00010,Trúc Bạch,0.2\n00004,00004,Sai tên,0.8\n")
    assert report.ok, told(report)
    assert (report.changed, report.unchanged) == (1, 1)
    assert "“Sai tên” in the file" in told(report)
    assert {row.new for row in service.successors(town.old)} == {town.cua_nam, town.hoa_binh, town.da_si}
    bad = load(
        "old_code,new_code,share_population\n1,00004,\n00004,1,\n00004,00010,0.7\n00004,00007,0.7\n,00007,\n",
        dry_run=True,
    )
    assert {problem.line for problem in bad.problems} == {2, 3, 5, 6}, told(bad)


@pytest.mark.django_db
def test_kinds_by_their_words() -> None:
    rows = ["code,name,kind,valid_from", "1,Ba Vì,xã,2025-07-01", "2,Côn Đảo,special_zone,2025-07-01",
            "3,Thị trấn Tây Đằng,,2020-01-01"]  # fmt: skip
    assert load("\n".join(rows)).ok
    kinds = {unit.code: unit.kind for unit in service.units()}
    assert kinds == {"1": UnitKind.COMMUNE, "2": UnitKind.SPECIAL_ZONE, "3": UnitKind.TOWNSHIP}
    assert clock.today() >= REFORM
