"""What the ``vietnamadminunits`` package knows of one province: units of today, those before July 2025, the mapping.

Only its data files are read; the package itself is not imported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

from thanglong.kit.errors import N_, Invalid, Unavailable
from thanglong.kit.text import fold
from thanglong.stores.sqlite.tables import read_table

# residents in thousands by province code, as counted for the mergers of 1 July 2025 (Resolution 202/2025/QH15)
POPULATION = {
    "01": 8808, "04": 573, "08": 1865, "11": 673, "12": 513, "14": 1405, "15": 1779, "19": 1799, "20": 881, "22": 1497,
    "24": 3619, "25": 4023, "31": 4664, "33": 3568, "37": 4412, "38": 4325, "40": 3832, "42": 1623, "44": 1871,
    "46": 1433, "48": 3066, "51": 2162, "52": 3584, "56": 2244, "66": 3347, "68": 3873, "75": 4491, "79": 14003,
    "80": 3254, "82": 4370, "86": 4258, "91": 4952, "92": 4200, "96": 2607,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spot:
    """A unit as the package tells it; ``area_km2`` 0 where unknown."""

    key: str
    code: str
    name: str
    lon: float
    lat: float
    area_km2: float = 0.0
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Province:
    """A province of today. ``pairs`` are (old ward or district key, new ward key)."""

    code: str
    name: str
    lon: float
    lat: float
    population: int
    wards: tuple[Spot, ...]
    old_provinces: tuple[Spot, ...]
    old_districts: tuple[Spot, ...]
    old_wards: tuple[Spot, ...]
    pairs: tuple[tuple[str, str], ...]


def _folder() -> Path:
    spec = find_spec("vietnamadminunits")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(N_("The package vietnamadminunits is missing; set the environment up again."))
    return Path(spec.submodule_search_locations[0]) / "data"


def provinces() -> dict[str, str]:
    """Names of the 34 provinces by code."""
    rows = read_table(_folder() / "dataset.db", "admin_units", ["provinceCode", "provinceShort"])
    return dict(sorted(set(rows)))


def code_of(text: str) -> str:
    """The code of the province that ``text`` names (code, name with or without marks); Invalid lists all names."""
    known = provinces()
    asked = fold(text)
    for prefix in ("thanh pho ", "tinh ", "tp "):
        asked = asked.removeprefix(prefix)
    asked = {"hcm": "ho chi minh", "hn": "ha noi", "sai gon": "ho chi minh"}.get(asked, asked)
    for code, name in known.items():
        if asked in (code, fold(name), fold(name).replace(" ", "")):
            return code
    names = ", ".join(f"{name} ({code})" for code, name in known.items())
    raise Invalid(N_("There is no province called %(text)s. Choose one of: %(names)s"), text=text, names=names)


def load(text: str) -> Province:
    """The province that ``text`` names."""
    code = code_of(text)
    folder = _folder()
    columns = ["province", "provinceKey", "provinceLat", "provinceLon", "wardKey", "wardCode", "ward", "wardLat",
               "wardLon", "wardAreaKm2"]  # fmt: skip
    rows = list(read_table(folder / "dataset.db", "admin_units", columns, {"provinceCode": [code]}))
    name, key, lat, lon = rows[0][:4]
    converter = orjson.loads((folder / "converter_2025.json").read_bytes())
    old_keys = converter["DICT_PROVINCE"][key]
    pairs = tuple(sorted(_pairs(converter, key)))
    old_provinces, old_districts, old_wards = _legacy(folder, old_keys)
    where = {spot.key: spot for spot in (*old_districts, *old_wards)}
    wards = []
    for *_, ward_key, ward_code, ward, ward_lat, ward_lon, area in rows:
        if ward_lat is None or ward_lon is None:
            before = [where[old] for old, new in pairs if new == ward_key]
            ward_lat, ward_lon = (before[0].lat, before[0].lon) if before else (lat, lon)
        wards.append(Spot(ward_key, ward_code, ward, ward_lon, ward_lat, area or 5.0))
    return Province(
        code, name, lon, lat, POPULATION[code] * 1000, tuple(wards), old_provinces, old_districts, old_wards, pairs
    )


def _pairs(converter: Mapping[str, Any], province: str) -> set[tuple[str, str]]:
    whole = converter["DICT_PROVINCE_WARD_NO_DIVIDED"].get(province, {})
    divided = converter["DICT_PROVINCE_WARD_DIVIDED"].get(province, {})
    pairs = {(old.rstrip("_"), new) for new, olds in whole.items() for old in olds}
    return pairs | {(old.rstrip("_"), part["newWardKey"]) for old, parts in divided.items() for part in parts}


def _legacy(folder: Path, province_keys: list[str]) -> tuple[tuple[Spot, ...], tuple[Spot, ...], tuple[Spot, ...]]:
    levels, parts = ("province", "district", "ward"), ("Key", "Code", "", "Lon", "Lat")
    columns = [f"{level}{part}" for level in levels for part in parts]
    provinces: dict[str, Spot] = {}
    districts: dict[str, Spot] = {}
    wards: dict[str, Spot] = {}
    for row in read_table(folder / "dataset.db", "admin_units_legacy", columns, {"provinceKey": province_keys}):
        top, middle, low = row[:5], row[5:10], row[10:]
        district = f"{top[0]}_{middle[0]}"
        provinces.setdefault(top[0], _spot(top[0], top))
        districts.setdefault(district, _spot(district, middle, top[0]))
        if low[0] is not None:
            key = f"{district}_{low[0]}"
            wards.setdefault(key, _spot(key, low, district))
    return tuple(provinces.values()), tuple(districts.values()), tuple(wards.values())


def _spot(key: str, level: Sequence[Any], parent: str = "") -> Spot:
    _, code, name, lon, lat = level
    return Spot(key, code, name, lon, lat, parent=parent)
