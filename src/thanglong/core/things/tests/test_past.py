"""The verbs of the past, of tenants and of snapshots: who may, and what enters the ledger."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.things import service
from thanglong.core.things.service import past, snapshots
from thanglong.core.things.types import Pass, ThingQuery
from thanglong.kit.errors import Conflict, Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.past import Period, Window
from thanglong.kit.ports import ANONYMOUS, SYSTEM, ThingsStore

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
WRITER, READER = Pass(SYSTEM, True, True), Pass(SYSTEM, True, False)
STRANGER = Pass(ANONYMOUS, False, False)
RACK, LAMP = "urn:ngsi-ld:Rack:1", "urn:ngsi-ld:Streetlight:1"


def entity(id: str, kind: str) -> dict[str, Any]:
    return {"id": id, "type": kind, "power": [{"type": "Property", "value": 1, "observedAt": "2026-03-01T00:00:00Z"}]}


@pytest.fixture(autouse=True)
def recorded(things: ThingsStore) -> None:
    assert past.record(WRITER, [entity(RACK, "Rack"), entity(LAMP, "Streetlight")]) == [True, True]


def test_writing_the_past_needs_the_right_to_write() -> None:
    instance = past.evolutions(READER, [RACK], [], Window())[0].instances["power"][0].id
    for asker, refused in ((READER, Denied), (STRANGER, NotSignedIn)):
        with pytest.raises(refused):
            past.record(asker, [entity(RACK, "Rack")])
        with pytest.raises(refused):
            past.forget(asker, RACK)
        with pytest.raises(refused):
            past.amend(asker, RACK, "power", instance, None)
        with pytest.raises(refused):
            past.withdraw(asker, RACK, "power")
    assert past.amend(WRITER, RACK, "power", instance, None) and past.forget(WRITER, RACK)


def test_a_stranger_sees_the_past_of_open_types_alone() -> None:
    ids = [RACK, LAMP]
    assert [one.id for one in past.evolutions(READER, ids, [], Window())] == ids
    assert [one.id for one in past.evolutions(STRANGER, ids, [], Window())] == [LAMP]
    sums = past.aggregates(STRANGER, ids, ["power"], Window(), ["avg"], Period())
    assert [one.id for one in sums] == [LAMP]
    lamps, racks = ThingQuery(types=["Streetlight"]), ThingQuery(types=["Rack"])
    assert past.find(STRANGER, lamps, [], Window()) == [LAMP] and past.count(STRANGER, lamps, [], Window()) == 1
    with pytest.raises(NotSignedIn):
        past.find(STRANGER, racks, [], Window())
    assert past.find(READER, racks, [], Window()) == [RACK]


@pytest.mark.django_db
def test_what_devices_record_does_not_enter_the_ledger() -> None:
    assert list(ledger.entries(ObjectRef("thing", RACK))) == []


def test_tenants() -> None:
    with pytest.raises(Invalid):
        service.open_tenant("a\x1fb")
    service.open_tenant("one")
    service.open_tenant("one")
    assert service.tenants() == ["one"]
    inside = Pass(SYSTEM, True, True, "one")
    assert past.evolutions(inside, [LAMP], [], Window()) == []
    assert past.record(inside, [entity(LAMP, "Streetlight")]) == [True]
    assert past.evolutions(Pass(ANONYMOUS, False, False, "one"), [LAMP], [], Window()) == []


@pytest.mark.django_db
def test_snapshots_enter_the_ledger(things: ThingsStore) -> None:
    things.write([{"id": RACK, "type": "Rack", "power": {"type": "Property", "value": 2}}], mode="create", at=T0)
    name, question = "urn:ngsi-ld:Snapshot:1", snapshots.Question(ThingQuery(types=["Rack"]))
    with pytest.raises(Denied):
        snapshots.create(READER, {"id": name}, None)
    made = snapshots.create(WRITER, {"id": name, "type": "Snapshot"}, timedelta(days=400))
    assert made["expiresAt"] < snapshots.iso(datetime.now(UTC) + snapshots.LONGEST + timedelta(minutes=1))
    with pytest.raises(Conflict):
        snapshots.create(WRITER, {"id": name}, None)
    assert snapshots.fill(WRITER, name, [question], [])["snapshotStatus"] == "success"
    assert service.get(snapshots.inside(WRITER, name), RACK)["power"]["value"] == 2
    snapshots.change(WRITER, name, {"snapshotPriority": 1}, None)
    with pytest.raises(NotFound):
        snapshots.get(STRANGER, name)
    with pytest.raises(Denied):
        snapshots.delete(READER, name)
    snapshots.delete(WRITER, name)
    with pytest.raises(NotFound):
        snapshots.get(WRITER, name)
    assert service.find(snapshots.inside(WRITER, name), ThingQuery(types=["Rack"])) == []
    verbs = {entry.verb for entry in ledger.entries(ObjectRef("snapshot", name))}
    assert verbs == {"things.snapshot_made", "things.snapshot_changed", "things.snapshot_deleted"}
