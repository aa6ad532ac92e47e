"""Recorded ambulance runs in the folder layout of ELASPY (Dieleman and Jagtenberg 2024, doi 10.2139/ssrn.4874479).

A folder holds the area (a driving-time matrix in siren minutes, nodes with plane coordinates, hospitals) and ``runs/``
with ``runs.json`` and, for each run, five input columns and, where they were recorded, the expected tables. Files carry
a byte-order mark and may lack a final newline; numbers are read with round-trip precision.
"""

import csv
import json
from collections.abc import Iterator
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


def _rows(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(f"{path.name}: {error}") from error


def _column(path: Path) -> list[str]:
    return [row[-1] for row in _rows(path)[1:]]


def _numbers(path: Path) -> tuple[float, ...]:
    try:
        return tuple(float(value) for value in _column(path))
    except ValueError as error:
        raise Unreadable(f"{path.name}: {error}") from error


def _codes(path: Path) -> tuple[int, ...]:
    return tuple(int(value) for value in _numbers(path))


def describe(folder: Path) -> dict[str, dict[str, Any]]:
    """``runs.json``: what the runs share under "common", the runs under "runs"."""
    path = folder / "runs" / "runs.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig"))
        common, runs = told["common"], told["runs"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"runs/runs.json: {error}") from error
    return {"common": dict(common), "runs": dict(runs)}


def _path(folder: Path, told: object) -> Path:
    """The file a description names; a remark in brackets may follow the name."""
    return folder / str(told).partition(" (")[0]


def _matrix(path: Path) -> tuple[tuple[int, ...], tuple[tuple[float, ...], ...]]:
    """Codes and numbers of a square table whose first row and column name the same codes."""
    rows = _rows(path)
    try:
        codes = tuple(int(float(code)) for code in rows[0][1:])
        if [int(float(row[0])) for row in rows[1:]] != list(codes) or any(len(row) != len(rows[0]) for row in rows):
            raise Unreadable(f"{path.name}: rows and columns must name the same codes in the same order")
        return codes, tuple(tuple(float(value) for value in row[1:]) for row in rows[1:])
    except (ValueError, IndexError) as error:
        raise error if isinstance(error, Unreadable) else Unreadable(f"{path.name}: {error}") from error


def read_area(folder: Path, common: dict[str, Any]) -> Area:
    """The area the runs share. Raises Unreadable."""
    codes, minutes = _matrix(_path(folder, common["travel_times"]))
    km: tuple[tuple[float, ...], ...] = ()
    if "distances" in common:
        named, km = _matrix(_path(folder, common["distances"]))
        if named != codes:
            raise Unreadable(f"{common['distances']}: must name the codes of {common['travel_times']} in its order")
    nodes = {int(float(row[0])): row for row in _rows(_path(folder, common["nodes"]))[1:]}
    missing = [code for code in codes if code not in nodes]
    if missing:
        raise Unreadable(f"{common['nodes']}: no place for {missing[0]}")
    return Area(
        codes,
        minutes,
        tuple(float(nodes[code][1]) for code in codes),
        tuple(float(nodes[code][2]) for code in codes),
        tuple(float(nodes[code][3]) for code in codes),
        _codes(_path(folder, common["hospitals"])),
        _codes(_path(folder, common["bases"])),
        float(str(common.get("no_siren_factor", 0.95))),
        km,
    )


def _find(folder: Path, prefix: str, name: str) -> Path | None:
    """The file of a run, whatever the case of its name and whatever stands between prefix and name."""
    wanted = name.casefold()
    found = [path for path in sorted(folder.glob("*.csv"))
             if path.name.startswith(prefix) and path.stem.casefold().endswith(f"_{wanted}")]  # fmt: skip
    return found[0] if found else None


def _input(folder: Path, prefix: str, name: str) -> Path:
    found = _find(folder, prefix, name)
    if found is None:
        raise Unreadable(f"runs: no file {prefix}*_{name}.csv")
    return found


def _table(path: Path | None) -> Iterator[dict[str, str]]:
    if path is not None:
        rows = _rows(path)
        for row in rows[1:]:
            yield dict(zip(rows[0], row, strict=False))


def read_run(folder: Path, name: str, told: dict[str, Any]) -> Run:
    """One run and what was recorded of it. Raises Unreadable."""
    runs = folder / "runs"
    homes = {int(float(row[0])): int(float(row[1])) for row in _rows(_path(folder, told["ambulance_bases"]))[1:]}
    count = int(str(told.get("ambulances", len(homes))))
    if sorted(homes)[:count] != list(range(count)):
        raise Unreadable(f"{told['ambulance_bases']}: ambulances must be numbered from 0")
    return Run(
        name,
        tuple(homes[number] for number in range(count)),
        _numbers(_input(runs, "interarrival_times", name)),
        _numbers(_input(runs, "on_site_aid_times", name)),
        _numbers(_input(runs, "drop_off_times", name)),
        _codes(_input(runs, "location_IDs", name)),
        tuple(value.strip().lower() in ("true", "1", "1.0") for value in
              _column(_input(runs, "to_hospital_bool", name))),
        tuple((int(float(row["assigned_to_ambulance_nr"])), float(row["response_time"]))
              for row in _table(_find(runs, "Patient", name))),
        tuple((int(float(row["ambulance_ID"])), float(row["time"]), _code(row["source_location_ID"]),
               _code(row["target_location_ID"])) for row in _table(_find(runs, "Ambulance", name))),
    )  # fmt: skip


def _code(text: str) -> int | None:
    return int(float(text)) if text else None
