"""Road networks of the JEMSS emergency simulator (``roads.zip``: nodes.csv, arcs.csv), for benches."""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thanglong.kit.errors import Invalid

MS_PER_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class JemssRoads:
    """Nodes (N): ``lon``, ``lat``. One-way arcs (A): ``tail``, ``head`` (from 0), ``metres``, and milliseconds with
    lights and sirens (``siren_ms``) and without (``normal_ms``), at least 1.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    metres: NDArray[np.float64]
    siren_ms: NDArray[np.int64]
    normal_ms: NDArray[np.int64]


def read(path: Path) -> JemssRoads:
    """Read a ``roads.zip``; Invalid when a table or column is missing."""
    try:
        with zipfile.ZipFile(path) as file:
            nodes = np.array([(float(x), float(y)) for x, y in _columns(file, "nodes.csv", ("x", "y"))])
            wanted = ("fromNode", "toNode", "distance", "mode_1", "mode_2")
            arcs = np.array([[float(cell) for cell in row] for row in _columns(file, "arcs.csv", wanted)])
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as problem:
        raise Invalid(f"{path.name} is no JEMSS road network: {problem}") from None
    ms = np.maximum(np.rint(arcs[:, 3:5] * MS_PER_DAY), 1).astype(np.int64)
    return JemssRoads(
        nodes[:, 0], nodes[:, 1], arcs[:, 0].astype(np.int64) - 1, arcs[:, 1].astype(np.int64) - 1,
        arcs[:, 2] * 1000, ms[:, 0], ms[:, 1],
    )  # fmt: skip


def _columns(file: zipfile.ZipFile, name: str, wanted: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The wanted columns of the table in a file, below its title lines."""
    member = next(item for item in file.namelist() if item.rpartition("/")[2] == name)
    with file.open(member) as raw:
        rows = csv.reader(io.TextIOWrapper(raw, encoding="utf-8-sig"))
        header = next((row for row in rows if set(wanted) <= set(row)), None)
        if header is None:
            raise ValueError(f"{name} has no columns {', '.join(wanted)}")
        places = [header.index(column) for column in wanted]
        for row in rows:
            if len(row) > max(places):
                yield tuple(row[i] for i in places)
