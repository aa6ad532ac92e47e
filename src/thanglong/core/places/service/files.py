"""Files of units into rows: lists (CSV), series of releases (CSV), mappings (CSV) and outlines (GeoJSON).

Nothing is decided here: what cannot be read is listed with its line and what to do.
"""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from thanglong.core.places import rules
from thanglong.core.places.types import BoundaryRow, MappingRow, Problem, UnitKind, UnitRow, UnitRows
from thanglong.formats import geojson
from thanglong.kit.errors import N_

UNIT_COLUMNS = ("code", "name", "kind", "parent_code", "valid_from", "valid_to", "lon", "lat", "area_km2", "population",
                "name_en")  # fmt: skip
# other spellings of a column's name, as real files have them
ALIASES = {
    "ward": "ward_name", "district": "district_name", "wardcode": "old_code", "newwardcode": "new_code",
    "newward": "new_name", "parent": "parent_code", "longitude": "lon", "latitude": "lat", "english_name": "name_en",
}  # fmt: skip


def read_units(path: Path) -> UnitRows:
    """Read a file of units, told by its content: GeoJSON, a list, a series of releases, or a mapping old -> new."""
    return read_content(path.read_bytes(), path.name)


def read_content(content: bytes, name: str) -> UnitRows:
    """As :func:`read_units`, from bytes; ``name`` stands in the legal basis the import records."""
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return _geojson(content, name)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = Problem(
            content.count(b"\n", 0, error.start) + 1,
            N_("The file is not in UTF-8."),
            N_("Save it again as CSV UTF-8 (in a spreadsheet: Save as, CSV UTF-8)."),
        )
        return UnitRows(source=name, problems=[problem])
    return _csv(text, name)


@dataclass
class _Sheet:
    """The rows of a CSV file under one set of column names, and the problems met so far."""

    rows: list[tuple[int, dict[str, str]]]
    problems: list[Problem] = field(default_factory=list)

    def complain(self, line: int, text: str, fix: str, /, **params: Any) -> None:
        self.problems.append(Problem(line, text, fix, params))

    def day(self, line: int, column: str, text: str) -> date | None:
        """A date, ISO (2025-07-01) or Vietnamese (01/07/2025); None when empty or wrong."""
        if not text:
            return None
        for form in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"):
            try:
                return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
        self.complain(
            line, N_("%(column)s: “%(text)s” is not a date."), N_("Write it as 2025-07-01."), column=column, text=text
        )
        return None

    def number(self, line: int, column: str, text: str, low: float, high: float) -> float | None:
        """A number with a point as decimal mark, between ``low`` and ``high``; None when empty or wrong."""
        if not text:
            return None
        try:
            value = float(text.replace(" ", ""))
        except ValueError:
            value = float("nan")
        if low <= value <= high:
            return value
        self.complain(
            line, N_("%(column)s: “%(text)s” is not a number between %(low)s and %(high)s."),
            N_("Use a point as decimal mark and no thousands mark."), column=column, text=text, low=low, high=high,
        )  # fmt: skip
        return None


def _csv(text: str, name: str) -> UnitRows:
    sample = text[:4096].splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=sample.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [_column(column) for column in reader.fieldnames or ()]
    rows: list[tuple[int, dict[str, str]]] = []
    for raw in reader:
        values = {_column(key): (value or "").strip() for key, value in raw.items() if isinstance(key, str)}
        if any(values.values()):
            rows.append((reader.line_num, values))
    sheet = _Sheet(rows)
    for wanted, read in SHAPES:
        if wanted <= set(header):
            return read(sheet, name)
    sheet.complain(
        1, N_("The columns %(header)s are not those of a list of units."),
        N_("Name them: %(wanted)s. Only code, name and valid_from must be there."),
        header=", ".join(header) or "–", wanted=", ".join(UNIT_COLUMNS),
    )  # fmt: skip
    return UnitRows(source=name, problems=sheet.problems)


def _column(name: str | None) -> str:
    plain = (name or "").strip().lower().replace(" ", "_")
    return ALIASES.get(plain, plain)


def _list(sheet: _Sheet, name: str) -> UnitRows:
    rows: list[UnitRow] = []
    for line, values in sheet.rows:
        row = _list_row(sheet, line, values)
        if row is not None:
            rows.append(row)
    return UnitRows(states=_chained(rows), problems=sheet.problems, source=name)


def _list_row(sheet: _Sheet, line: int, values: Mapping[str, str]) -> UnitRow | None:
    get = values.get
    known = len(sheet.problems)
    code, name, kind_text = get("code", ""), get("name", ""), get("kind", "")
    if not code:
        sheet.complain(line, N_("The code is missing."), N_("Every unit needs the code it has in the official list."))
    if not name:
        sheet.complain(line, N_("The name is missing."), N_("Give the full official name, such as Phường Cửa Nam."))
    first = sheet.day(line, "valid_from", get("valid_from", ""))
    if not get("valid_from", ""):
        sheet.complain(line, N_("valid_from is missing."), N_("Give the first day on which this holds."))
    last = sheet.day(line, "valid_to", get("valid_to", ""))
    if first and last and last < first:
        sheet.complain(line, N_("valid_to lies before valid_from."), N_("valid_to is the last day on which it holds."))
    kind = _kind(sheet, line, kind_text)
    lon = sheet.number(line, "lon", get("lon", ""), -180, 180)
    lat = sheet.number(line, "lat", get("lat", ""), -90, 90)
    if bool(get("lon", "")) != bool(get("lat", "")):
        sheet.complain(line, N_("Only one of lon and lat is given."), N_("Give both or neither."))
    area = sheet.number(line, "area_km2", get("area_km2", ""), 0, 1e7)
    people = sheet.number(line, "population", get("population", ""), 0, 1e10)
    if len(sheet.problems) > known or first is None:
        return None
    return UnitRow(
        line, get("unit", ""), code, name, kind, get("parent_code", ""), first, last, get("name_en", ""), lon, lat,
        area, None if people is None else round(people),
    )  # fmt: skip


def _kind(sheet: _Sheet, line: int, text: str) -> UnitKind | None:
    if not text:
        return None
    try:
        return UnitKind(text.lower())
    except ValueError:
        found = rules.prefix_of(f"{text} x")
        if found:
            return found[1]
    sheet.complain(
        line, N_("There is no kind “%(text)s”."), N_("Choose one of: %(kinds)s."), text=text,
        kinds=", ".join(kind.value for kind in UnitKind),
    )  # fmt: skip
    return None


def _chained(rows: list[UnitRow]) -> list[UnitRow]:
    """Rows without a name for their unit get one: the same code in the next period, with parent or name kept."""
    last: dict[str, UnitRow] = {}
    result: list[UnitRow] = []
    for row in sorted(rows, key=lambda item: (item.valid_from, item.line)):
        before = last.get(row.code)
        chain = row.chain or f"{row.code}@{row.valid_from}"
        if not row.chain and before is not None:
            touching = before.valid_to is not None and before.valid_to + rules.DAY == row.valid_from
            if touching and (before.parent_code == row.parent_code or before.name == row.name):
                chain = before.chain
        last[row.code] = replace(row, chain=chain)
        result.append(last[row.code])
    return result


def _releases(sheet: _Sheet, name: str) -> UnitRows:
    # of two releases for one day the later one in the file is a correction and replaces the earlier
    newest: dict[date, str] = {}
    releases: dict[tuple[date, str], dict[tuple[str, str], rules.Listed]] = {}
    for line, values in sheet.rows:
        day, release = sheet.day(line, "effective_from", values.get("effective_from", "")), values.get("release", "")
        code, ward, district = (values.get(key, "") for key in ("ward_code", "ward_name", "district_code"))
        if not values.get("effective_from", ""):
            sheet.complain(line, N_("effective_from is missing."), N_("Give the day from which the release holds."))
        if not code or not ward:
            sheet.complain(line, N_("Code or name of the ward is missing."), N_("Fill in both."))
        if day is None or not code or not ward:
            continue
        newest[day] = release
        listed = releases.setdefault((day, release), {})
        if ("local", code) in listed:
            text, params = N_("Code %(code)s stands twice in release %(release)s."), {"code": code, "release": release}
            sheet.complain(line, text, N_("Leave one of the rows out."), **params)
            continue
        if district:
            top = rules.Identity("district", district, values.get("district_name", ""), "", 1)
            listed.setdefault(("district", district), rules.Listed(line, day, top))
        here = rules.Identity("local", code, ward, district, 2 if district else 1)
        listed["local", code] = rules.Listed(line, day, here)
    valid = [item for day, release in newest.items() for item in releases[day, release].values()]
    return UnitRows(states=rules.chains(valid), problems=sheet.problems, source=name)


def _mapping(sheet: _Sheet, name: str) -> UnitRows:
    rows: list[MappingRow] = []
    for line, values in sheet.rows:
        old, new = values.get("old_code", ""), values.get("new_code", "")
        if not old or not new:
            sheet.complain(line, N_("Old or new code is missing."), N_("Fill in both."))
            continue
        people = sheet.number(line, "share_population", values.get("share_population", ""), 0, 1)
        area = sheet.number(line, "share_area", values.get("share_area", ""), 0, 1)
        old_name = values.get("old_name") or values.get("ward_name", "")
        rows.append(MappingRow(line, old, new, old_name, values.get("new_name", ""), people, area))
    return UnitRows(mapping=rows, problems=sheet.problems, source=name)


SHAPES: tuple[tuple[set[str], Callable[[_Sheet, str], UnitRows]], ...] = (
    ({"release", "effective_from", "ward_code", "ward_name"}, _releases),
    ({"old_code", "new_code"}, _mapping),
    ({"code", "name", "valid_from"}, _list),
)


def _geojson(content: bytes, name: str) -> UnitRows:
    try:
        features = geojson.read(content)
    except geojson.NotGeoJSON as error:
        fix = N_("Export the boundaries as a GeoJSON FeatureCollection in WGS84.")
        problem = Problem(0, N_("The file is not GeoJSON: %(reason)s."), fix, {"reason": str(error)})
        return UnitRows(source=name, problems=[problem])
    rows: list[BoundaryRow] = []
    problems: list[Problem] = []
    for feature in features:
        properties = feature.properties
        code = str(properties.get("code") or feature.id or "").strip()
        title = str(properties.get("fullName") or properties.get("name") or code).strip()
        text, fix, params = _fault(feature, code, title)
        if text:
            problems.append(Problem(feature.number, text, fix, params))
        elif feature.geometry is not None:
            rows.append(BoundaryRow(feature.number, code, title, feature.geometry))
    return UnitRows(boundaries=rows, problems=problems, source=name)


def _fault(feature: geojson.Feature, code: str, title: str) -> tuple[str, str, dict[str, Any]]:
    """What keeps a feature from being an outline, what to do about it, and the words to fill in; empty when nothing."""
    if not code:
        return N_("The feature has no code."), N_("Give each feature a property “code” with the unit's code."), {}
    params = {"name": title}
    if feature.fault or feature.geometry is None or feature.geometry.is_empty:
        reason = feature.fault or "empty"
        return N_("%(name)s: no usable outline (%(reason)s)."), N_("Draw it again."), {**params, "reason": reason}
    if feature.geometry.geom_type not in ("Polygon", "MultiPolygon"):
        return N_("%(name)s: the outline is not an area."), N_("Use a Polygon or MultiPolygon."), params
    if not feature.geometry.is_valid:
        fix = N_("Repair it, in QGIS with “Fix geometries”.")
        return N_("%(name)s: the outline crosses itself or is not closed."), fix, params
    return "", "", {}
