"""Layers of very many things: clusters by zoom, counted once in memory and kept up to date from the things' log."""

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, plain, position
from thanglong.kit import ports
from thanglong.kit.ports import Change
from thanglong.kit.registry import Layer
from thanglong.solve import clusters
from thanglong.web import livemap

PAGE = 5000
SINGLE_ZOOM = 15
FEW, MOST = 400, 2000
STATES = ("normal", "notice", "urgent", "silent")


@dataclass(slots=True)
class Index:
    """The points of a layer; ``seq`` is the log's number it is true for, ``changed`` that of its last change."""

    points: clusters.Clusters
    ids: list[str]
    numbers: dict[str, int]
    seq: int
    changed: int
    lock: threading.Lock = field(default_factory=threading.Lock)


_kept: dict[str, Index] = {}
_making = threading.Lock()


def index(layer: Layer) -> Index:
    """The layer's points, brought up to date."""
    found = _kept.get(layer.key)
    if found is None:
        with _making:
            found = _kept.get(layer.key) or _kept.setdefault(layer.key, _make(layer))
    with found.lock:
        while found.seq < (last := things.last_seq()):
            page = things.changes(found.seq, PAGE, layer.types)
            for change in page:
                _follow(layer, found, change)
            found.changed = page[-1].seq if page else found.changed
            found.seq = page[-1].seq if len(page) == PAGE else max(last, page[-1].seq if page else 0)
    return found


def _make(layer: Layer) -> Index:
    seq = things.last_seq()
    ids: list[str] = []
    lon: list[float] = []
    lat: list[float] = []
    state: list[int] = []
    after = ""
    while True:
        page = ports.plugged.things.query(ThingQuery(types=layer.types, after=after, limit=PAGE))
        for entity in page:
            at = position(entity)
            if at is not None:
                ids.append(entity["id"])
                lon.append(at[0])
                lat.append(at[1])
                state.append(STATES.index(livemap.state_of(layer, plain(entity, layer.state))))
        if len(page) < PAGE:
            break
        after = page[-1]["id"]
    points = clusters.Clusters(np.array(lon), np.array(lat), np.array(state, np.int64), len(STATES))
    return Index(points, ids, {name: number for number, name in enumerate(ids)}, seq, seq)


def _follow(layer: Layer, found: Index, change: Change) -> None:
    number, points = found.numbers.get(change.entity), found.points
    if change.attributes is None:
        if number is not None:
            points.put(number, float(points.lon[number]), float(points.lat[number]), -1)
        return
    at = position(change.attributes)
    if number is None:
        if at is None:
            return
        number = found.numbers[change.entity] = len(found.ids)
        found.ids.append(change.entity)
        state = STATES.index(livemap.state_of(layer, plain(change.attributes, layer.state)))
        points.put(number, at[0], at[1], state)
        return
    if at is None and layer.state not in change.attributes and points.state[number] >= 0:
        return
    lon, lat = at or (float(points.lon[number]), float(points.lat[number]))
    state = max(int(points.state[number]), 0)
    if layer.state in change.attributes:
        state = STATES.index(livemap.state_of(layer, plain(change.attributes, layer.state)))
    points.put(number, lon, lat, state)


def answer(layer: Layer, found: Index, box: tuple[float, float, float, float], zoom: float) -> dict[str, Any]:
    """Clusters of a box as GeoJSON; single things where one looks closely or few are left."""
    with found.lock:
        cells = found.points.ask(*box, zoom)
        counts = dict(zip(STATES, found.points.counts(), strict=True))
        single = zoom >= SINGLE_ZOOM or sum(sum(cell.counts) for cell in cells) <= FEW
        held = clusters.inside(found.points, *box, MOST + 1) if single else ()
        ids = [found.ids[number] for number in held]
    if single and len(ids) <= MOST:
        entities = ports.plugged.things.get(ids)
        features = [made for entity in entities.values() if (made := livemap.feature(layer, entity)) is not None]
    else:
        features = [_feature(number, cell) for number, cell in enumerate(cells)]
    total = {**counts, "total": sum(counts.values())}
    return {"type": "FeatureCollection", "seq": found.seq, "counts": total, "features": features}


def _feature(number: int, cell: clusters.Cell) -> dict[str, Any]:
    total = sum(cell.counts)
    short = str(total) if total < 1000 else f"{total / 1000:.1f}k" if total < 10_000 else f"{total // 1000}k"
    known = dict(zip(STATES, cell.counts, strict=True))
    properties = {"id": f"c{number}", "point_count": total, "point_count_abbreviated": short, **known}
    place = {"type": "Point", "coordinates": [cell.lon, cell.lat]}
    return {"type": "Feature", "geometry": place, "properties": properties}


def forget() -> None:
    """Drop what is kept (tests)."""
    _kept.clear()
