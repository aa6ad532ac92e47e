"""A small made-up city for tests and benchmarks: wards as Voronoi cells, denser towards the middle."""

from datetime import UTC, datetime

import numpy as np
import shapely

from thanglong.kit.ids import seeded_id
from thanglong.solve.city import City, Plane, Ward, rng_of


def sample_city(seed: int = 1, wards: int = 40, radius_km: float = 9.0, name: str = "Mẫu") -> City:
    """A round city of ``wards`` wards and ``radius_km``, at 105.8 E 21 N, on 24 November 2026 at noon local time."""
    plane = Plane(105.8, 21.0)
    rng = rng_of(seed, "sample")
    away = 0.96 * radius_km * 1000 * np.sqrt(rng.random(wards)) ** 1.4
    angle = rng.uniform(0, 2 * np.pi, wards)
    lon, lat = plane.lonlat(away * np.cos(angle), away * np.sin(angle))
    outline = plane.to_degrees(shapely.Point(0, 0).buffer(radius_km * 1000))
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(shapely.points(lon, lat)), extend_to=outline)
    )
    tree = shapely.STRtree(cells)
    order = tree.nearest(shapely.points(lon, lat))
    made = []
    for i in range(wards):
        shape = cells[order[i]].intersection(outline)
        area = max(float(plane.to_plane(shape).area) / 1e6, 0.1)
        dense = float(np.interp(away[i], [0, 3000, 6000, 9000], [24_000, 12_000, 4000, 1200]))
        ward_id = seeded_id(seed, "ward", i)
        made.append(Ward(ward_id, f"Phường {i + 1}", float(lon[i]), float(lat[i]), area, int(area * dense), shape))
    return City(seed, 0.01, name, datetime(2026, 11, 24, 5, tzinfo=UTC), tuple(made))
