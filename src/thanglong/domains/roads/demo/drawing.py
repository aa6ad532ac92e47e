"""Sketches of cities: a text format for drawn ones, and a drawing for any city nobody has drawn."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from thanglong.domains.roads.demo.hanoi import HANOI
from thanglong.solve.city import METRES_PER_DEGREE, Area, City
from thanglong.solve.network import Line, River, Sketch

DRAWN = {"Hà Nội": HANOI}
Point = tuple[float, float]


def sketch_for(city: City) -> Sketch:
    """The drawn sketch of a known city, else one made up from its outline."""
    text = DRAWN.get(city.name)
    return read(text) if text else invent(city)


def read(text: str) -> Sketch:
    """Parse a sketch: a line ``kind | name | …``, then its points ``lon,lat`` on lines that begin with blanks."""
    rivers: list[River] = []
    areas: list[Area] = []
    lines: list[Line] = []
    bridges: list[tuple[str, float, float]] = []
    entries: list[tuple[list[str], list[Point]]] = []
    for row in text.splitlines():
        if row.startswith("    "):
            entries[-1][1].extend(_point(word) for word in row.split())
        elif row.strip() and not row.startswith("#"):
            entries.append(([part.strip() for part in row.split("|")], []))
    for (kind, name, *rest), points in entries:
        if kind in ("river", "canal"):
            rivers.append(River(name, float(rest[0]), tuple(points), kind == "river"))
        elif kind == "shore":
            areas.append(Area(name, "lake", shapely.Polygon(points).buffer(-0.0012).buffer(0.0012)))
        elif kind in ("lake", "park"):
            areas.append(Area(name, kind, blob(_point(rest[0]), _point(rest[1]), float(rest[2]))))
        elif kind == "bridge":
            bridges.append((name, *_point(rest[0])))
        else:
            lines.append(Line(name, kind, tuple(points)))
    return Sketch(tuple(rivers), tuple(areas), tuple(lines), tuple(bridges))


def _point(text: str) -> Point:
    a, b = text.split(",")
    return float(a), float(b)


def blob(middle: Point, half: Point, turn: float) -> BaseGeometry:
    """A rounded shape like a lake or a park: an ellipse with a wavering shore; ``half`` axes in metres."""
    lon, lat = middle
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    waver = 1 + 0.09 * np.sin(3 * angle + lon * 9000) + 0.06 * np.sin(5 * angle + lat * 7000)
    x, y = half[0] * np.cos(angle) * waver, half[1] * np.sin(angle) * waver
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    east = (x * c - y * s) / (METRES_PER_DEGREE * np.cos(np.radians(lat)))
    north = (x * s + y * c) / METRES_PER_DEGREE
    return shapely.Polygon(np.column_stack([lon + east, lat + north])).buffer(0)


def invent(city: City) -> Sketch:
    """A city like many: a river past the old centre, three rings, eight roads out, a great lake and small ones."""
    rng = city.rng("roads", "sketch")
    plane, centre = city.plane, (0.0, 0.0)
    west, south, east, north = plane.to_plane(city.outline).bounds
    far = 1.5 * max(east - west, north - south)
    turn = float(rng.uniform(0, 2 * np.pi))
    ring = float(np.clip(0.045 * np.sqrt((east - west) * (north - south)), 1200, 3000))

    def points(xs: np.ndarray, ys: np.ndarray) -> tuple[Point, ...]:
        c, s = np.cos(turn), np.sin(turn)
        lon, lat = plane.lonlat(xs * c - ys * s, xs * s + ys * c)
        return tuple(zip(lon.tolist(), lat.tolist(), strict=True))

    along = np.linspace(-far, far, 41)
    off = 1.35 * ring + 0.25 * ring * np.sin(along / (3.1 * ring)) + 0.15 * ring * np.sin(along / (1.3 * ring) + 1)
    river = River("Sông Cái", max(160.0, ring * 0.22), points(along, off))
    lines, crossings = [], []
    for number, (radius, kind) in enumerate(((ring, "primary"), (2.1 * ring, "trunk"), (4.0 * ring, "trunk")), 1):
        angle = np.linspace(0, 2 * np.pi, 25)
        r = radius * (1 + 0.07 * np.sin(2 * angle + number) + 0.05 * np.sin(3 * angle))
        r[-1] = r[0]
        xs, ys = r * np.cos(angle), r * np.sin(angle) * np.where(number == 1, 0.9, 1.0)
        lines.append(Line(f"Vành đai {number}", kind, points(xs, ys)))
        crossings += _crossings(f"Cầu Vành đai {number}", np.column_stack([xs, ys]), np.column_stack([along, off]))
    for k in range(8):
        angle = k * np.pi / 4 + float(rng.uniform(-0.2, 0.2))
        r = np.linspace(0.15 * ring, far, 14)
        bend = angle + 0.12 * np.sin(r / (5 * ring) + k)
        xs, ys = r * np.cos(bend), r * np.sin(bend)
        lines.append(
            Line(f"Quốc lộ {k + 1}", "motorway" if k == 6 else "trunk" if k % 2 else "primary", points(xs, ys))
        )
        if k in (1, 3):
            crossings += _crossings(f"Cầu Quốc lộ {k + 1}", np.column_stack([xs, ys]), np.column_stack([along, off]))[
                :1
            ]
    bridges = tuple((name, *points(np.array([x]), np.array([y]))[0]) for name, x, y in crossings)
    spots = [("Hồ Lớn", "lake", (-0.9 * ring, -0.8 * ring), (0.28 * ring, 0.22 * ring))]
    spots += [(f"Hồ {n}", "lake", tuple(rng.uniform(-3 * ring, 0.7 * ring, 2)), (130.0, 180.0)) for n in range(1, 9)]
    spots += [
        (f"Công viên {n}", "park", tuple(rng.uniform(-3 * ring, 0.7 * ring, 2)), (230.0, 280.0)) for n in range(1, 7)
    ]
    areas = tuple(
        Area(name, kind, blob(points(np.array([at[0]]), np.array([at[1]]))[0], half, float(rng.uniform(0, 90))))
        for name, kind, at, half in spots
    )
    del centre
    return Sketch((river,), areas, tuple(lines), bridges)


def _crossings(name: str, road: np.ndarray, river: np.ndarray) -> list[tuple[str, float, float]]:
    """Where a road meets the river's middle line, in metres."""
    meet = shapely.LineString(road).intersection(shapely.LineString(river))
    points = [part for part in shapely.get_parts(meet) if part.geom_type == "Point"]
    return [(f"{name}" if i == 0 else f"{name} {'ABCD'[i % 4]}", p.x, p.y) for i, p in enumerate(points)]
