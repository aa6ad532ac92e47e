"""Clusters of 1,000,000 things: a screen at every zoom, against counting the box from all points in the same run."""

import sys
import time

import _figures
import numpy as np

from thanglong.solve.clusters import PER_TILE, Clusters, mercator

N = 1_000_000


result = _figures.of("clusters")


def plain(points: Clusters, box: tuple[float, ...], zoom: int) -> int:
    """How many points lie in the cells the box touches, from all points."""
    size = PER_TILE << zoom
    x, y = mercator(points.lon, points.lat)
    (x0, x1), (y0, y1) = mercator(np.array([box[0], box[2]]), np.array([box[3], box[1]]))
    column, row = (x * size).astype(int), (y * size).astype(int)
    held = (column >= int(x0 * size)) & (column <= int(x1 * size)) & (row >= int(y0 * size)) & (row <= int(y1 * size))
    np.unique((row[held] << 32) | column[held], return_counts=True)
    return int(held.sum())


def main() -> None:
    rng = np.random.default_rng(1)
    lon, lat = rng.normal(105.82, 0.12, N), rng.normal(21.02, 0.1, N)
    begun = time.process_time()
    points = Clusters(lon, lat, rng.integers(0, 4, N), 4)
    result("1,000,000 things counted for zoom 5 to 15", time.process_time() - begun, "CPU s")
    slowest, bare = 0.0, 0.0
    for zoom in range(5, 16):
        wide, high = 360 / 2**zoom * 2.7, 360 / 2**zoom * 1.3
        box = (105.82 - wide / 2, 21.02 - high / 2, 105.82 + wide / 2, 21.02 + high / 2)
        begun = time.process_time()
        cells = points.ask(*box, zoom)
        took = time.process_time() - begun
        begun = time.process_time()
        expected = plain(points, box, zoom)
        bare = max(bare, time.process_time() - begun)
        if sum(sum(cell.counts) for cell in cells) != expected:
            sys.exit("the clusters are wrong; no figure is reported")
        slowest = max(slowest, took)
    result(
        "slowest screen of clusters, 1366 x 768, zoom 5 to 15", slowest * 1000, "CPU ms", "all points", bare / slowest
    )
    begun = time.process_time()
    for number in range(2000):
        points.put(number, float(lon[number]) + 0.001, float(lat[number]), number % 4)
    result("one thing changed in all zooms", (time.process_time() - begun) / 2000 * 1e6, "CPU us")


if __name__ == "__main__":
    main()
