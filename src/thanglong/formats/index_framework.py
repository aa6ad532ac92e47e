"""Composite-indicator studies as JSON, and panels from CSV or Parquet. Plain data in, plain data out.

A study document names itself ``thanglong-index/1`` and holds a framework (nodes of a tree), a pipeline (steps with
options), what to vary (``factors``), how to read the panel (``panel``) and rules of plausibility. The schema says what
the shapes are; whether codes and steps exist is checked by the engine.
"""

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import numpy.typing as npt

FORMAT = "thanglong-index/1"
MISSING = frozenset({"", "NA", "NaN", "nan", "null", "..", "-"})

_NODE = {
    "type": "object",
    "required": ["code"],
    "additionalProperties": False,
    "properties": {
        "code": {"type": "string", "minLength": 1},
        "parent": {"type": ["string", "null"]},
        "name": {"type": "string"},
        "name_vi": {"type": "string"},
        "weight": {"type": "number", "minimum": 0},
        "direction": {"enum": [1, -1]},
        "unit": {"type": "string"},
        "target": {"type": ["number", "null"]},
        "goalposts": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
        "denominator": {"type": ["string", "null"]},
        "aggregate": {"type": ["string", "null"]},
        "official": {"type": "string", "description": "the code in the source document"},
        "note": {"type": "string"},
        "feed": {"type": "array", "items": {"type": "string"}, "description": "modules that can compute it"},
    },
}
_STEP = {
    "type": "object",
    "required": ["step"],
    "properties": {
        "step": {
            "enum": ["derive", "denominate", "impute", "screen", "treat", "normalise", "weigh", "aggregate", "round"]
        }
    },
}
_FACTOR = {
    "oneOf": [
        {
            "type": "object",
            "required": ["choice"],
            "additionalProperties": False,
            "properties": {
                "choice": {"type": "string"},
                "values": {"type": "array", "minItems": 1},
            },
        },
        {
            "type": "object",
            "required": ["range", "low", "high"],
            "additionalProperties": False,
            "properties": {"range": {"type": "string"}, "low": {"type": "number"}, "high": {"type": "number"}},
        },
        {
            "type": "object",
            "required": ["noise"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string"},
                "noise": {
                    "type": "object",
                    "patternProperties": {"^[1-9][0-9]*$": {"type": "number", "exclusiveMinimum": 0, "maximum": 1}},
                    "additionalProperties": False,
                },
            },
        },
        {
            "type": "object",
            "required": ["simplex"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string"},
                "simplex": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1},
            },
        },
        {
            "type": "object",
            "required": ["sets"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string"},
                "sets": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
                },
            },
        },
    ]
}
_PANEL = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "description": "beside the study, unless --panel names another"},
        "unit": {"type": "string"},
        "time": {"type": "string"},
        "groups": {"type": "array", "items": {"type": "string"}},
        "encoding": {"type": "string"},
        "wide": {"type": "string", "description": "pattern with the groups code and time, for one column a year"},
        "drop": {"type": "object", "additionalProperties": {"type": "string"}, "description": "column: pattern"},
    },
}
_RULE = {
    "type": "object",
    "required": ["key", "holds", "text"],
    "additionalProperties": False,
    "properties": {
        "key": {"type": "string"},
        "holds": {"type": "string", "description": "a formula that is true for plausible values"},
        "text": {"type": "string"},
        "text_vi": {"type": "string"},
        "level": {"enum": ["error", "warning"]},
    },
}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A composite-indicator study",
    "type": "object",
    "required": ["format", "key", "title", "framework"],
    "additionalProperties": False,
    "properties": {
        "format": {"const": FORMAT},
        "key": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"},
        "title": {"type": "string", "minLength": 1},
        "title_vi": {"type": "string"},
        "status": {"enum": ["published", "draft", "restated"]},
        "sources": {"type": "array", "items": {"type": "string"}},
        "notes": {"type": "array", "items": {"type": "string"}},
        "framework": {"type": "array", "items": _NODE, "minItems": 2},
        "pipeline": {"type": "array", "items": _STEP},
        "factors": {"type": "array", "items": _FACTOR},
        "panel": _PANEL,
        "plausibility": {"type": "array", "items": _RULE},
    },
}


def faults(document: Any) -> list[tuple[str, str]]:
    """Everything in which a document departs from :data:`SCHEMA`: (place, what is wrong). Empty: it is well formed."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    found = sorted(validator.iter_errors(document), key=lambda e: [str(p) for p in e.absolute_path])
    return [("/" + "/".join(str(p) for p in error.absolute_path), error.message[:300]) for error in found]


def read_study(path: Path) -> Any:
    """The JSON of a study file; ValueError when it is not JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Columns:
    """A panel as read: unit of each row, its time (or None), labels by group column, numbers by column."""

    units: tuple[str, ...]
    times: npt.NDArray[np.float64] | None
    groups: Mapping[str, tuple[str, ...]]
    codes: tuple[str, ...]
    values: npt.NDArray[np.float64]


def read_panel(path: Path, spec: Mapping[str, Any] | None = None) -> Columns:
    """Read a CSV or Parquet table as ``spec`` (the study's ``panel``) says; ValueError names what does not fit.

    The unit column is ``spec["unit"]``, by default the first. Columns that hold any text are not numbers and are left
    out unless they are groups. Missing: empty, NA, NaN, null, ``..`` and ``-``.
    """
    given = dict(spec or {})
    header, rows = _parquet(path) if path.suffix == ".parquet" else _csv(path, given.get("encoding", "utf-8-sig"))
    unit = given.get("unit") or header[0]
    for name in (unit, *([given["time"]] if "time" in given else []), *given.get("groups", ()), *given.get("drop", {})):
        if name not in header:
            raise ValueError(f"{path.name} has no column {name!r}")
    for name, pattern in given.get("drop", {}).items():
        at = header.index(name)
        rows = [row for row in rows if not re.search(pattern, row[at])]
    if not rows:
        raise ValueError(f"{path.name} has no rows")
    units = tuple(row[header.index(unit)] for row in rows)
    if any(name in MISSING for name in units):
        raise ValueError(f"{path.name}: row {[u in MISSING for u in units].index(True) + 2} has no {unit}")
    groups = {name: tuple(row[header.index(name)] for row in rows) for name in given.get("groups", ())}
    keys = {unit, given.get("time"), *groups}
    codes, values = _numbers(header, rows, [name for name in header if name not in keys])
    if "wide" in given:
        return _long(Columns(units, None, groups, codes, values), given["wide"])
    times = None
    if "time" in given:
        at = header.index(given["time"])
        times = np.array([_number(row[at]) for row in rows])
        if np.isnan(times).any():
            raise ValueError(f"{path.name}: a row has no time in {given['time']!r}")
    return Columns(units, times, groups, codes, values)


def _csv(path: Path, encoding: str) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding=encoding, newline="") as file:
        sample = file.readline()
        file.seek(0)
        reader = csv.reader(file, delimiter=";" if sample.count(";") > sample.count(",") else ",")
        header = next(reader, [])
        rows = [row for row in reader if row]
    if not header or len(set(header)) != len(header):
        raise ValueError(f"{path.name}: the header is empty or names a column twice")
    wrong = next((k for k, row in enumerate(rows) if len(row) != len(header)), None)
    if wrong is not None:
        raise ValueError(f"{path.name}: row {wrong + 2} has {len(rows[wrong])} fields, the header {len(header)}")
    return header, rows


def _parquet(path: Path) -> tuple[list[str], list[list[str]]]:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)
    columns = [["" if v is None else repr(v) if isinstance(v, float) else str(v) for v in c.to_pylist()] for c in table]
    return list(table.column_names), [list(row) for row in zip(*columns, strict=True)]


def _number(text: str) -> float:
    return float("nan") if text.strip() in MISSING else float(text)


def _numbers(
    header: Sequence[str], rows: Sequence[Sequence[str]], names: Iterable[str]
) -> tuple[tuple[str, ...], npt.NDArray[np.float64]]:
    codes, columns = [], []
    for name in names:
        at = header.index(name)
        try:
            columns.append(np.array([_number(row[at]) for row in rows]))
        except ValueError:
            continue  # a column of words
        codes.append(name)
    return tuple(codes), np.column_stack(columns) if columns else np.empty((len(rows), 0))


def _long(panel: Columns, pattern: str) -> Columns:
    """One row a unit and time from columns named after both; ``pattern`` has the groups ``code`` and ``time``."""
    found = [(m, j) for j, code in enumerate(panel.codes) if (m := re.fullmatch(pattern, code))]
    years = sorted({float(m["time"]) for m, _ in found})
    codes = tuple(dict.fromkeys(m["code"] for m, _ in found))
    if not years:
        raise ValueError(f"no column matches {pattern!r}")
    n = len(panel.units)
    values = np.full((n * len(years), len(codes)), np.nan)
    for m, j in found:
        k = years.index(float(m["time"]))
        values[k * n : (k + 1) * n, codes.index(m["code"])] = panel.values[:, j]
    return Columns(
        panel.units * len(years),
        np.repeat(years, n),
        {name: labels * len(years) for name, labels in panel.groups.items()},
        codes,
        values,
    )
