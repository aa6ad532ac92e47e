"""Approximate territories for units of which only the seats are known."""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from thanglong.core.places.demo.source import Province, Spot
from thanglong.core.places.rules import kind_of
from thanglong.core.places.types import UnitKind
from thanglong.solve import geometry
from thanglong.solve.city import Floats, Ints, Plane

# an old seat farther than this from where its unit went is a slip of the gazetteer, and shapes nothing
STRAY_M = 25_000.0


@dataclass(frozen=True, slots=True)
class Territories:
    """Outlines in degrees by unit key (old units without a believable seat have none), and estimated figures.

    ``shares`` tells for each pair (old, new) which part of the old unit went to the new one; ``old_area`` and
    ``old_people`` are km² and residents of the old wards, ``people`` residents of the new ones.
    """

    city: BaseGeometry
    wards: dict[str, BaseGeometry]
    old_wards: dict[str, BaseGeometry]
    old_districts: dict[str, BaseGeometry]
    shares: dict[tuple[str, str], float]
    old_area: dict[str, float]
    people: dict[str, int]
    old_people: dict[str, int]


def _arrays(spots: tuple[Spot, ...], plane: Plane) -> tuple[Floats, Floats]:
    x, y = plane.xy(np.array([spot.lon for spot in spots]), np.array([spot.lat for spot in spots]))
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


def _homes(province: Province, near: tuple[Floats, Floats], old: tuple[Floats, Floats]) -> tuple[Ints, Floats]:
    """For each old ward the index of the nearest of its successors, and the distance to it in metres."""
    index = {ward.key: i for i, ward in enumerate(province.wards)}
    after: dict[str, list[int]] = {}
    for old_key, new_key in province.pairs:
        after.setdefault(old_key, []).append(index[new_key])
    home = np.zeros(len(province.old_wards), dtype=np.int64)
    away = np.full(len(province.old_wards), np.inf)
    for i, spot in enumerate(province.old_wards):
        for new in after.get(spot.key, ()):
            distance = float(np.hypot(near[0][new] - old[0][i], near[1][new] - old[1][i]))
            if distance < away[i]:
                home[i], away[i] = new, distance
    return home, away


def draw(province: Province) -> Territories:
    """Territories of a province's units, old and new.

    The land is cut into Voronoi cells around all seats, old and new; a new ward is its own cell with those of the old
    wards that went to it. That comes closer to the true borders than cells around the new seats alone.
    """
    plane = Plane(province.lon, province.lat)
    new = _arrays(province.wards, plane)
    old = _arrays(province.old_wards, plane)
    home, away = _homes(province, new, old)
    sound = np.flatnonzero(away < STRAY_M)
    areas = np.array([ward.area_km2 for ward in province.wards]) * 1e6
    radii = np.concatenate([np.sqrt(areas / np.pi) * 0.5, np.sqrt(areas[home[sound]] / np.pi) * 0.4])
    x, y = geometry.apart(np.concatenate([new[0], old[0][sound]]), np.concatenate([new[1], old[1][sound]]))
    outline = geometry.outline_around(x, y, radii, float(areas.sum()))
    cells = geometry.voronoi_cells(x, y, outline)
    count = len(province.wards)
    group = np.concatenate([np.arange(count), home[sound]])
    group = geometry.connected_groups(cells, group, np.arange(count))
    wards = geometry.union_by_group(cells, group, count)
    old_cells = geometry.voronoi_cells(x[count:], y[count:], outline) if len(sound) else np.array([], dtype=object)
    old_by_key = {province.old_wards[i].key: cell for i, cell in zip(sound.tolist(), old_cells, strict=True)}
    new_by_key = dict(zip((ward.key for ward in province.wards), wards, strict=True))
    shares, parts = _shares(province, old_by_key, new_by_key)
    people = _people(province, plane)
    return Territories(
        city=plane.to_degrees(outline),
        wards={key: plane.to_degrees(shape) for key, shape in new_by_key.items()},
        old_wards={key: plane.to_degrees(shape) for key, shape in old_by_key.items()},
        old_districts={key: plane.to_degrees(shape) for key, shape in _districts(province, old_by_key).items()},
        shares=shares,
        old_area={key: round(shape.area / 1e6, 2) for key, shape in old_by_key.items()},
        people=people,
        old_people=_old_people(people, parts),
    )


def _districts(province: Province, cells: dict[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    grouped: dict[str, list[BaseGeometry]] = {}
    for ward in province.old_wards:
        if ward.key in cells:
            grouped.setdefault(ward.parent, []).append(cells[ward.key])
    return {key: shapely.union_all(shapes) for key, shapes in grouped.items()}


def _shares(
    province: Province, old: dict[str, BaseGeometry], new: dict[str, BaseGeometry]
) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], float]]:
    """Share of each old unit that went to each new one, and that share as an area in km²."""
    after: dict[str, list[str]] = {}
    for old_key, new_key in province.pairs:
        after.setdefault(old_key, []).append(new_key)
    shares: dict[tuple[str, str], float] = {}
    parts: dict[tuple[str, str], float] = {}
    for old_key, new_keys in after.items():
        shape = old.get(old_key)
        if shape is None or len(new_keys) == 1:
            split = [1.0 / len(new_keys)] * len(new_keys)
        else:
            split = geometry.overlap_shares(shape, [new[key] for key in new_keys])
        for new_key, share in zip(new_keys, split, strict=True):
            shares[old_key, new_key] = share
            parts[old_key, new_key] = share * (shape.area / 1e6 if shape is not None else 1.0)
    return shares, parts


def _people(province: Province, plane: Plane) -> dict[str, int]:
    """Estimated residents of each ward: the province's, by area, kind and nearness to where wards stand close."""
    x, y = _arrays(province.wards, plane)
    areas = np.array([ward.area_km2 for ward in province.wards])
    urban = np.array([kind_of(ward.name) is UnitKind.WARD for ward in province.wards])
    heart = np.argsort(areas + np.where(urban, 0.0, 1000.0))[: max(3, len(areas) // 8)]
    away = np.hypot(x - np.median(x[heart]), y - np.median(y[heart])) / 1000
    weight = areas**0.4 * np.where(urban, 1.5, 0.85) * (1 + 1.3 * np.exp(-away / 9))
    weight[np.array([kind_of(ward.name) is UnitKind.SPECIAL_ZONE for ward in province.wards])] *= 0.05
    people = np.round(weight / weight.sum() * province.population).astype(int)
    return {ward.key: int(count) for ward, count in zip(province.wards, people, strict=True)}


def _old_people(people: dict[str, int], parts: dict[tuple[str, str], float]) -> dict[str, int]:
    """Residents of the old wards: each new ward's, by the area that came from each old one."""
    total: dict[str, float] = {}
    for (_, new), area in parts.items():
        total[new] = total.get(new, 0.0) + area
    result: dict[str, float] = {}
    for (old, new), area in parts.items():
        result[old] = result.get(old, 0.0) + people[new] * area / max(total[new], 1e-9)
    return {key: round(value) for key, value in result.items()}
