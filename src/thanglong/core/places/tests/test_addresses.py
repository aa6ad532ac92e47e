"""Addresses as people write them, on a small city and measured on the real names of Hà Nội."""

import csv
from datetime import date
from pathlib import Path

import pytest
from django.test import Client

from thanglong.core.places import service
from thanglong.core.places.rules import addresses as rules
from thanglong.core.places.tests.conftest import Town
from thanglong.core.places.types import MappingRow, NewState, UnitKind, UnitRows
from thanglong.kit.ports import SYSTEM
from thanglong.kit.text import fold, tone_style


@pytest.mark.parametrize(
    ("text", "rest", "names"),
    [
        ("12 Hàng Bông, P. Hàng Gai, Q. Hoàn Kiếm, TP. Hà Nội", "12 Hàng Bông", ["hang gai", "hoan kiem"]),
        ("12 Quán Thánh P.Trúc Bạch Q.Ba Đình", "12 Quán Thánh", ["truc bach", "ba dinh"]),
        ("12 quan thanh, phuong truc bach, quan ba dinh", "12 quan thanh", ["truc bach", "ba dinh"]),
        ("Thôn Lặt, xã Ba Vì", "Thôn Lặt", ["ba vi"]),
        ("Phường Trúc Bạch", "", ["truc bach"]),
        ("", "", []),
    ],
)
def test_taken_apart(text: str, rest: str, names: list[str]) -> None:
    found = rules.parse(text)
    assert (found.rest, [part.folded for part in found.parts]) == (rest, names)


def test_house_and_street() -> None:
    assert rules.house_and_street("Số 12 ngõ 5 phố Kim Mã") == ("12", "ngõ 5 phố Kim Mã")
    assert rules.house_and_street("12A/3 Đ. Láng") == ("12A/3", "đường Láng")
    assert rules.house_and_street("Thôn Lặt") == ("", "Thôn Lặt")


def test_old_and_new_names(town: Town) -> None:
    for text in ("5 Hàng Than, P. Trúc Bạch, Q. Cổ", "5 hang than, phuong truc bach", "truc bach"):
        [found] = service.find_address(text)
        assert found.named.id == town.old
        assert [unit.id for unit in found.units] == [town.cua_nam, town.hoa_binh], "both parts, the larger first"
        assert found.above is not None
    [same] = service.find_address("Phường Hoà Bình")
    assert (same.named.id, same.units[0].id) == (town.hoa_binh, town.hoa_binh)
    assert service.find_address("Phường Không Có") == []
    assert service.find_address("Quận Cửa Nam") == [], "a district of that name never was"


@pytest.mark.slow
@pytest.mark.django_db
def test_measured_on_real_names(shared_data: Path) -> None:
    """Every old ward and every new unit, written in six ways each: the right unit is among the readings, first."""
    folder = shared_data / "places"
    service.create_unit(SYSTEM, NewState(UnitKind.CITY, "01", "Thành phố Hà Nội", date(2008, 8, 1)))
    service.import_units(SYSTEM, service.read_units(folder / "hanoi_units_snapshots_2021_2026.csv"), dry_run=False)
    pairs = list(csv.DictReader((folder / "hanoi_ward_mapping_legacy_to_2025.csv").open(encoding="utf-8-sig")))
    rows = [MappingRow(at, pair["wardCode"], pair["newWardCode"]) for at, pair in enumerate(pairs, 1)]
    assert service.import_units(SYSTEM, UnitRows(mapping=rows), dry_run=False).ok
    asked: list[tuple[str, set[str]]] = []
    for code in {pair["wardCode"]: pair for pair in pairs}.values():
        heirs = {pair["newWardCode"] for pair in pairs if pair["wardCode"] == code["wardCode"]}
        ward, district = code["ward"], code["district"]
        short = ward.replace("Phường ", "P. ").replace("Xã ", "X. ").replace("Thị trấn ", "TT. ")
        brief = district.replace("Quận ", "Q. ").replace("Huyện ", "H. ").replace("Thị xã ", "TX. ")
        for text in (f"{ward}, {district}, Thành phố Hà Nội", f"12 Lê Lợi, {short}, {brief}, TP. Hà Nội"):
            asked += [(text, heirs), (fold_text(text), heirs), (tone_style(text, new=True), heirs)]
    for name, code_ in {(pair["newWard"], pair["newWardCode"]) for pair in pairs}:
        asked += [(f"số 3 phố Huế, {name}, Hà Nội", {code_}), (fold_text(f"so 3 pho Hue, {name}, Ha Noi"), {code_})]
    right = sum(_first(text) == heirs for text, heirs in asked)
    share = right / len(asked)
    print(f"RESULT addresses {right} of {len(asked)} = {share:.4f}")
    assert share > 0.97


def fold_text(text: str) -> str:
    return ", ".join(
        fold(part).replace("p ", "p. ", 1) if part.startswith("P.") else fold(part) for part in text.split(", ")
    )


def _first(text: str) -> set[str]:
    found = service.find_address(text)
    return {unit.code for unit in found[0].units} if found else set()


def test_the_search_line_takes_addresses(client: Client, town: Town) -> None:
    page = client.get("/search", {"q": "12 Hàng Than, P. Trúc Bạch, Q. Cổ"}, follow=True).content.decode()
    assert "12 Hàng Than, Phường Cửa Nam, Thử" in page
    assert "12 Hàng Than, Phường Trúc Bạch, Quận Cổ, Thử" in page
