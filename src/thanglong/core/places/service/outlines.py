"""Planning the import of outlines: which unit each belongs to, and what is wrong with them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
import shapely

from thanglong.core.places import rules
from thanglong.core.places.types import LOCAL_KINDS, BoundaryRow, NewState, Problem, UnitKind
from thanglong.kit import clock
from thanglong.kit.errors import N_
from thanglong.solve.geometry import area_km2

States = dict[UUID, list[NewState]]
# neighbours may lap over each other by this share of the smaller one (1 m² per km²) before it is a fault
OVERLAP = 1e-6
AREA_OFF = 0.05


def plan(before: States, after: States, problems: list[Problem], given: Sequence[BoundaryRow]) -> None:
    """Lay each outline over the state its unit has today and over later ones that have none of their own.

    ``after`` receives the new histories; ``problems`` what is wrong: overlaps stop the import, a seat outside or a
    stated area that differs by more than 5 % is a warning.
    """
    today = clock.today()
    holders = {
        (state.code): unit
        for unit, states in before.items()
        for state in states
        if state.kind is not UnitKind.OFFICE and state.valid_from <= today and (state.valid_to or today) >= today
    }
    seen: set[str] = set()
    fitting: list[tuple[BoundaryRow, NewState]] = []
    for row in given:
        unit = holders.get(row.code)
        if unit is None or row.code in seen:
            problems.append(_misfit(row, twice=row.code in seen))
            continue
        seen.add(row.code)
        state = next(item for item in before[unit] if item.valid_from <= today and (item.valid_to or today) >= today)
        problems.extend(_check(row, state))
        fitting.append((row, state))
        after[unit] = [_with_outline(item, row, state) for item in before[unit]]
    problems.extend(_overlaps([(row, state) for row, state in fitting if state.kind in LOCAL_KINDS]))


def _with_outline(item: NewState, row: BoundaryRow, today: NewState) -> NewState:
    later = item.valid_from > today.valid_from and (item.boundary is None or item.boundary_approximate)
    if item.valid_from == today.valid_from or later:
        return replace(item, boundary=row.geometry, boundary_approximate=False)
    return item


def _misfit(row: BoundaryRow, *, twice: bool) -> Problem:
    params = {"name": row.name, "code": row.code}
    if twice:
        return Problem(row.line, N_("Code %(code)s has two outlines."), N_("Leave one of them out."), params)
    text = N_("%(name)s: no unit of today has the code %(code)s.")
    return Problem(row.line, text, N_("Import the list of units first, or correct the code."), params)


def _check(row: BoundaryRow, state: NewState) -> list[Problem]:
    problems: list[Problem] = []
    params: dict[str, Any]
    shape = row.geometry
    if row.name != row.code and not rules.alike(row.name, state.name, rules.short_name(state.name, state.kind)):
        params = {"code": row.code, "known": state.name, "stated": row.name}
        text = N_("Code %(code)s is %(known)s here, but “%(stated)s” in the file.")
        problems.append(Problem(row.line, text, N_("Check that code and name belong together."), params, warning=True))
    if state.lon is not None and state.lat is not None and not shapely.intersects_xy(shape, state.lon, state.lat):
        text = N_("%(name)s: its seat lies outside its outline.")
        problems.append(Problem(row.line, text, N_("Check position and outline."), {"name": state.name}, warning=True))
    if state.area_km2:
        area = area_km2(shape)
        if abs(area / state.area_km2 - 1) > AREA_OFF:
            text = N_("%(name)s: the outline holds %(area)s km², the list says %(stated)s km².")
            params = {"name": state.name, "area": round(area, 2), "stated": state.area_km2}
            problems.append(Problem(row.line, text, N_("Check which of the two is right."), params, warning=True))
    return problems


def _overlaps(fitting: Sequence[tuple[BoundaryRow, NewState]]) -> list[Problem]:
    shapes = np.array([row.geometry for row, _ in fitting], dtype=object)
    if len(shapes) < 2:
        return []
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = a < b
    a, b = a[pairs], b[pairs]
    common = shapely.area(shapely.intersection(shapes[a], shapes[b]))
    smaller = np.minimum(shapely.area(shapes[a]), shapely.area(shapes[b]))
    problems = []
    for i in np.flatnonzero(common > OVERLAP * smaller):
        first, second = fitting[a[i]], fitting[b[i]]
        share = round(float(common[i] / smaller[i]) * 100, 4)
        params = {"a": first[1].name, "b": second[1].name, "share": share}
        text = N_("%(a)s and %(b)s overlap by %(share)s %% of the smaller one.")
        problems.append(Problem(second[0].line, text, N_("Move the common border so that they only touch."), params))
    return problems
