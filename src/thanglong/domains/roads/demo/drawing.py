"""Sketches of cities: a text format for drawn ones, and a drawing for any city nobody has drawn."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from thanglong.domains.roads.demo.hanoi import HANOI
from thanglong.solve.city import METRES_PER_DEGREE, Area, City, Floats
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
    west, south, east, north = city.plane.to_plane(city.outline).bounds
    ring = float(np.clip(0.045 * np.sqrt((east - west) * (north - south)), 1200, 3000))
    return _Inventor(city, ring, 1.5 * max(east - west, north - south)).draw()


class _Inventor:
    """Draws in metres around the city's heart, then turns the sheet by a random angle."""

    def __init__(self, city: City, ring: float, far: float) -> None:
        """``ring`` is the radius of the first ring road, ``far`` well outside the city."""
        self.city, self.ring, self.far = city, ring, far
        self.rng = city.rng("roads", "sketch")
        self.turn = float(self.rng.uniform(0, 2 * np.pi))
        along = np.linspace(-far, far, 41)
        bend = 0.25 * np.sin(along / (3.1 * ring)) + 0.15 * np.sin(along / (1.3 * ring) + 1)
        self.river = np.column_stack([along, ring * (1.35 + bend)])
        self.lines: list[Line] = []
        self.bridges: list[tuple[str, float, float]] = []

    def draw(self) -> Sketch:
        self._rings()
        self._roads_out()
        river = River("Sông Cái", max(160.0, self.ring * 0.22), self._degrees(self.river))
        return Sketch((river,), self._areas(), tuple(self.lines), tuple(self.bridges))

    def _degrees(self, xy: Floats) -> tuple[Point, ...]:
        c, s = np.cos(self.turn), np.sin(self.turn)
        x, y = xy[:, 0], xy[:, 1]
        lon, lat = self.city.plane.lonlat(x * c - y * s, x * s + y * c)
        return tuple(zip(lon.tolist(), lat.tolist(), strict=True))

    def _rings(self) -> None:
        angle = np.linspace(0, 2 * np.pi, 25)
        for number, (size, kind) in enumerate(((1.0, "primary"), (2.1, "trunk"), (4.0, "trunk")), 1):
            radius = self.ring * size * (1 + 0.07 * np.sin(2 * angle + number) + 0.05 * np.sin(3 * angle))
            radius[-1] = radius[0]
            flat = 0.9 if number == 1 else 1.0
            road = np.column_stack([radius * np.cos(angle), radius * np.sin(angle) * flat])
            self.lines.append(Line(f"Vành đai {number}", kind, self._degrees(road)))
            self._cross(f"Cầu Vành đai {number}", road, 4)

    def _roads_out(self) -> None:
        radius = np.linspace(0.15 * self.ring, self.far, 14)
        for k in range(8):
            start = k * np.pi / 4 + float(self.rng.uniform(-0.2, 0.2))
            angle = start + 0.12 * np.sin(radius / (5 * self.ring) + k)
            road = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
            kind = "motorway" if k == 6 else "trunk" if k % 2 else "primary"
            self.lines.append(Line(f"Quốc lộ {k + 1}", kind, self._degrees(road)))
            if k in (1, 3):
                self._cross(f"Cầu Quốc lộ {k + 1}", road, 1)

    def _cross(self, name: str, road: Floats, most: int) -> None:
        """Bridges where a road meets the river's middle line."""
        meet = shapely.LineString(road).intersection(shapely.LineString(self.river))
        points = [part for part in shapely.get_parts(meet) if part.geom_type == "Point"][:most]
        for i, point in enumerate(points):
            (spot,) = self._degrees(np.array([[point.x, point.y]]))
            self.bridges.append((name if i == 0 else f"{name} {'ABCD'[i]}", *spot))

    def _areas(self) -> tuple[Area, ...]:
        ring = self.ring
        spots = [("Hồ Lớn", "lake", -0.9 * ring, -0.8 * ring, (0.28 * ring, 0.22 * ring))]
        for kind, title, count, half in (("lake", "Hồ", 8, (130.0, 180.0)), ("park", "Công viên", 6, (230.0, 280.0))):
            for n in range(1, count + 1):
                x, y = self.rng.uniform(-3 * ring, 0.7 * ring, 2).tolist()
                spots.append((f"{title} {n}", kind, x, y, half))
        return tuple(
            Area(name, kind, blob(self._degrees(np.array([[x, y]]))[0], half, float(self.rng.uniform(0, 90))))
            for name, kind, x, y, half in spots
        )
