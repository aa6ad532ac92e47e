"""The network as one file in the data folder: arrays in NumPy's format, areas as WKB."""

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from thanglong.domains.roads.types import Area, Roads
from thanglong.kit import ports

ARRAYS = ("lon", "lat", "u", "v", "kind", "length", "speed", "name", "oneway", "bridge")


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
    return Roads(**arrays, names=names, areas=areas), hashlib.sha256(content).hexdigest()[:16]


def write(roads: Roads) -> None:
    """Put a network in place of the old one, whole or not at all."""
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
        )
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(target)
