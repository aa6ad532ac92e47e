"""The network as one file in the data folder: arrays in NumPy's format, areas as WKB. Looks at reach as rows."""

import hashlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import shapely

from thanglong.domains.roads.models import CoverLook
from thanglong.domains.roads.types import Area, Look, Roads
from thanglong.kit import ports
from thanglong.solve.routing.network import Network, Restriction, Timed, from_roads

ARRAYS = ("lon", "lat", "u", "v", "kind", "length", "speed", "name", "oneway", "bridge")
NETWORK = (
    "lon", "lat", "signals", "u", "v", "length", "kind", "speed", "name", "way", "bridge", "forward", "backward",
    "shape_first", "shape_lon", "shape_lat",
)  # fmt: skip


def path() -> Path:
    """Where the network lies."""
    return ports.plugged.data / "roads.npz"


def stamp() -> tuple[int, int] | None:
    """Changes whenever the file does; None without a file."""
    try:
        found = path().stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size


def read() -> tuple[Roads, str]:
    """The network and the digest of its file."""
    content = path().read_bytes()
    with np.load(path(), allow_pickle=False) as file:
        arrays: dict[str, Any] = {key: file[key] for key in ARRAYS}
        for array in arrays.values():
            array.setflags(write=False)
        bounds = file["area_bounds"]
        wkb = file["area_wkb"].tobytes()
        areas = tuple(
            Area(str(name), str(kind), shapely.from_wkb(wkb[bounds[i] : bounds[i + 1]]))
            for i, (name, kind) in enumerate(zip(file["area_names"], file["area_kinds"], strict=True))
        )
        names = tuple(str(name) for name in file["names"])
    return Roads(**arrays, names=names, areas=areas), _digest(content)


def write(roads: Roads, network: Network | None = None) -> str:
    """Put a network in place of the old one, whole or not at all; the digest of its file.

    ``network``, where it is known, lies beside the drawing in the same file, so both change together.
    """
    shapes = [shapely.to_wkb(area.polygon) for area in roads.areas]
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(".tmp")
    with temporary.open("wb") as out:
        np.savez_compressed(
            out,
            allow_pickle=False,
            **{key: getattr(roads, key) for key in ARRAYS},
            names=np.array(roads.names),
            area_names=np.array([area.name for area in roads.areas]),
            area_kinds=np.array([area.kind for area in roads.areas]),
            area_wkb=np.frombuffer(b"".join(shapes), dtype=np.uint8),
            area_bounds=np.cumsum([0, *(len(shape) for shape in shapes)]),
            **(_packed(network) if network else {}),
        )
        out.flush()
        os.fsync(out.fileno())
    digest = _digest(temporary.read_bytes())
    temporary.replace(target)
    return digest


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _packed(network: Network) -> dict[str, Any]:
    """A network as arrays under names that begin with ``net_``; restrictions as one row a step."""
    rules = network.restrictions
    steps = [(i, s, a) for i, rule in enumerate(rules) for s, a in zip(rule.stretches, rule.ahead, strict=True)]
    return {f"net_{key}": getattr(network, key) for key in NETWORK} | {
        "net_names": np.array(network.names),
        "net_steps": np.array(steps, dtype=np.int64).reshape(-1, 3),
        "net_timed": np.array(
            [(i, sign.vehicles, s) for i, sign in enumerate(network.timed) for s in sign.stretches], dtype=np.int64
        ).reshape(-1, 3),
        "net_hours": np.array([sign.hours for sign in network.timed], dtype=str),
        "net_rules": np.array([(rule.only, rule.vehicles) for rule in rules], dtype=np.int64).reshape(-1, 2),
    }


def read_network(roads: Roads) -> Network:
    """What routing knows of the present network; made from the drawing where the file says no more."""
    with np.load(path(), allow_pickle=False) as file:
        if "net_u" not in file:
            return from_roads(roads)
        steps: dict[int, list[tuple[int, bool]]] = {}
        for i, stretch, ahead in file["net_steps"].tolist():
            steps.setdefault(i, []).append((stretch, bool(ahead)))
        rules = tuple(
            Restriction(tuple(s for s, _ in steps[i]), tuple(a for _, a in steps[i]), bool(only), vehicles)
            for i, (only, vehicles) in enumerate(file["net_rules"].tolist())
        )
        names = tuple(str(name) for name in file["net_names"])
        arrays: dict[str, Any] = {key: file[f"net_{key}"] for key in NETWORK}
        return Network(**arrays, names=names, restrictions=rules, timed=_timed(file))


def _timed(file: Any) -> tuple[Timed, ...]:
    """Signs that hold at certain hours; files of before they were read have none."""
    if "net_timed" not in file:
        return ()
    rows, texts = file["net_timed"], [str(text) for text in file["net_hours"]]
    return tuple(
        Timed(tuple(rows[rows[:, 0] == i, 2].tolist()), int(rows[rows[:, 0] == i, 1][0]), text)
        for i, text in enumerate(texts)
    )


def read_rank(version: str) -> Any:
    """The order of contraction kept for a version; None when there is none."""
    try:
        return np.load(_rank_path(version), allow_pickle=False)
    except (OSError, ValueError):
        return None


def write_rank(version: str, rank: Any) -> None:
    """Keep the order of contraction: it costs seconds for a large city and never changes with the speeds."""
    target = _rank_path(version)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    with temporary.open("wb") as out:
        np.save(out, rank, allow_pickle=False)
    temporary.replace(target)
    for old in target.parent.glob("roads-order-*.npy"):
        if old != target:
            old.unlink(missing_ok=True)


def _rank_path(version: str) -> Path:
    return ports.plugged.data / "cache" / f"roads-order-{version}.npy"


def looked(service: str, hour: datetime) -> bool:
    """Whether a service was looked at in an hour."""
    return CoverLook.objects.filter(service=service, hour=hour).exists()


def keep_look(look: Look, hour: datetime) -> None:
    """Keep a look; of two workers that look in one hour the first wins."""
    reached = {unit.hex: row for unit, row in look.reached.items()}
    row = CoverLook(
        id=look.id, service=look.service, hour=hour, at=look.at, network=look.network, free=look.free,
        minutes=look.minutes, reached=reached,
    )  # fmt: skip
    CoverLook.objects.bulk_create([row], ignore_conflicts=True)


def looks(service: str, start: datetime, end: datetime) -> Iterator[Look]:
    """Looks at a service from ``start`` until before ``end``, the oldest first."""
    for row in CoverLook.objects.filter(service=service, at__gte=start, at__lt=end).order_by("at").iterator(100):
        reached = {UUID(unit): tuple(values) for unit, values in row.reached.items()}
        yield Look(row.id, row.service, row.at, row.network, row.free, tuple(row.minutes), reached)
