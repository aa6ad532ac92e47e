"""Reorganisations and their reviews: rows in, types out; a plan is kept as one JSON text."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
import shapely
from django.db.models import Count, Q

from thanglong.core.places import models
from thanglong.core.places.types import (
    ActState,
    NewAct,
    NewState,
    Part,
    Plan,
    PlannedUnit,
    Reorganisation,
    Review,
    UnitKind,
    Weighing,
)
from thanglong.kit.reorganising import ToReview

_PLAIN = ("code", "name", "name_en", "lon", "lat", "area_km2", "population", "boundary_approximate", "founded")


def _shape(shape: Any) -> str | None:
    return None if shape is None else shapely.to_wkb(shape, hex=True)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def plan_text(plan: Plan) -> str:
    """A plan as JSON text: the same plan gives the same text."""
    act = plan.act
    signed = str(act.signed_on) if act.signed_on else None
    body = {
        "act": [act.title, str(act.effective_on), act.number, act.issuer, signed],
        "units": [
            {
                "id": str(unit.id), "kind": unit.kind.value, "parent": str(unit.parent) if unit.parent else None,
                "boundary": _shape(unit.boundary), **{name: getattr(unit, name) for name in _PLAIN},
            }
            for unit in plan.units
        ],
        "parts": [[str(part.old), str(part.new), part.share, part.line] for part in plan.parts],
        "abolished": [str(unit) for unit in plan.abolished],
        "weighing": plan.weighing.value,
        "points": [list(point) for point in plan.points],
    }  # fmt: skip
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode()


def plan_of(text: str) -> Plan:
    """The plan of a JSON text."""
    body = orjson.loads(text)
    title, effective, number, issuer, signed = body["act"]
    units = [
        PlannedUnit(
            id=UUID(row["id"]), kind=UnitKind(row["kind"]), parent=_id(row["parent"]),
            boundary=shapely.from_wkb(row["boundary"]) if row["boundary"] else None,
            **{name: row[name] for name in _PLAIN},
        )
        for row in body["units"]
    ]  # fmt: skip
    return Plan(
        NewAct(title, date.fromisoformat(effective), number, issuer, _day(signed)),
        units,
        [Part(UUID(old), UUID(new), share, line) for old, new, share, line in body["parts"]],
        [UUID(unit) for unit in body["abolished"]],
        Weighing(body["weighing"]),
        [(lon, lat, weight) for lon, lat, weight in body["points"]],
    )


def states_text(states: Mapping[UUID, Sequence[NewState]]) -> list[Any]:
    """States of units as JSON values, outlines included."""
    return [
        [str(unit), [
            [state.kind.value, state.code, state.name, str(state.valid_from), state.valid_to and str(state.valid_to),
             state.name_en, state.parent and str(state.parent), state.lon, state.lat, state.area_km2, state.population,
             _shape(state.boundary), state.boundary_approximate, state.act and str(state.act)]
            for state in history
        ]]
        for unit, history in states.items()
    ]  # fmt: skip


def states_of(rows: Sequence[Any]) -> dict[UUID, list[NewState]]:
    """The states of :func:`states_text`."""
    return {UUID(unit): [_state(row) for row in history] for unit, history in rows}


def _state(row: Sequence[Any]) -> NewState:
    kind, code, name, first, last, name_en, parent, lon, lat, area, people, shape, approximate, act = row
    return NewState(
        UnitKind(kind), code, name, date.fromisoformat(first), _day(last), name_en, _id(parent), lon, lat, area, people,
        shapely.from_wkb(shape) if shape else None, approximate, _id(act),
    )  # fmt: skip


def _reorganisation(row: models.Reorganisation) -> Reorganisation:
    return Reorganisation(
        row.id, ActState(row.state), row.version, plan_of(row.plan), row.act, row.drafted_by, row.changed_at,
        row.decided_at, row.decided_by, row.in_force_at, row.ended_at, row.ended_by, getattr(row, "open_reviews", 0),
    )  # fmt: skip


def _rows() -> Any:
    waiting = Count("reviews", filter=Q(reviews__done_at__isnull=True))
    return models.Reorganisation.objects.annotate(open_reviews=waiting)


def get(reform: UUID) -> Reorganisation | None:
    """One reorganisation."""
    row = _rows().filter(pk=reform).first()
    return _reorganisation(row) if row else None


def listed() -> list[Reorganisation]:
    """All reorganisations, the newest first."""
    return [_reorganisation(row) for row in _rows().order_by("-effective_on", "-changed_at")]


def due(day: date) -> list[UUID]:
    """Decided ones whose day has come, in the order of their days."""
    rows = models.Reorganisation.objects.filter(state=ActState.DECIDED, effective_on__lte=day)
    return list(rows.order_by("effective_on", "decided_at").values_list("id", flat=True))


def with_state(state: ActState) -> list[UUID]:
    """Reorganisations in a state, by their days."""
    rows = models.Reorganisation.objects.filter(state=state).order_by("effective_on", "id")
    return list(rows.values_list("id", flat=True))


def insert(reform: Reorganisation) -> None:
    """Enter a draft, or an act of the past."""
    models.Reorganisation.objects.create(
        id=reform.id, state=reform.state, version=reform.version, plan=plan_text(reform.plan),
        effective_on=reform.plan.act.effective_on, drafted_by=reform.drafted_by, changed_at=reform.changed_at,
        act=reform.act, decided_at=reform.decided_at, decided_by=reform.decided_by, in_force_at=reform.in_force_at,
    )  # fmt: skip


def move(reform: Reorganisation, version: int, **memo: str) -> bool:
    """Write a step, if the row still has ``version``; False when somebody was faster."""
    rows = models.Reorganisation.objects.filter(pk=reform.id, version=version)
    return rows.update(
        state=reform.state, version=reform.version, plan=plan_text(reform.plan), act=reform.act,
        effective_on=reform.plan.act.effective_on, drafted_by=reform.drafted_by, changed_at=reform.changed_at,
        decided_at=reform.decided_at, decided_by=reform.decided_by, in_force_at=reform.in_force_at,
        ended_at=reform.ended_at, ended_by=reform.ended_by, **memo,
    ) == 1  # fmt: skip


def memo(reform: UUID) -> Any:
    """What undoing needs."""
    text = models.Reorganisation.objects.values_list("memo", flat=True).get(pk=reform)
    return orjson.loads(text) if text else {}


def withdraw(units: Sequence[UUID], successions: Sequence[tuple[UUID, UUID]], act: UUID | None) -> None:
    """Remove units that never were, successions that never came, and the act they rested on."""
    for old, new in successions:
        models.Succession.objects.filter(old_id=old, new_id=new).delete()
    models.UnitState.objects.filter(unit_id__in=units).delete()
    models.Unit.objects.filter(pk__in=units).delete()
    if act is not None:
        models.Act.objects.filter(pk=act).delete()


def add_reviews(reform: UUID, kind: str, items: Sequence[ToReview], make_id: Any) -> None:
    """Keep what a person has to look at; what is there already stays as it is."""
    models.Review.objects.bulk_create(
        [
            models.Review(
                id=make_id(), reorganisation_id=reform, kind=kind, ref=item.ref, label=item.label[:300], url=item.url,
                old=item.old, new=item.new, reason=item.reason,
            )
            for item in items
        ],
        batch_size=500, ignore_conflicts=True,
    )  # fmt: skip


def _review(row: models.Review) -> Review:
    return Review(row.id, row.kind, row.label, row.url, row.old, row.new, row.reason, row.done_at, row.done_by)


def reviews(reform: UUID, limit: int) -> list[Review]:
    """What is still to be looked at, by kind and label."""
    rows = models.Review.objects.filter(reorganisation_id=reform, done_at__isnull=True).order_by("kind", "label", "id")
    return [_review(row) for row in rows[:limit]]


def review(review_id: UUID) -> tuple[UUID, Review] | None:
    """One item to be looked at, with its reorganisation."""
    row = models.Review.objects.filter(pk=review_id).first()
    return (row.reorganisation_id, _review(row)) if row else None


def finish_review(review: Review, at: datetime, by: str) -> bool:
    """Note that somebody looked at it; False when somebody had already."""
    rows = models.Review.objects.filter(pk=review.id, done_at__isnull=True)
    return rows.update(done_at=at, done_by=by) == 1
