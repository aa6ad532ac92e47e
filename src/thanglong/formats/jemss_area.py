"""Areas of the JEMSS emergency simulator (Ridler, Mason, Raith 2022): stations, hospitals, laws of calls, population.

Tables are CSV under title lines; times in them are days. The population is a GeoTIFF of uncompressed 64-bit numbers,
north up, people per square kilometre or any other density.
"""

import ast
import csv
import operator
import re
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thanglong.kit.errors import Invalid

Floats = NDArray[np.float64]
MINUTES_PER_DAY = 1440.0
LAWS = ("interarrivalTime", "priority", "dispatchDelay", "onSceneDuration", "transport", "handoverDuration")
WIDTH, HEIGHT, BITS, COMPRESSION, STRIPS, PIXEL_SCALE, TIE_POINT = 256, 257, 258, 259, 273, 33550, 33922
DOUBLES = {3: "H", 4: "I", 12: "d"}


@dataclass(frozen=True, slots=True)
class JemssArea:
    """``stations``, ``hospitals``: rows of lon, lat. ``cells``: rows of lon, lat and people (any unit) of the raster's
    cells that have some. Minutes: ``between`` calls, ``on_scene`` mean (exponential), ``handover`` (shape, scale) of a
    Weibull law, ``delay`` until a unit is sent, ``norms`` by priority from call to arrival. ``priorities``: their
    shares, ``carried``: the share that ends in a hospital. ``stand``: units at each station as placed by its authors.
    """

    stations: Floats
    hospitals: Floats
    cells: Floats
    between: float
    on_scene: float
    handover: tuple[float, float]
    delay: float
    norms: tuple[float, ...]
    priorities: tuple[float, ...]
    carried: float
    stand: tuple[int, ...]


def read(folder: Path, calls: str = "calls_test.xml") -> JemssArea:
    """The area in a folder. Raises Invalid, naming the file that is missing or not in the layout."""
    name = ""
    try:
        name = "stations.csv"
        stations = _table(folder / name, ("x", "y"))
        name = "hospitals.csv"
        hospitals = _table(folder / name, ("x", "y"))
        name = "priorities.csv"
        norms = _table(folder / name, ("targetResponseTime",))[:, 0] * MINUTES_PER_DAY
        name = "ambulances.csv"
        at = _table(folder / name, ("stationIndex",))[:, 0].astype(np.int64) - 1
        name = calls
        laws = _laws(folder / name)
        if missing := [law for law in LAWS if law not in laws]:
            raise ValueError(f"has no {', '.join(missing)}")
        name = "population/*.zip"
        cells = _cells(next((folder / "population").glob("*.zip")))
    except (OSError, ValueError, KeyError, IndexError, StopIteration, SyntaxError, struct.error,
            zipfile.BadZipFile) as problem:  # fmt: skip
        raise Invalid(f"{name}: {problem or 'not there'}") from None
    handover = laws["handoverDuration"]
    shape, scale = (1.0, handover[0]) if len(handover) == 1 else (handover[0], handover[1])
    return JemssArea(
        stations, hospitals, cells, laws["interarrivalTime"][0] * MINUTES_PER_DAY,
        laws["onSceneDuration"][0] * MINUTES_PER_DAY, (shape, scale * MINUTES_PER_DAY),
        laws["dispatchDelay"][0] * MINUTES_PER_DAY, tuple(norms.tolist()), tuple(laws["priority"]),
        laws["transport"][0], tuple(np.bincount(at, minlength=len(stations)).tolist()),
    )  # fmt: skip


def _table(path: Path, wanted: tuple[str, ...]) -> Floats:
    """The wanted columns of a table below its title lines."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        header = next((row for row in rows if set(wanted) <= set(row)), None)
        if header is None:
            raise ValueError(f"has no columns {', '.join(wanted)}")
        places = [header.index(column) for column in wanted]
        found = [[float(row[i]) for i in places] for row in rows if len(row) > max(places) and row[places[0]]]
    if not found:
        raise ValueError("has no rows")
    return np.array(found)


def _laws(path: Path) -> dict[str, list[float]]:
    """The numbers of each law of ``callDistributions``, in days."""
    text = path.read_text(encoding="utf-8").partition("<callDistributions>")[2].partition("</callDistributions>")[0]
    return {name: _numbers(numbers) for name, numbers in re.findall(r"<(\w+)[^>]*>\s*\w+\((.*?)\)\s*</", text)}


def _numbers(text: str) -> list[float]:
    """The values of numbers, fractions and a list of them, such as ``2.5, 34.3/60/24`` or ``[0.75, 0, 0.25]``."""
    tree = ast.parse(text if text.startswith("[") else f"[{text}]", mode="eval").body
    if not isinstance(tree, ast.List):
        raise ValueError(f"{text!r} is no list of numbers")
    return [_value(part) for part in tree.elts]


_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


def _value(tree: ast.expr) -> float:
    if isinstance(tree, ast.Constant) and isinstance(tree.value, int | float):
        return float(tree.value)
    if isinstance(tree, ast.BinOp) and type(tree.op) in _OPERATORS:
        return _OPERATORS[type(tree.op)](_value(tree.left), _value(tree.right))
    raise ValueError("only numbers and + - * / may stand in a law")


def _cells(path: Path) -> Floats:
    """Lon, lat and value of the cells of a raster that have a positive value; one strip a row of cells."""
    with zipfile.ZipFile(path) as file:
        data = file.read(next(name for name in file.namelist() if name.lower().endswith((".tif", ".tiff"))))
    if data[:4] != b"II*\x00":
        raise ValueError("is no little-endian TIFF")
    start = struct.unpack_from("<I", data, 4)[0]
    tags: dict[int, tuple[float, ...]] = {}
    for number in range(struct.unpack_from("<H", data, start)[0]):
        tag, kind, count, value = struct.unpack_from("<HHII", data, start + 2 + 12 * number)
        if kind in DOUBLES:
            form = f"<{count}{DOUBLES[kind]}"
            place = value if struct.calcsize(form) > 4 else start + 10 + 12 * number
            tags[tag] = struct.unpack_from(form, data, place)
    width, height = int(tags[WIDTH][0]), int(tags[HEIGHT][0])
    if (*tags[BITS], *tags[COMPRESSION]) != (64, 1) or len(tags[STRIPS]) != height:
        raise ValueError("must be uncompressed 64-bit numbers, a strip for each row")
    rows = [np.frombuffer(data, "<f8", width, int(offset)) for offset in tags[STRIPS]]
    people = np.nan_to_num(np.array(rows), nan=0.0, neginf=0.0, posinf=0.0)
    row, column = np.nonzero(people > 0)
    scale, tie = tags[PIXEL_SCALE], tags[TIE_POINT]
    lon = tie[3] + (column + 0.5 - tie[0]) * scale[0]
    lat = tie[4] - (row + 0.5 - tie[1]) * scale[1]
    return np.column_stack([lon, lat, people[row, column]])
