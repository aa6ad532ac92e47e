"""The tables: rows in, types out."""

from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

import shapely
from django.db import transaction
from shapely.geometry.base import BaseGeometry

from thanglong.core.places import models, rules
from thanglong.core.places.repository import watch
from thanglong.core.places.types import Act, NewState, NewUnit, Succession, Unit, UnitKind
from thanglong.kit.ids import new_id

COLUMNS = (
    "unit_id", "kind", "code", "name", "name_en", "parent_id", "valid_from", "valid_to", "lon", "lat", "area_km2",
    "population", "boundary_approximate", "act_id",
)  # fmt: skip


def token() -> str:
    """The version of the stored places; empty before the first change."""
    return models.Version.objects.values_list("token", flat=True).first() or ""


def _replace_token() -> None:
    # a fresh token, not a counter: a rolled back change leaves no version behind that another change could take again
    fresh = new_id().hex
    if not models.Version.objects.filter(pk=1).update(token=fresh):
        models.Version.objects.create(pk=1, token=fresh)
    watch.touched()


@contextmanager
def change() -> Iterator[None]:
    """One change of the places: a transaction that holds the version row, so writers come one after another."""
    with transaction.atomic():
        _replace_token()
        yield
        _replace_token()
        transaction.on_commit(watch.committed)


def _unit(row: tuple[Any, ...]) -> Unit:
    unit_id, kind, code, name, name_en, parent, first, last, lon, lat, area, population, approximate, act = row
    unit_kind = UnitKind(kind)
    return Unit(
        unit_id, unit_kind, code, name, name_en, rules.short_name(name, unit_kind), parent, first, last,
        lon, lat, area, population, approximate, act,
    )  # fmt: skip


def states() -> list[Unit]:
    """All states of all units, by unit and time, without outlines."""
    query = models.UnitState.objects.order_by("unit_id", "valid_from").values_list(*COLUMNS)
    return [_unit(row) for row in query]


def outlines(wanted: Set[tuple[UUID, date]]) -> dict[tuple[UUID, date], bytes]:
    """Outlines (WKB) of some states, by unit and first day; states without an outline are left out."""
    query = models.UnitState.objects.exclude(boundary=None).values_list("unit_id", "valid_from", "boundary")
    return {(unit, first): bytes(wkb or b"") for unit, first, wkb in query.iterator() if (unit, first) in wanted}


def _new_state(row: models.UnitState) -> NewState:
    return NewState(
        kind=UnitKind(row.kind), code=row.code, name=row.name, valid_from=row.valid_from, valid_to=row.valid_to,
        name_en=row.name_en, parent=row.parent_id, lon=row.lon, lat=row.lat, area_km2=row.area_km2,
        population=row.population, boundary=geometry(row.boundary), boundary_approximate=row.boundary_approximate,
        act=row.act_id,
    )  # fmt: skip


def geometry(wkb: bytes | memoryview | None) -> BaseGeometry | None:
    return shapely.from_wkb(bytes(wkb)) if wkb is not None else None


def full_states(ids: Iterable[UUID] | None = None) -> dict[UUID, list[NewState]]:
    """Whole states, outlines included, by unit and in order of time; all units when ``ids`` is None."""
    query = models.UnitState.objects.order_by("unit_id", "valid_from")
    if ids is not None:
        query = query.filter(unit_id__in=list(ids))
    result: dict[UUID, list[NewState]] = {}
    for row in query.iterator():
        result.setdefault(row.unit_id, []).append(_new_state(row))
    return result


def _row(unit: UUID, state: NewState) -> models.UnitState:
    return models.UnitState(
        unit_id=unit, kind=state.kind, code=state.code, name=state.name, name_en=state.name_en, parent_id=state.parent,
        valid_from=state.valid_from, valid_to=state.valid_to, lon=state.lon, lat=state.lat, area_km2=state.area_km2,
        population=state.population, boundary=shapely.to_wkb(state.boundary) if state.boundary is not None else None,
        boundary_approximate=state.boundary_approximate, act_id=state.act,
    )  # fmt: skip


def insert(units: Sequence[NewUnit]) -> None:
    """Enter new units with all their states."""
    models.Unit.objects.bulk_create(
        [models.Unit(id=unit.id, kind=unit.states[0].kind) for unit in units], batch_size=500
    )
    rows = [_row(unit.id, state) for unit in units for state in unit.states]
    models.UnitState.objects.bulk_create(rows, batch_size=200)


def replace_states(units: Sequence[NewUnit]) -> None:
    """Write all states of existing units anew."""
    ids = [unit.id for unit in units]
    for start in range(0, len(ids), 500):
        models.UnitState.objects.filter(unit_id__in=ids[start : start + 500]).delete()
    rows = [_row(unit.id, state) for unit in units for state in unit.states]
    models.UnitState.objects.bulk_create(rows, batch_size=200)


def _act(row: models.Act) -> Act:
    return Act(row.id, row.number, row.issuer, row.title, row.signed_on, row.effective_on)


def insert_act(act: Act) -> None:
    models.Act.objects.create(
        id=act.id, number=act.number, issuer=act.issuer, title=act.title, signed_on=act.signed_on,
        effective_on=act.effective_on,
    )  # fmt: skip


def acts() -> list[Act]:
    """All acts, by day of effect."""
    return [_act(row) for row in models.Act.objects.order_by("effective_on", "id")]


def act(act_id: UUID) -> Act | None:
    row = models.Act.objects.filter(pk=act_id).first()
    return _act(row) if row else None


def successions() -> list[Succession]:
    query = models.Succession.objects.order_by("old_id", "new_id")
    return [Succession(row.old_id, row.new_id, row.share_population, row.share_area, row.act_id) for row in query]


def insert_successions(rows: Sequence[Succession]) -> None:
    models.Succession.objects.bulk_create(
        [
            models.Succession(
                old_id=row.old, new_id=row.new, share_population=row.share_population, share_area=row.share_area,
                act_id=row.act,
            )
            for row in rows
        ],
        batch_size=500,
    )  # fmt: skip
