"""The streets of this minute as vector tiles: stretches of which something is known, by how fast they are driven."""

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from thanglong.domains.roads.service import live
from thanglong.domains.roads.service.routing import engine
from thanglong.formats import mvt
from thanglong.solve.routing.engine import Engine
from thanglong.solve.routing.network import CAR

SLOW, JAM = 0.66, 0.38
# highest class (lowest number) drawn from a zoom on
DETAIL = ((13, 5), (11, 4), (9, 3), (0, 1))


@dataclass
class _Kept:
    engine: Engine | None = None
    lines: Any = None
    tree: Any = None


_kept = _Kept()
_lock = threading.Lock()


def _lines(made: Engine) -> _Kept:
    global _kept
    with _lock:
        if _kept.engine is not made:
            net = made.network
            lines = np.array([shapely.LineString(net.line(i)) for i in range(len(net.u))], dtype=object)
            _kept = _Kept(made, lines, shapely.STRtree(lines))
        return _kept


def state_of(share: float) -> str:
    """The word for a share of the empty speed; 0 is closed."""
    if share <= 0:
        return "closed"
    return "jam" if share < JAM else "slow" if share < SLOW else "free"


def tile(z: int, x: int, y: int) -> bytes:
    """A tile of the layer ``speeds``; empty when nothing is known there, NoNetwork without streets."""
    made = engine()
    kept, streets = _lines(made), live.update(made)
    known = np.zeros(len(made.network.u), dtype=bool)
    known[made.arcs.stretch[(streets.share != 1.0) | streets.closed_to(CAR)]] = True
    least = next(kind for start, kind in DETAIL if z >= start)
    found = kept.tree.query(shapely.box(*mvt.bounds(z, x, y)), predicate="intersects")
    found = found[known[found] & (made.network.kind[found] <= least)]
    if not len(found):
        return b""
    shares = live.speeds(made, found.tolist())
    features = [(kept.lines[i], {"state": state_of(shares[i])}, 0) for i in found.tolist()]
    return mvt.encode({"speeds": features}, z, x, y)
