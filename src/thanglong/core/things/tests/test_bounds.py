"""A key bound to types of things reads them and what is open to all, and writes nothing else; one bound to a unit
writes what lies there."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from thanglong.core.things import service
from thanglong.core.things.service import past
from thanglong.core.things.types import Pass, unit_rel
from thanglong.kit.errors import Denied, NotFound
from thanglong.kit.ports import SYSTEM, Actor, ThingQuery, ThingsStore

KEY = Actor("client", uuid4(), "meters", role="client", types=frozenset({"Meter"}))
BOUND = Pass(KEY, view=True, write=True)


def thing(kind: Any, name: str = "1") -> dict[str, Any]:
    first = kind if isinstance(kind, str) else kind[0]
    return {"id": f"urn:ngsi-ld:{first}:{name}", "type": kind, "power": {"type": "Property", "value": 5}}


@pytest.fixture
def full(things: ThingsStore) -> ThingsStore:
    service.write(SYSTEM, [thing("Meter"), thing("Ambulance"), thing("Streetlight")])
    return things


def test_reading_is_cut_to_its_types_and_the_open_ones(full: ThingsStore) -> None:
    assert service.get(BOUND, "urn:ngsi-ld:Meter:1")["type"] == "Meter"
    assert service.get(BOUND, "urn:ngsi-ld:Streetlight:1")["type"] == "Streetlight"
    with pytest.raises(NotFound):
        service.get(BOUND, "urn:ngsi-ld:Ambulance:1")
    found = {item["type"] for item in service.query(BOUND, ThingQuery())}
    assert found == {"Meter", "Streetlight"}
    assert [item.name for item in service.types(BOUND)] == ["Meter", "Streetlight"]
    assert service.count(BOUND, ThingQuery(types=["Meter"])) == 1
    for ask in (
        lambda: service.query(BOUND, ThingQuery(types=["Ambulance"])),
        lambda: service.count(BOUND, ThingQuery(types=["Meter", "Ambulance"])),
        lambda: service.attributes(BOUND, "Ambulance"),
        lambda: service.history(BOUND, "urn:ngsi-ld:Ambulance:1", "power"),
    ):
        with pytest.raises((Denied, NotFound)):
            ask()


@pytest.mark.parametrize(
    "entity",
    [
        thing("Ambulance"),
        thing("Ambulance", "new"),
        thing(["Meter", "Ambulance"], "both"),
        {"id": "urn:ngsi-ld:Ambulance:1", "type": "Meter"},  # taken over under another name
        {"id": "urn:ngsi-ld:Ambulance:1", "power": {"type": "Property", "value": 6}},
    ],
)
def test_writing_reaches_no_other_type(full: ThingsStore, entity: dict[str, Any]) -> None:
    before = full.raw(["urn:ngsi-ld:Ambulance:1"])
    for act in (
        lambda: service.write(BOUND, [thing("Meter"), entity]),
        lambda: service.write_soon(BOUND, [entity], "update"),
    ):
        with pytest.raises(Denied):
            act()
    with pytest.raises(Denied):
        service.delete(BOUND, ["urn:ngsi-ld:Meter:1", "urn:ngsi-ld:Ambulance:1"])
    assert full.raw(["urn:ngsi-ld:Ambulance:1"]) == before
    assert "urn:ngsi-ld:Meter:1" in full.raw(["urn:ngsi-ld:Meter:1"])


def test_its_own_it_writes_and_deletes(full: ThingsStore) -> None:
    assert service.upsert(BOUND, [thing("Meter"), thing("Meter", "2")]) == [None, None]
    assert service.delete(BOUND, ["urn:ngsi-ld:Meter:2", "urn:ngsi-ld:Meter:9"]) == [True, False]


WARD, NEXT = uuid4(), uuid4()
WARDS_KEY = Pass(Actor("client", uuid4(), "ward", role="client"), view=True, write=True, units=frozenset({WARD}))


def placed(name: str, unit: UUID | None, **more: Any) -> dict[str, Any]:
    return {**thing("Bench", name), **({} if unit is None else {"unit": unit_rel(unit)}), **more}


def test_a_wards_key_writes_in_its_ward_alone(things: ThingsStore) -> None:
    assert service.upsert(WARDS_KEY, [placed("mine", WARD)]) == [None]
    service.write(SYSTEM, [placed("next", NEXT), placed("nowhere", None)])
    before = things.raw(["urn:ngsi-ld:Bench:next", "urn:ngsi-ld:Bench:nowhere"])
    power = {"power": {"type": "Property", "value": 6}}
    service.write(WARDS_KEY, [{"id": "urn:ngsi-ld:Bench:mine", **power}], "update")
    for entity in (
        placed("new", NEXT),  # made elsewhere
        placed("new", None),  # made nowhere
        placed("next", WARD),  # taken over
        placed("mine", NEXT),  # given away
        {"id": "urn:ngsi-ld:Bench:mine", "unit": None},
        {"id": "urn:ngsi-ld:Bench:next", **power},
        {"id": "urn:ngsi-ld:Bench:nowhere", **power},
    ):
        with pytest.raises(Denied):
            service.write(WARDS_KEY, [placed("mine", WARD), entity])
        with pytest.raises(Denied):
            past.record(WARDS_KEY, [entity])
    with pytest.raises(Denied):
        service.delete(WARDS_KEY, ["urn:ngsi-ld:Bench:next"])
    with pytest.raises(Denied):
        past.forget(WARDS_KEY, "urn:ngsi-ld:Bench:next")
    assert things.raw(list(before)) == before
    assert service.delete(WARDS_KEY, ["urn:ngsi-ld:Bench:mine"]) == [True]
