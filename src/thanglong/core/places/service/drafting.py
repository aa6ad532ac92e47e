"""Reading a reorganisation from a file: JSON with everything, or a CSV of pairs old -> new with the act beside it."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from thanglong.core.places import rules
from thanglong.core.places.repository import snapshot
from thanglong.core.places.repository.snapshot import History, Snapshot
from thanglong.core.places.service.files import ALIASES
from thanglong.core.places.types import (
    LOCAL_KINDS,
    NewAct,
    Part,
    Plan,
    PlannedUnit,
    Problem,
    Unit,
    UnitKind,
    UnitRows,
    Weighing,
)
from thanglong.kit.errors import N_, Fault, Invalid
from thanglong.kit.ids import new_id

COLUMNS = {
    **ALIASES, "newwardlat": "lat", "newwardlon": "lon", "newwardareakm2": "area_km2", "newwardtype": "new_kind",
    "share_population": "share", "share_area": "share", "old": "old_code", "new": "new_code", "ward_name": "old_name",
}  # fmt: skip
Row = Mapping[str, Any]


@dataclass
class _Reading:
    """The units of the eve, what has been planned so far, and every problem met."""

    history: History
    shot: Snapshot
    problems: list[Problem] = field(default_factory=list)
    planned: dict[str, PlannedUnit] = field(default_factory=dict)
    abolished: list[UUID] = field(default_factory=list)

    def complain(self, line: int, text: str, fix: str, /, **params: Any) -> None:
        self.problems.append(Problem(line, text, fix, params))

    def on_eve(self, code: str, name: str = "") -> Unit | None:
        """The unit that has a code on the eve: a ward before a district, one of the name told before others."""
        found = [unit for unit in self.shot.by_code.get(code, ()) if unit.kind is not UnitKind.OFFICE]
        named = [unit for unit in found if name and rules.alike(name, unit.name, unit.short_name)]
        return next(iter(named or sorted(found, key=lambda unit: unit.kind not in LOCAL_KINDS)), None)


def read_reorganisation(content: bytes, name: str, act: NewAct | None = None) -> Plan:
    """The plan a file holds. ``act`` is the legal basis where the file brings none (a CSV never does).

    What cannot be read stands in ``Plan.problems``. Invalid when the file as a whole is unusable.
    """
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _json(content, act)
    if act is None:
        raise Invalid([Fault("number", N_("A CSV file holds no legal basis: give number, title and days beside it."))])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid([Fault("file", N_("The file is not in UTF-8."))]) from None
    return _csv(text, name, act)


def _reading(act: NewAct) -> _Reading:
    history = snapshot.current()
    return _Reading(history, history.on(act.effective_on - rules.DAY))


def _csv(text: str, name: str, act: NewAct) -> Plan:
    first = text.lstrip().splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [_column(column) for column in reader.fieldnames or ()]
    if not {"old_code", "new_code"} <= set(header):
        raise Invalid(
            [Fault("file", N_("The file needs the columns old_code and new_code (%(name)s)."), {"name": name})]
        )
    rows = []
    for raw in reader:
        values = {_column(key): (value or "").strip() for key, value in raw.items() if isinstance(key, str)}
        if any(values.values()):
            rows.append({**values, "line": reader.line_num})
    reading = _reading(act)
    return _planned(reading, act, rows, {}, Weighing.GIVEN, ())


def _column(name: str | None) -> str:
    plain = (name or "").strip().lower().replace(" ", "_")
    return COLUMNS.get(plain, plain)


def _json(content: bytes, act: NewAct | None) -> Plan:
    try:
        body = orjson.loads(content.lstrip(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise Invalid([Fault("file", N_("The file is not JSON: %(reason)s."), {"reason": str(error)})]) from None
    if not isinstance(body, dict):
        raise Invalid([Fault("file", N_("The file holds no reorganisation."))])
    basis = _act(body.get("act"), act)
    reading = _reading(basis)
    units = {str(row.get("code", "")): row for row in body.get("units", []) if isinstance(row, dict)}
    pairs = body.get("mapping", [])
    if not isinstance(pairs, list) or not all(isinstance(row, dict) for row in pairs):
        raise Invalid([Fault("file", N_("“mapping” has to be a list of pairs with “old” and “new”."))])
    rows: list[dict[str, Any]] = [
        {_column(key): value for key, value in row.items()} | {"line": at} for at, row in enumerate(pairs, 1)
    ]
    rows += [{"old_code": str(code), "new_code": "", "line": 0} for code in body.get("abolish", [])]
    try:
        weighing = Weighing(body.get("weights", "given"))
    except ValueError:
        raise Invalid([Fault("file", N_("“weights” is one of given, area, points."))]) from None
    try:
        points = [
            (float(row[0]), float(row[1]), float(row[2]) if len(row) > 2 else 1.0) for row in body.get("points", [])
        ]
    except (TypeError, ValueError, IndexError):
        raise Invalid([Fault("file", N_("“points” is a list of [longitude, latitude, weight]."))]) from None
    return _planned(reading, basis, rows, units, weighing, points)


def _act(given: Any, other: NewAct | None) -> NewAct:
    """The legal basis: what the form says comes before what the file says."""
    row = given if isinstance(given, dict) else {}
    effective = _day(row.get("effective_on"))
    if other is not None:
        return NewAct(
            other.title or str(row.get("title", "")), other.effective_on, other.number or str(row.get("number", "")),
            other.issuer or str(row.get("issuer", "")), other.signed_on or _day(row.get("signed_on")),
        )  # fmt: skip
    if effective is None:
        raise Invalid([Fault("effective_on", N_('“act” needs the day of effect: "effective_on": "2025-07-01".'))])
    return NewAct(
        str(row.get("title", "")), effective, str(row.get("number", "")), str(row.get("issuer", "")),
        _day(row.get("signed_on")),
    )  # fmt: skip


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        raise Invalid(
            [Fault("file", N_("“%(text)s” is not a date; write it as 2025-07-01."), {"text": value})]
        ) from None


def _planned(
    reading: _Reading,
    act: NewAct,
    rows: Sequence[Row],
    units: Mapping[str, Row],
    weighing: Weighing,
    points: Sequence[tuple[float, float, float]],
) -> Plan:
    for row in rows:  # what is abolished first: it decides which units live on
        if not row.get("new_code"):
            _abolish(reading, row)
    parts: list[Part] = []
    for row in rows:
        if row.get("new_code"):
            part = _pair(reading, row, units)
            if part is not None:
                parts.append(part)
    for code, row in units.items():
        if code not in reading.planned:
            _plan_unit(reading, code, {**row, "line": 0}, units)
    return Plan(
        act, list(reading.planned.values()), parts, reading.abolished, weighing, points, tuple(reading.problems)
    )


def _abolish(reading: _Reading, row: Row) -> None:
    code, line = str(row.get("old_code", "")), int(row.get("line", 0))
    unit = reading.on_eve(code, str(row.get("old_name", "")))
    if unit is None:
        reading.complain(line, N_("No unit has the code %(code)s on the eve of the act."),
                         N_("Correct the code, or import the list of units first."), code=code)  # fmt: skip
    elif unit.id not in reading.abolished:
        reading.abolished.append(unit.id)


def _pair(reading: _Reading, row: Row, units: Mapping[str, Row]) -> Part | None:
    code, line = str(row.get("old_code", "")), int(row.get("line", 0))
    old_name = str(row.get("old_name", ""))
    old = reading.on_eve(code, old_name)
    if old is None:
        reading.complain(line, N_("No unit has the code %(code)s on the eve of the act."),
                         N_("Correct the code, or import the list of units first."), code=code)  # fmt: skip
    elif old_name and not rules.alike(old_name, old.name, old.short_name):
        reading.problems.append(
            Problem(line, N_("Code %(code)s is %(known)s here, but “%(stated)s” in the file."),
                    N_("Check that code and name belong together."),
                    {"code": code, "known": old.name, "stated": old_name}, warning=True)
        )  # fmt: skip
    new = _plan_unit(reading, str(row["new_code"]), row, units)
    share = _number(reading, line, "share", row.get("share"), 0, 1)
    return Part(old.id, new.id, share, line) if old is not None and new is not None else None


def _number(reading: _Reading, line: int, name: str, value: Any, low: float, high: float) -> float | None:
    if value is None or value == "":
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = float("nan")
    if low <= found <= high:
        return found
    reading.complain(
        line, N_("%(column)s: “%(text)s” is not a number between %(low)s and %(high)s."),
        N_("Use a point as decimal mark and no thousands mark."), column=name, text=value, low=low, high=high,
    )  # fmt: skip
    return None


def _plan_unit(reading: _Reading, code: str, row: Row, units: Mapping[str, Row]) -> PlannedUnit | None:
    """The unit a pair leads to: planned before, founded by the file, or one of the eve that lives on."""
    known = reading.planned.get(code)
    if known is not None:
        return known
    facts = {**row, **units.get(code, {})}
    name = str(units.get(code, {}).get("name") or row.get("new_name", "")).strip()
    line = int(row.get("line", 0))
    before = reading.on_eve(code, name)
    # as in imports: a unit lives on under its code when it keeps its name and the unit above it
    stays = before is not None and (
        not name or (rules.alike(name, before.name) and before.parent not in reading.abolished)
    )
    if before is not None and (stays or facts.get("lives_on")):
        unit = PlannedUnit(
            before.id, code, name or before.name, before.kind, before.parent,
            before.name_en if not name or name == before.name else "", before.lon, before.lat,
            boundary_approximate=before.boundary_approximate, founded=False,
        )  # fmt: skip
    elif not name:
        reading.complain(line, N_("The new unit %(code)s has no name."),
                         N_("Give its full official name, such as Phường Cửa Nam."), code=code)  # fmt: skip
        return None
    else:
        unit = PlannedUnit(new_id(), code, name, _kind(reading, line, name, facts), _parent(reading, line, facts))
    unit = _with_facts(reading, line, unit, facts)
    reading.planned[code] = unit
    return unit


def _kind(reading: _Reading, line: int, name: str, facts: Row) -> UnitKind:
    text = str(facts.get("kind") or facts.get("new_kind") or "").strip().lower()
    if text in set(UnitKind):
        return UnitKind(text)
    found = rules.prefix_of(f"{text} x") if text else rules.prefix_of(name)
    if found is None:
        reading.complain(line, N_("%(name)s: its name does not say what kind of unit it is."),
                         N_("Begin it with Phường, Xã or Đặc khu, or give the kind."), name=name)  # fmt: skip
        return UnitKind.WARD
    return found[1]


def _parent(reading: _Reading, line: int, facts: Row) -> UUID | None:
    """The unit above: named by code, else the city."""
    code = str(facts.get("parent_code") or "")
    if code:
        above = reading.on_eve(code) or reading.planned.get(code)
        if above is None:
            reading.complain(line, N_("No unit has the code %(code)s on the eve of the act."),
                             N_("Correct parent_code."), code=code)  # fmt: skip
        return above.id if above else None
    return reading.shot.cities[0].id if reading.shot.cities else None


def _with_facts(reading: _Reading, line: int, unit: PlannedUnit, facts: Row) -> PlannedUnit:
    lon = _number(reading, line, "lon", facts.get("lon"), -180, 180)
    lat = _number(reading, line, "lat", facts.get("lat"), -90, 90)
    people = _number(reading, line, "population", facts.get("population"), 0, 1e10)
    unit = replace(
        unit, name_en=str(facts.get("name_en") or unit.name_en), lon=unit.lon if lon is None else lon,
        lat=unit.lat if lat is None else lat,
        area_km2=_number(reading, line, "area_km2", facts.get("area_km2"), 0, 1e7),
        population=None if people is None else round(people),
    )  # fmt: skip
    return _with_outline(reading, line, unit, facts.get("boundary"))


def _with_outline(reading: _Reading, line: int, unit: PlannedUnit, drawn: Any) -> PlannedUnit:
    if not drawn:
        return unit
    try:
        shape = shapely.from_geojson(orjson.dumps(drawn))
    except (shapely.GEOSException, TypeError, ValueError):
        shape = None
    if shape is None or shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
        reading.complain(line, N_("%(name)s: the outline is not an area."), N_("Use a Polygon or MultiPolygon."),
                         name=unit.name)  # fmt: skip
        return unit
    return replace(unit, boundary=shape, boundary_approximate=False)


def with_outlines(plan: Plan, rows: UnitRows) -> Plan:
    """The plan with outlines from a GeoJSON file, found by the codes of the new units."""
    drawn: dict[str, BaseGeometry] = {row.code: row.geometry for row in rows.boundaries}
    units = [
        replace(unit, boundary=drawn[unit.code], boundary_approximate=False) if unit.code in drawn else unit
        for unit in plan.units
    ]
    return replace(plan, units=units, problems=(*plan.problems, *rows.problems))
