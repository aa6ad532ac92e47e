"""A small city: two wards and an office, a head and officers, and a case type that uses every feature."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from thanglong.core.cases import service
from thanglong.core.cases.types import (
    Action,
    Auto,
    CaseType,
    Deadline,
    DocumentNeed,
    Duration,
    Escalation,
    Field,
    State,
    StateKind,
)
from thanglong.core.people import service as people
from thanglong.core.people.types import NewAccount, NewMembership
from thanglong.core.places import service as places
from thanglong.core.places.types import NewState, NewUnit, UnitKind
from thanglong.kit.ids import seeded_id
from thanglong.kit.ports import SYSTEM, Actor

TYPE = CaseType(
    key="repair",
    version=1,
    title="Repair",
    prefix="SC",
    states=(
        State("new", "New", icon="inbox", tag="info"),
        State("doing", "In work", icon="tools"),
        State("asked", "Waiting for an answer", StateKind.WAITING, stops_clock=True, icon="pause"),
        State("done", "Repaired", StateKind.DONE, tag="ok", icon="check", auto=Auto("close", Duration(14, "day"))),
        State("closed", "Closed", StateKind.DONE, icon="done"),
        State("refused", "Refused", StateKind.REFUSED, tag="bad", icon="x"),
    ),
    initial="new",
    actions=(
        Action("take", "Take", ("new",), "doing", style="primary", effects=("claim",), text="%(unit)s began to work."),
        Action(
            "ask", "Ask the reporter", ("doing",), "asked",
            fields=(Field("question", "Question", "longtext"),), text="%(unit)s asks: %(question)s",
        ),
        Action("answer", "Answer", ("asked",), "doing", permission="", reporter=True, fields=(Field("answer", "Answer"),)),
        Action(
            "finish", "Finish", ("doing",), "done", style="primary",
            documents=(DocumentNeed("proof", "Photo of the repair", media="image/"),),
            fields=(Field("cost", "Cost", "number", required=False, public=False, into="cost"),),
        ),
        Action(
            "refuse", "Refuse", ("new", "doing"), "refused", style="danger",
            reason="Dear citizen, %(unit)s cannot repair this: ", text="%(unit)s refused: %(reason)s",
        ),
        Action("content", "I am content", ("done",), "closed", permission="", reporter=True, effects=("rate",)),
        Action("not_fixed", "Not repaired", ("done", "closed"), "new", permission="", reporter=True,
               effects=("release", "reopen")),
        Action("second_look", "Second look", ("new",), "doing", guard={"!=": [{"var": "past.finish"}, {"var": "actor.id"}]},
               guard_text="Somebody else must look this time."),
        Action("close", "Close", ("done",), "closed", permission=""),
        Action("urgent", "Mark as urgent", ("new",), guard={"==": [{"var": "data.kind"}, "lamp"]},
               guard_text="Only lamps can be urgent."),
    ),
    form={
        "type": "object",
        "required": ["kind", "where"],
        "properties": {
            "kind": {"title": "Kind", "oneOf": [{"const": "lamp", "title": "Lamp"}, {"const": "hole", "title": "Hole"}]},
            "where": {"type": "string", "title": "Where", "minLength": 3},
            "cost": {"type": "number"},
            "count": {"type": "integer", "minimum": 1, "maximum": 9},
        },
        "additionalProperties": False,
    },
    deadlines=(
        Deadline(Duration(8, "working_hour"), {"==": [{"var": "data.kind"}, "lamp"]}),
        Deadline(Duration(5, "working_day")),
    ),
    escalations=(Escalation(1.0, "head"), Escalation(1.5, "city")),
    public=True,
    public_fields=("kind",),
)  # fmt: skip
PRIVATE = CaseType(
    key="private", version=1, title="Private", prefix="RT", states=(State("new", "New"), State("end", "End", StateKind.DONE)),
    initial="new", actions=(Action("end", "End", ("new",), "end"),), open_permission="cases.act",
)  # fmt: skip
START = datetime(2026, 11, 16, 1, 30, tzinfo=UTC)  # Monday 08:30 in Hà Nội


@dataclass(frozen=True, slots=True)
class City:
    """The small city of these tests."""

    city: UUID
    ward: UUID
    other: UUID
    head: Actor
    officer: Actor
    second: Actor
    stranger: Actor
    leader: Actor


def _unit(name: str, kind: UnitKind, code: str, parent: UUID | None, population: int) -> NewUnit:
    state = NewState(
        kind=kind,
        code=code,
        name=name,
        valid_from=date(2025, 7, 1),
        parent=parent,
        population=population,
        lon=105.8,
        lat=21.0,
    )
    return NewUnit(seeded_id("cases", name), [state])


def _account(name: str, role: str, unit: UUID) -> NewAccount:
    grant = NewMembership(seeded_id("grant", name), seeded_id("account", name), role, unit, date(2025, 7, 1))
    return NewAccount(seeded_id("account", name), name, name.title(), memberships=(grant,))


def build() -> City:
    """Load the city; the clock must stand at START."""
    for case_type in (TYPE, PRIVATE):
        service.register(case_type)
    top = _unit("Hà Nội", UnitKind.CITY, "01", None, 8_000_000)
    wards = [_unit(name, UnitKind.WARD, code, top.id, n) for name, code, n in
             (("Phường Cửa Nam", "00070", 50_000), ("Phường Hoàn Kiếm", "00071", 70_000))]  # fmt: skip
    places.bulk_load(SYSTEM, [top, *wards])
    ward, other = wards[0].id, wards[1].id
    people.bulk_load([
        _account("head", "unit_head", ward), _account("officer", "officer", ward), _account("second", "officer", ward),
        _account("stranger", "officer", other), _account("leader", "city_leader", top.id),
    ])  # fmt: skip
    head, officer, second, stranger, leader = (
        people.actor(seeded_id("account", name)) for name in ("head", "officer", "second", "stranger", "leader")
    )
    return City(top.id, ward, other, head, officer, second, stranger, leader)
