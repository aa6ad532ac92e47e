"""Places: the unit of a point, alone and in batches, against a bare shapely STRtree over the same polygons in the same
run; reads of one unit, a search over all names, the drawing of a base-map tile.

The units are those of the demo city (126 approximate outlines); with the real outlines at hand
(``../shared/data/places``) they are imported first. Answers are compared with brute force before anything is timed.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import _figures
import numpy as np
import shapely

SHARED = Path(os.environ.get("THANGLONG_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
OUTLINES = SHARED / "places" / "hanoi_wards_126_2026.geojson"


result = _figures.of("places")


def each(ask: Callable[[], object], times: int = 20_000) -> float:
    """Microseconds of one call, the best of five rounds."""
    ask()
    rounds = []
    for _ in range(5):
        begun = time.perf_counter()
        for _ in range(times // 5):
            ask()
        rounds.append((time.perf_counter() - begun) / (times // 5))
    return min(rounds) * 1e6


def prepare(folder: str) -> None:
    """An installation of its own with the demo city's units, and the real outlines where they are at hand."""
    os.environ |= {"THANGLONG_DATA": folder, "DJANGO_SETTINGS_MODULE": "thanglong.site.settings"}
    import django

    django.setup()
    from django.core.management import call_command

    from thanglong.core.places import demo, service
    from thanglong.kit.ports import SYSTEM
    from thanglong.site import compose
    from thanglong.solve.city import City

    compose.plug()
    call_command("migrate", verbosity=0)
    begun = time.perf_counter()
    demo.build(City(1, 0.01, "Hà Nội", datetime.now(UTC)), lambda text: print(f"  {text}"))
    result("demo units loaded with ledger entries", time.perf_counter() - begun, "s")
    if OUTLINES.is_file():
        report = service.import_units(SYSTEM, service.read_units(OUTLINES), dry_run=False)
        print(f"  real outlines imported: {report.changed}")
    else:
        print(f"  approximate outlines (no {OUTLINES.name})")


def points(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(105.3, 106.02, n), rng.uniform(20.57, 21.38, n)


def check(polygons: np.ndarray, ids: list[object]) -> None:
    from thanglong.core.places import service

    lons, lats = points(5000, 2)
    inside = np.array([shapely.intersects_xy(polygon, lons, lats) for polygon in polygons])
    batch = service.units_at(lons, lats)
    for n, found in enumerate(batch):
        expected = ids[int(inside[:, n].argmax())] if inside[:, n].any() else None
        one = service.unit_at(float(lons[n]), float(lats[n]))
        if found != expected or (one.id if one else None) != expected:
            sys.exit("the lookup is wrong; nothing was timed")
    print("  5,000 points agree with brute force")


def lookups() -> None:
    from thanglong.core.places import service

    local = {unit.id for unit in service.wards()}
    shapes = [(unit, shape) for unit, shape in service.boundaries() if unit.id in local]
    polygons = np.array([shape for _, shape in shapes], dtype=object)
    check(polygons, [unit.id for unit, _ in shapes])
    shapely.prepare(polygons)
    tree = shapely.STRtree(polygons)
    lons, lats = points(20_000, 1)
    ours, theirs = (
        cycle(zip(lons.tolist(), lats.tolist(), strict=True)),
        cycle(zip(lons.tolist(), lats.tolist(), strict=True)),
    )
    here = each(lambda: service.unit_at(*next(ours)))
    bare = each(lambda: tree.query(shapely.Point(*next(theirs)), predicate="intersects"))
    result("unit at a point", here, "us", "shapely STRtree, prepared polygons", bare / here)
    lons, lats = points(200_000, 3)
    service.units_at(lons[:1000], lats[:1000])
    begun, spent = time.perf_counter(), time.process_time()
    service.units_at(lons, lats)
    here, spent = time.perf_counter() - begun, time.process_time() - spent
    result("points to units in a batch", len(lons) / spent, "1/CPU-s")
    begun = time.perf_counter()
    tree.query(shapely.points(lons, lats), predicate="intersects")
    bare = time.perf_counter() - begun
    result("200,000 points at once", here, "s", "shapely STRtree, prepared polygons", bare / here)


def reads() -> None:
    from thanglong.core.places import service
    from thanglong.formats import mvt
    from thanglong.web import tiles

    ward = service.wards()[5].id
    result("unit by id", each(lambda: service.unit(ward)), "us")
    result("subtree of the city", each(lambda: service.subtree(service.city().id)), "us")
    result("search over all names", each(lambda: service.search("cua nam"), 200), "us")
    slowest = 0.0
    for zoom in range(6, 16):
        begun = time.perf_counter()
        tiles.draw(zoom, *mvt.tile_at(zoom, 105.85, 21.03))
        slowest = max(slowest, time.perf_counter() - begun)
    result("slowest first tile of the centre, zoom 6 to 15, units only", slowest * 1000, "ms")


def reforms() -> None:
    """All wards of today two by two into one, each third one divided: preview, decision, undo; figures re-based."""
    from datetime import timedelta

    import orjson

    from thanglong.core.places import service
    from thanglong.kit import clock
    from thanglong.kit.ports import SYSTEM

    day = clock.today() + timedelta(days=30)
    wards = service.wards()
    units = [{"code": f"9{n:04d}", "name": f"Phường Số {n}"} for n in range((len(wards) + 1) // 2)]
    mapping: list[dict[str, object]] = []
    for n, ward in enumerate(wards):
        homes = [n // 2, (n // 2 + 1) % len(units)] if n % 3 == 0 else [n // 2]
        mapping += [{"old": ward.code, "new": units[home]["code"], "share": 1 / len(homes)} for home in homes]
    act = {"number": "1", "title": "x", "issuer": "y", "signed_on": "2026-01-01", "effective_on": str(day)}
    body = orjson.dumps({"act": act, "units": units, "mapping": mapping})
    begun = time.perf_counter()
    plan = service.read_reorganisation(body, "bench.json")
    view = service.preview(SYSTEM, plan)
    if not view.ok:
        sys.exit("; ".join(map(str, view.problems[:3])))
    result(f"preview of a reform of {len(wards)} units, {view.divided} divided", time.perf_counter() - begun, "s")
    reform = service.draft(SYSTEM, plan)
    begun = time.perf_counter()
    decided = service.decide(SYSTEM, reform.id, version=1)
    result("decision, with ledger entries", time.perf_counter() - begun, "s")
    values = {ward.id: float(n) for n, ward in enumerate(wards)}
    eve = day - timedelta(days=1)
    there = service.rebase(values, eve, day)
    if abs(sum(there.values.values()) - sum(values.values())) > 1e-9:
        sys.exit("the total changed; nothing was timed")
    result("figures of all wards re-based", each(lambda: service.rebase(values, eve, day), 50), "us")
    begun = time.perf_counter()
    service.undo(SYSTEM, decided.id, version=decided.version)
    result("undone", time.perf_counter() - begun, "s")
    if service.wards(day) != wards:
        sys.exit("undoing left something behind")
    result(
        "an address in old names found",
        each(lambda: service.find_address("12 Lê Lợi, P. Trúc Bạch, Q. Ba Đình"), 200),
        "us",
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        lookups()
        reads()
        reforms()


if __name__ == "__main__":
    main()
