"""The base map's tiles as the browser asks for them, with the units' layers."""

import gzip
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client
from shapely.geometry import box

from thanglong.core.places import service
from thanglong.core.places.types import NewState, NewUnit, UnitKind
from thanglong.formats import mvt
from thanglong.kit import ports
from thanglong.kit.ids import new_id
from thanglong.kit.ports import SYSTEM

X, Y = mvt.tile_at(10, 105.12, 21.05)
URL = f"/tiles/base/10/{X}/{Y}.mvt"


@dataclass(frozen=True)
class Town:
    """A city of three wards in a row."""

    hoa_binh: UUID


@pytest.fixture
def town(db: None) -> Town:
    day, city = date(2025, 7, 1), new_id()
    units = [
        NewUnit(city, [NewState(UnitKind.CITY, "01", "Thành phố Thử", day, boundary=box(105.0, 21.0, 105.3, 21.1))])
    ]
    for number, name in enumerate(("Cửa Nam", "Hòa Bình", "Đa Sĩ")):
        west = 105.0 + number / 10
        shape = box(west, 21.0, west + 0.1, 21.1)
        state = NewState(UnitKind.WARD, str(number), f"Phường {name}", day, parent=city, boundary=shape)
        units.append(NewUnit(new_id(), [state]))
    service.bulk_load(SYSTEM, units)
    return Town(units[2].id)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(ports.plugged, "data", tmp_path)
    from thanglong.web import tiles

    tiles._pruned.clear()
    return tmp_path


def test_a_tile(town: Town, client: Client) -> None:
    answer = client.get(URL)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert "public" in answer["Cache-Control"]
    layers = mvt.decode(answer.content)
    names = {feature["properties"]["name"] for feature in layers["units"]["features"]}
    assert "Phường Hòa Bình" in names
    assert layers["city"]["features"]
    assert {feature["properties"]["name"] for feature in layers["unit_labels"]["features"]} & {
        "Cửa Nam",
        "Hòa Bình",
        "Đa Sĩ",
    }


def test_packed_for_browsers_that_can(town: Town, client: Client) -> None:
    packed = client.get(URL, headers={"Accept-Encoding": "gzip, br"})
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert gzip.decompress(packed.content) == client.get(URL).content


def test_kept_on_disk_until_something_changes(town: Town, client: Client, _own_cache: Path) -> None:
    first = client.get(URL)
    folders = list((_own_cache / "cache" / "tiles").iterdir())
    assert len(folders) == 1
    kept = folders[0] / "10" / f"{X}-{Y}.mvt.gz"
    assert kept.is_file()
    assert client.get(URL, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert client.get(URL, headers={"If-None-Match": f'"x", W/{first["ETag"]}'}).status_code == 304

    service.update_unit(SYSTEM, town.hoa_binh, {"name": "Phường Mới"}, effective=date(2025, 7, 1))
    second = client.get(URL, headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    assert "Phường Mới" in {f["properties"]["name"] for f in mvt.decode(second.content)["units"]["features"]}
    assert not kept.exists(), "tiles of an old version are thrown away"


def test_nothing_there_and_no_such_tile(town: Town, client: Client) -> None:
    empty = client.get("/tiles/base/10/0/0.mvt")
    assert empty.status_code == 204
    assert empty["ETag"]
    for path in ("19/0/0", "3/8/0", "3/0/8"):
        assert client.get(f"/tiles/base/{path}.mvt").status_code == 404
    assert client.post(URL).status_code in (403, 405)


def test_an_empty_city_has_empty_tiles(client: Client, db: None) -> None:
    assert client.get(URL).status_code in (200, 204)
