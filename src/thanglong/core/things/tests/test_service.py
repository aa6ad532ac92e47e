"""Who may do what with things, and that reading and writing go through."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from thanglong.core.things import rules, service
from thanglong.core.things.types import (
    Sample,
    Term,
    ThingQuery,
    geo,
    iso,
    plain,
    position,
    prop,
    rel,
    thing_id,
    unit_rel,
)
from thanglong.kit import clock, ports
from thanglong.kit.errors import Denied, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS, SYSTEM, Actor, Reach, ThingsStore

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
READER, WRITER, OTHER = (Actor("person", UUID(int=n), name) for n, name in enumerate(("reader", "writer", "other"), 1))


class FakeAccess:
    """Reader views, writer views and writes, the rest may nothing."""

    def reach(self, actor: Actor, action: str, *, on: date | None = None) -> Reach:
        wanted = {"things.view": (READER, WRITER, SYSTEM), "things.write": (WRITER, SYSTEM)}[action]
        return Reach(actor in wanted)

    def allowed(self, actor: Actor, action: str, unit: UUID | None = None, *, on: date | None = None) -> bool:
        return bool(self.reach(actor, action))

    def require(self, actor: Actor, action: str, unit: UUID | None = None, *, on: date | None = None) -> None:
        if not self.allowed(actor, action):
            raise NotSignedIn if actor == ANONYMOUS else Denied


@pytest.fixture(autouse=True)
def _world(things: ThingsStore) -> Iterator[None]:
    before = ports.plugged.access
    ports.plug(access=FakeAccess())
    with clock.use(clock.Frozen(T0)):
        yield
    ports.plug(access=before)


def lamp(number: int, **attributes: Any) -> dict[str, Any]:
    return {"id": thing_id("Streetlight", str(number)), "type": "Streetlight", "location": geo(105.8, 21), **attributes}


RACK = {"id": "urn:ngsi-ld:Rack:1", "type": "Rack", "power": prop(5)}


def test_writing_needs_the_permission() -> None:
    for passed in (False, True):
        for actor, error in ((ANONYMOUS, NotSignedIn), (READER, Denied), (OTHER, Denied)):
            asker = service.pass_of(actor) if passed else actor
            for verb in (
                lambda a: service.upsert(a, [lamp(1)]),
                lambda a: service.write_soon(a, [lamp(1)], "upsert"),
                lambda a: service.delete(a, ["urn:x:1"]),
            ):
                with pytest.raises(error):
                    verb(asker)
    assert service.last_seq() == 0
    assert service.upsert(WRITER, [lamp(1)]) == [None]
    assert service.write(service.pass_of(WRITER), [lamp(1)], "create")[0].refused == "exists"
    assert service.write_soon(WRITER, [lamp(2)], "create").result()[0].created
    assert service.delete(WRITER, [lamp(2)["id"]]) == [True]
    assert service.upsert(WRITER, []) == [] == service.delete(WRITER, [])


@pytest.mark.parametrize("asker", [ANONYMOUS, OTHER])
def test_closed_types_are_hidden(asker: Actor) -> None:
    service.upsert(SYSTEM, [lamp(1), RACK])
    assert service.get(asker, lamp(1)["id"]) == lamp(1)
    for hidden in (lambda: service.get(asker, RACK["id"]), lambda: service.history(asker, RACK["id"], "power")):
        with pytest.raises(NotFound):
            hidden()
    assert [item["id"] for item in service.query(asker, ThingQuery())] == [lamp(1)["id"]]
    assert service.query(asker, ThingQuery(ids=[RACK["id"]])) == []
    assert service.count(asker, ThingQuery()) == 1
    for refused in (lambda: service.query(asker, ThingQuery(["Rack"])), lambda: service.attributes(asker, "Rack")):
        with pytest.raises(Denied):
            refused()
    assert [facts.name for facts in service.types(asker)] == ["Streetlight"]
    assert [facts.name for facts in service.types(READER)] == ["Rack", "Streetlight"]
    assert service.count(READER, ThingQuery()) == 2 and service.get(READER, RACK["id"]) == RACK


def test_a_stranger_in_an_empty_city_sees_nothing() -> None:
    service.upsert(SYSTEM, [RACK])
    assert service.query(ANONYMOUS, ThingQuery()) == [] and service.count(ANONYMOUS, ThingQuery()) == 0


def test_the_past_and_the_log() -> None:
    for n in range(3):
        service.upsert(SYSTEM, [lamp(1, power=prop(n, T0 + timedelta(minutes=n), "WTT"))])
    past = service.history(READER, lamp(1)["id"], "power", T0 + timedelta(minutes=1))
    assert [sample.instance["value"] for sample in past if sample.instance] == [1, 2]
    assert service.recent(READER, lamp(1)["id"], "power") == [0, 1, 2]
    assert service.recent(READER, "urn:x:1", "power") == []
    assert [change.seq for change in service.changes(1)] == [2, 3] and service.wait(2, 1) == 3
    assert service.stamps(READER, [lamp(1)["id"]])[lamp(1)["id"]][""] == (T0, T0)
    assert service.query(READER, ThingQuery(where=Term("power", "==", 2)))[0]["power"]["unitCode"] == "WTT"
    assert service.attributes(READER, "Streetlight") == ["location", "power"] and service.health() is None


def test_helpers() -> None:
    unit = UUID(int=7)
    assert iso(T0) == "2026-03-02T08:00:00Z" and iso(T0 + timedelta(milliseconds=5)).endswith("00.005Z")
    assert prop(1, T0) == {"type": "Property", "value": 1, "observedAt": "2026-03-02T08:00:00Z"}
    assert unit_rel(unit) == rel(f"urn:ngsi-ld:Unit:{unit}")
    entity = {"location": geo(105.8, 21), "name": prop("x"), "cabinet": rel("urn:c:1"), "many": [prop(1), prop(2)]}
    assert position(entity) == (105.8, 21.0) and position({}) is None
    assert [plain(entity, key) for key in ("name", "cabinet", "many", "none")] == ["x", "urn:c:1", 1, None]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""), (True, "✓"), (False, "✗"), (1.23456789, "1.23457"), (5, "5"), ([1, "a"], "1, a"), ({"a": 1}, "a: 1"),
        ({"type": "Point", "coordinates": [105.8, 21]}, "21.00000, 105.80000"),
        ({"type": "LineString", "coordinates": []}, "LineString"),
    ],
)  # fmt: skip
def test_values_in_words(value: Any, shown: str) -> None:
    assert rules.shown_value(value) == shown


def test_charts() -> None:
    def samples(*values: Any) -> list[Sample]:
        return [Sample(T0 + timedelta(minutes=n), None, {"value": value}) for n, value in enumerate(values)]

    line = rules.chart_of("power", samples(1, 2.5))
    assert line is not None and line["series"][0]["data"] == [1, 2.5]
    assert line["x"][0] == "02/03 15:00"
    assert rules.chart_of("state", samples("on", "off", "on")) is None is rules.chart_of("x", samples(1))
    assert rules.unit_of({"unitCode": "WTT"}) == "W" and rules.unit_of({"unitCode": "X9"}) == "X9"
