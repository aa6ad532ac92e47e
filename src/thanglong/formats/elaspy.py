"""Recorded ambulance runs in the folder layout of ELASPY (Dieleman and Jagtenberg 2024, doi 10.2139/ssrn.4874479).

A folder holds the area (a driving-time matrix in siren minutes, nodes with plane coordinates, hospitals) and ``runs/``
with ``runs.json`` and, for each run, five input columns and, where they were recorded, the expected tables. Files carry
a byte-order mark and may lack a final newline; numbers are read with round-trip precision. Columns are known by their
names, in any order; an input may lack its head, the area its hospitals where nobody is carried.
"""

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Area:
    """Postal codes in the matrix's order, siren minutes from row to column, plane coordinates, inhabitants (any scale),
    codes of the hospitals and of the places where units may wait; kilometres from row to column where they are told."""

    codes: tuple[int, ...]
    minutes: tuple[tuple[float, ...], ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    inhabitants: tuple[float, ...]
    hospitals: tuple[int, ...]
    bases: tuple[int, ...]
    no_siren_factor: float
    km: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """One run: units' bases (codes), calls by time, and what was recorded: (unit, response in minutes) a call, and
    (unit, time, source or None, target or None) a row of the movement table. Recorded parts may be empty."""

    name: str
    bases: tuple[int, ...]
    between: tuple[float, ...]
    on_scene: tuple[float, ...]
    handover: tuple[float, ...]
    places: tuple[int, ...]
    carried: tuple[bool, ...]
    recorded: tuple[tuple[int, float], ...]
    movements: tuple[tuple[int, float, int | None, int | None], ...]


class Unreadable(ValueError):
    """A file is missing or not in the layout; the text says which and why."""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Unreadable(f"{path.name}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path.name}: {error}") from error


class Sheet:
    """A table: rows of cells without blank lines. Cells may be parted by commas, semicolons (then numbers may carry
    decimal commas) or tabs."""

    def __init__(self, path: Path) -> None:
        text = _text(path)
        first = text.lstrip().partition("\n")[0]
        parted = max(",;\t", key=first.count)
        self.name, self._decimal = path.name, "," if parted == ";" else "."
        try:
            read = csv.reader(text.splitlines(), delimiter=parted)
            lines = [(read.line_num, [cell.strip() for cell in row]) for row in read]
        except csv.Error as error:
            raise Unreadable(f"{path.name}: {error}") from error
        self.rows = [(number, row) for number, row in lines if any(row)]
        if not self.rows:
            raise Unreadable(f"{path.name}: is empty")

    @property
    def head(self) -> list[str]:
        """The cells of the first row."""
        return self.rows[0][1]

    def number(self, line: int, text: str) -> float:
        """A cell as a finite number."""
        try:
            found = float(text.replace(self._decimal, "."))
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            raise Unreadable(f"{self.name}, line {line}: “{text}” is no number")
        return found

    def code(self, line: int, text: str) -> int:
        """A cell as a whole number."""
        found = self.number(line, text)
        if found != int(found):
            raise Unreadable(f"{self.name}, line {line}: “{text}” is no whole number")
        return int(found)

    def place(self, *names: str, otherwise: int | None = None) -> int:
        """Which column bears one of some names, in any order of columns; ``otherwise`` where none does."""
        named = [cell.casefold() for cell in self.head]
        for name in names:
            if name.casefold() in named:
                return named.index(name.casefold())
        if otherwise is None or otherwise >= len(named):
            raise Unreadable(f"{self.name}: there is no column “{names[0]}”")
        return otherwise

    def cells(self, column: int) -> list[tuple[int, str]]:
        """The line and cell of each row below the head."""
        short = next((line for line, row in self.rows[1:] if column >= len(row)), None)
        if short is not None:
            raise Unreadable(f"{self.name}, line {short}: column {column + 1} is missing")
        return [(line, row[column]) for line, row in self.rows[1:]]


def _values(path: Path, calls: int | None) -> tuple[Sheet, list[tuple[int, str]]]:
    """The last column of an input, one value a call. A first row that is no value, or pandas' name of a column without
    one (0), is a head; the number of calls, where it is told, decides, and what is beyond it is not played."""
    sheet = Sheet(path)
    cells = [(line, row[-1]) for line, row in sheet.rows]
    first = cells[0][1]
    headed = first == "0" or (not _is_number(first) and first.casefold() not in YES | NO)
    if calls is not None and len(cells) in (calls, calls + 1):
        headed = len(cells) == calls + 1
    values = cells[1:] if headed else cells
    if calls is not None and len(values) < calls:
        raise Unreadable(f"{path.name}: holds {len(values)} values, runs.json tells of {calls} calls")
    values = values[:calls]
    return sheet, values


YES, NO = frozenset({"true", "1", "1.0", "yes"}), frozenset({"false", "0", "0.0", "no"})


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _numbers(path: Path, calls: int | None) -> tuple[float, ...]:
    sheet, values = _values(path, calls)
    found = tuple(sheet.number(line, text) for line, text in values)
    below = next((line for (line, _), value in zip(values, found, strict=True) if value < 0), None)
    if below is not None:
        raise Unreadable(f"{path.name}, line {below}: a time below 0")
    return found


def _codes(path: Path, calls: int | None = None) -> tuple[int, ...]:
    sheet, values = _values(path, calls)
    return tuple(sheet.code(line, text) for line, text in values)


def _words(path: Path, calls: int | None) -> tuple[bool, ...]:
    _, values = _values(path, calls)
    strange = next(((line, text) for line, text in values if text.casefold() not in YES | NO), None)
    if strange is not None:
        raise Unreadable(f"{path.name}, line {strange[0]}: “{strange[1]}” is neither True nor False")
    return tuple(text.casefold() in YES for _, text in values)


def _told(facts: dict[str, Any], key: str, where: str) -> str:
    """What ``runs.json`` says under a key."""
    if key not in facts:
        raise Unreadable(f"runs/runs.json: “{key}” is missing in {where}")
    return str(facts[key])


def describe(folder: Path) -> dict[str, dict[str, Any]]:
    """``runs.json``: what the runs share under "common", the runs under "runs"."""
    path = folder / "runs" / "runs.json"
    if not path.is_file():
        raise Unreadable(f"{folder}: there is no runs/runs.json in it, which names the area's files and the runs")
    try:
        told = json.loads(_text(path))
    except ValueError as error:
        raise error if isinstance(error, Unreadable) else Unreadable(f"runs/runs.json: {error}") from error
    found = {key: told.get(key) if isinstance(told, dict) else None for key in ("common", "runs")}
    if not all(isinstance(part, dict) for part in (*found.values(), *(found["runs"] or {}).values())):
        raise Unreadable("runs/runs.json: must hold “common” and “runs”, each run with its facts")
    return found  # type: ignore[return-value]


def _path(folder: Path, told: object) -> Path:
    """The file a description names; a remark in brackets may follow the name."""
    return folder / str(told).partition(" (")[0]


def _matrix(path: Path) -> tuple[tuple[int, ...], tuple[tuple[float, ...], ...]]:
    """Codes and numbers of a square table whose first row and column name the same codes, in any order."""
    sheet = Sheet(path)
    line, head = sheet.rows[0]
    codes = tuple(sheet.code(line, text) for text in head[1:])
    rows: dict[int, tuple[float, ...]] = {}
    for line, row in sheet.rows[1:]:
        code = sheet.code(line, row[0])
        if len(row) != len(head) or code in rows:
            raise Unreadable(f"{path.name}, line {line}: {code} twice, or not as many cells as the first row")
        rows[code] = tuple(sheet.number(line, text) for text in row[1:])
    if rows.keys() != set(codes) or len(rows) != len(codes):
        raise Unreadable(f"{path.name}: rows and columns must name the same codes, each once")
    return codes, tuple(rows[code] for code in codes)


def read_area(folder: Path, common: dict[str, Any]) -> Area:
    """The area the runs share. Raises Unreadable."""
    codes, minutes = _matrix(_path(folder, _told(common, "travel_times", "common")))
    km: tuple[tuple[float, ...], ...] = ()
    if "distances" in common:
        named, km = _matrix(_path(folder, common["distances"]))
        if named != codes:
            raise Unreadable(f"{common['distances']}: must name the codes of {common['travel_times']} in its order")
    x, y, people = _nodes(_path(folder, _told(common, "nodes", "common")), codes)
    try:
        factor = float(str(common.get("no_siren_factor", 0.95)))
    except ValueError:
        factor = 0.0
    if not 0 < factor <= 1:
        raise Unreadable("runs/runs.json: “no_siren_factor” must be a number above 0, at most 1")
    # an area without hospitals has runs in which nobody is carried
    hospitals = _codes(_path(folder, common["hospitals"])) if common.get("hospitals") else ()
    bases = _codes(_path(folder, common["bases"])) if common.get("bases") else ()
    return Area(codes, minutes, x, y, people, hospitals, bases, factor, km)


def _nodes(path: Path, codes: tuple[int, ...]) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Coordinates and inhabitants (one each where none are told) in the order of the codes."""
    sheet = Sheet(path)
    at = [sheet.place("postal code", "code", otherwise=0), sheet.place("x", otherwise=1), sheet.place("y", otherwise=2)]
    told = "inhabitants" in [cell.casefold() for cell in sheet.head]
    people = sheet.cells(sheet.place("inhabitants")) if told else [(line, "1") for line, _ in sheet.rows[1:]]
    columns = [*(sheet.cells(column) for column in at), people]
    nodes = {
        sheet.code(*code): (sheet.number(*x), sheet.number(*y), sheet.number(*n))
        for code, x, y, n in zip(*columns, strict=True)
    }
    missing = next((code for code in codes if code not in nodes), None)
    if missing is not None:
        raise Unreadable(f"{path.name}: no place for {missing}")
    x, y, n = zip(*(nodes[code] for code in codes), strict=True)
    return x, y, n


def _find(folder: Path, prefix: str, name: str) -> Path | None:
    """The file of a run, whatever the case of its name and whatever stands between prefix and name."""
    wanted = name.casefold()
    found = [path for path in sorted(folder.glob("*.csv"))
             if path.name.startswith(prefix) and path.stem.casefold().endswith(f"_{wanted}")]  # fmt: skip
    return min(found, key=lambda path: len(path.stem)) if found else None


def _input(folder: Path, prefix: str, name: str) -> Path:
    found = _find(folder, prefix, name)
    if found is None:
        raise Unreadable(f"runs: no file {prefix}*_{name}.csv")
    return found


def _homes(path: Path, count: int | None) -> tuple[int, ...]:
    """The base of each ambulance, numbered from 0; the first ``count`` where that is told."""
    sheet = Sheet(path)
    numbers = sheet.cells(sheet.place("Ambulance", otherwise=0))
    bases = sheet.cells(sheet.place("Base", otherwise=1))
    homes = {sheet.code(*number): sheet.code(*base) for number, base in zip(numbers, bases, strict=True)}
    wanted = len(homes) if count is None else count
    if wanted < 1 or sorted(homes)[:wanted] != list(range(wanted)):
        raise Unreadable(f"{path.name}: there must be {wanted} ambulances, numbered from 0")
    return tuple(homes[number] for number in range(wanted))


def _count(facts: dict[str, Any], key: str) -> int | None:
    if key not in facts:
        return None
    try:
        return int(str(facts[key]))
    except ValueError:
        raise Unreadable(f"runs/runs.json: “{key}” must be a whole number") from None


def read_run(folder: Path, name: str, told: dict[str, Any]) -> Run:
    """One run and what was recorded of it. Raises Unreadable."""
    runs, calls = folder / "runs", _count(told, "calls")
    between = _numbers(_input(runs, "interarrival_times", name), calls)
    if not between:
        raise Unreadable(f"runs: {name} has no calls")
    return Run(
        name,
        _homes(_path(folder, _told(told, "ambulance_bases", name)), _count(told, "ambulances")),
        between,
        _numbers(_input(runs, "on_site_aid_times", name), calls),
        _numbers(_input(runs, "drop_off_times", name), calls),
        _codes(_input(runs, "location_IDs", name), calls),
        _words(_input(runs, "to_hospital_bool", name), calls),
        _patients(_find(runs, "Patient", name), len(between)),
        _movements(_find(runs, "Ambulance", name)),
    )


def _patients(path: Path | None, calls: int) -> tuple[tuple[int, float], ...]:
    """Unit and response of each call, by the number of the patient where it is told."""
    if path is None:
        return ()
    sheet = Sheet(path)
    units, times = (sheet.cells(sheet.place(key)) for key in ("assigned_to_ambulance_nr", "response_time"))
    if len(units) != calls:
        raise Unreadable(f"{path.name}: tells of {len(units)} calls, the run has {calls}")
    found = [(sheet.code(*unit), sheet.number(*time)) for unit, time in zip(units, times, strict=True)]
    if "patient_id" in [cell.casefold() for cell in sheet.head]:
        order = [sheet.number(*cell) for cell in sheet.cells(sheet.place("patient_ID"))]
        found = [found[i] for i in sorted(range(calls), key=order.__getitem__)]
    return tuple(found)


def _movements(path: Path | None) -> tuple[tuple[int, float, int | None, int | None], ...]:
    if path is None:
        return ()
    sheet = Sheet(path)
    columns = [sheet.cells(sheet.place(key)) for key in
               ("ambulance_ID", "time", "source_location_ID", "target_location_ID")]  # fmt: skip
    return tuple(
        (sheet.code(*unit), sheet.number(*at), sheet.code(*source) if source[1] else None,
         sheet.code(*target) if target[1] else None)
        for unit, at, source, target in zip(*columns, strict=True)
    )  # fmt: skip
