"""What notifications tell, and when (clauses 5.2.12, 5.3.1 and 5.8.6). A real receiver, the store written directly."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.ngsild.receiver import Receiver, eventually

from thanglong.core.things.service import subscribing
from thanglong.core.things.types import Pass, iso
from thanglong.formats.ngsild import subscriptions as forms
from thanglong.formats.ngsild.vocabulary import CORE
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM, ThingsStore
from thanglong.surfaces.ngsild.notify import Notifier

WHO = Pass(SYSTEM, True, True)
NULL = "urn:ngsi-ld:null"
Subscribe = Callable[..., str]
TOWER = "urn:ngsi-ld:Building:tower"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture
def notifier(things: ThingsStore, settings: Any) -> Iterator[Notifier]:
    settings.THINGS_ALONE, settings.OUTGOING = True, "any"
    made = Notifier()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def subscribe(notifier: Notifier, receiver: Receiver) -> Subscribe:
    def make(context: Any = None, tenant: str = "", **members: Any) -> str:
        given = dict(members.pop("notification", {}))
        endpoint = {"uri": receiver.url, **given.pop("endpoint", {})}
        body = {"type": "Subscription", "notification": {"endpoint": endpoint, **given}, **members}
        if "watchedAttributes" not in members or "entities" in members:
            body.setdefault("entities", [{"type": "Building"}])
        definition = forms.subscription_in(body, CORE, clock.now())
        return subscribing.create(Pass(SYSTEM, True, True, tenant), definition, context)

    return make


def prop(value: Any, **more: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value, **more}


def tower(**attributes: Any) -> dict[str, Any]:
    return {"id": TOWER, "type": "Building", "name": prop("Eiffel"), "level": prop(4), **attributes}


def write(things: ThingsStore, mode: str = "append", **attributes: Any) -> None:
    entity = tower(**attributes) if mode == "create" else {"id": TOWER, **attributes}
    answer = things.write([entity], mode=mode, at=clock.now())  # type: ignore[arg-type]
    assert answer[0].refused is None


def test_a_change_is_told_at_once_and_whole(things: ThingsStore, subscribe: Subscribe, receiver: Receiver) -> None:
    write(things, "create")
    id = subscribe()
    begun = clock.monotonic()
    write(things, level=prop(5))
    got = receiver.wait(1)[0]
    assert clock.monotonic() - begun < 0.9
    assert got.body["type"] == "Notification" and got.body["subscriptionId"] == id
    assert got.body["id"].startswith("urn:ngsi-ld:Notification:") and got.body["notifiedAt"].endswith("Z")
    assert got.data == [tower(level=prop(5))]
    assert got.headers["content-type"] == "application/json" and "json-ld#context" in got.headers["link"]


def test_an_equal_value_is_no_change(things: ThingsStore, subscribe: Subscribe, receiver: Receiver) -> None:
    write(things, "create")
    subscribe()
    write(things, level=prop(4))
    receiver.quiet(0)
    write(things, level=prop(4, observedAt="2026-01-01T00:00:00Z"))
    receiver.wait(1)


TRIGGERS = [
    (["entityCreated"], [1, 0, 0, 0, 0]),
    (["entityUpdated"], [0, 1, 1, 1, 0]),
    (["entityDeleted"], [0, 0, 0, 0, 1]),
    (["attributeCreated"], [1, 1, 0, 0, 0]),
    (["attributeUpdated"], [0, 0, 1, 0, 0]),
    (["attributeDeleted"], [0, 0, 0, 1, 1]),
    (None, [1, 1, 1, 0, 0]),
]


@pytest.mark.parametrize("things", ["sqlite"], indirect=True)
def test_every_trigger(things: ThingsStore, subscribe: Subscribe, receiver: Receiver) -> None:
    ids = [subscribe(**({"notificationTrigger": names} if names else {})) for names, _ in TRIGGERS]
    write(things, "create")
    write(things, extra=prop(1))
    write(things, level=prop(5))
    write(things, extra=None)
    things.delete([TOWER], at=clock.now())
    total = sum(sum(counts) for _, counts in TRIGGERS)
    got = receiver.wait(total, 10)
    receiver.quiet(total, 0.3)
    for id, (names, counts) in zip(ids, TRIGGERS, strict=True):
        assert len([item for item in got if item.body["subscriptionId"] == id]) == sum(counts), names


def test_watched_attributes(things: ThingsStore, subscribe: Subscribe, receiver: Receiver) -> None:
    subscribe(watchedAttributes=["level"])
    write(things, "create", extra=prop(1))
    receiver.wait(1)
    write(things, extra=prop(2))
    write(things, level=prop(9))
    assert receiver.wait(2)[1].data[0]["level"]["value"] == 9
    receiver.quiet(2, 0.3)


@pytest.mark.parametrize("things", ["sqlite"], indirect=True)
def test_which_entities(things: ThingsStore, subscribe: Subscribe, receiver: Receiver) -> None:
    wanted = [
        [{"type": "Building", "id": TOWER}],
        [{"type": "*"}],
        [{"type": "Building", "idPattern": "^urn:ngsi-ld:Building:t"}],
        [{"type": "Car"}, {"type": "Building"}],
        [{"type": "(Building;Monument)"}],
        [{"type": "Car|Monument"}],
    ]
    others = [[{"type": "Car"}], [{"type": "Building", "id": "urn:a:1"}], [{"type": "(Building;Car)"}]]
    ids = {subscribe(entities=selectors) for selectors in wanted}
    for selectors in others:
        subscribe(entities=selectors)
    things.write([{**tower(), "type": ["Building", "Monument"]}], mode="create", at=clock.now())
    got = receiver.wait(len(ids))
    assert {item.body["subscriptionId"] for item in got} == ids
    receiver.quiet(len(ids), 0.3)


@pytest.mark.parametrize("things", ["sqlite"], indirect=True)
def test_query_area_and_scope(things: ThingsStore, subscribe: Subscribe, receiver: Receiver) -> None:
    here = {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [105.85, 21.03]}}
    things.write([{"id": "urn:a:city", "type": "City", "size": prop(7)}], mode="create", at=clock.now())
    near = {"geometry": "Point", "coordinates": [105.851, 21.031], "georel": "near;maxDistance==500"}
    good = [
        {"q": "level>3;name==%22Eiffel%22"},
        {"q": "in{City:size}==7"},
        {"geoQ": near},
        {"geoQ": {**near, "coordinates": "[105.851,21.031]"}},
        {"scopeQ": "/Hanoi/#"},
    ]
    bad = [
        {"q": "level>4"},
        {"q": "in{size}>7"},
        {"geoQ": {**near, "georel": "near;maxDistance==5"}},
        {"scopeQ": "/Hue"},
    ]
    ids = {subscribe(**members) for members in good}
    for members in bad:
        subscribe(**members)
    city = {"type": "Relationship", "object": "urn:a:city"}
    things.write([{**tower(location=here, **{"in": city}), "scope": "/Hanoi/Ba"}], mode="create", at=clock.now())
    assert {item.body["subscriptionId"] for item in receiver.wait(len(ids))} == ids
    receiver.quiet(len(ids), 0.3)


def test_deleted_attributes_and_instances(things: ThingsStore, subscribe: Subscribe, receiver: Receiver) -> None:
    french = prop("La tour", datasetId="urn:d:fr")
    street = {"type": "LanguageProperty", "languageMap": {"fr": "Grand Place"}}
    write(things, "create", name=[prop("Tower"), french], street=street)
    subscribe(notificationTrigger=["attributeDeleted"], notification={"showChanges": True})
    write(things, name=prop(NULL, datasetId="urn:d:fr"))
    gone = receiver.wait(1)[0].data[0]["name"]
    assert gone == [prop("Tower"), prop(NULL, datasetId="urn:d:fr", previousValue="La tour")]
    write(things, street=None)
    assert receiver.wait(2)[1].data[0]["street"] == {
        "type": "LanguageProperty",
        "languageMap": {"@none": NULL},
        "previousLanguageMap": {"fr": "Grand Place"},
    }


@pytest.mark.parametrize("things", ["sqlite"], indirect=True)
def test_a_deleted_attribute_in_the_simplified_form(
    things: ThingsStore, subscribe: Subscribe, receiver: Receiver
) -> None:
    write(things, "create")
    subscribe(notificationTrigger=["attributeDeleted"], notification={"format": "simplified"})
    write(things, name=None)
    assert receiver.wait(1)[0].data == [{"id": TOWER, "type": "Building", "level": 4, "name": NULL}]


def test_a_deleted_entity(things: ThingsStore, subscribe: Subscribe, receiver: Receiver) -> None:
    place = {"type": "Relationship", "object": "urn:a:paris"}
    write(things, "create", at=place)
    plain = subscribe(notificationTrigger=["entityDeleted"])
    system = subscribe(notificationTrigger=["entityDeleted"], notification={"sysAttrs": True})
    changes = subscribe(notificationTrigger=["entityDeleted"], notification={"showChanges": True})
    part = subscribe(notificationTrigger=["attributeDeleted"], watchedAttributes=["name"])
    things.delete([TOWER], at=clock.now())
    got = {item.body["subscriptionId"]: item.data[0] for item in receiver.wait(4)}
    assert set(got[plain]) == {"id", "type", "deletedAt"}
    assert set(got[system]) == {"id", "type", "deletedAt", "createdAt", "modifiedAt"}
    assert got[changes]["name"] == prop(NULL, previousValue="Eiffel")
    assert got[changes]["at"] == {"type": "Relationship", "object": NULL, "previousObject": "urn:a:paris"}
    assert got[part]["name"] == prop(NULL) and "level" not in got[part]


def test_changes_and_times_are_shown(things: ThingsStore, subscribe: Subscribe, receiver: Receiver) -> None:
    write(things, "create", json={"type": "JsonProperty", "json": {"a": None}})
    subscribe(notification={"showChanges": True, "sysAttrs": True, "attributes": ["level", "json", "fresh"]})
    write(things, level=prop(5), json={"type": "JsonProperty", "json": 1}, fresh=prop(1))
    entity = receiver.wait(1)[0].data[0]
    assert entity["level"]["previousValue"] == 4 and entity["level"]["createdAt"] <= entity["level"]["modifiedAt"]
    assert entity["json"]["previousJson"] == {"a": None} and "previousValue" not in entity["fresh"]
    assert "name" not in entity and entity["createdAt"] and entity["modifiedAt"]


@pytest.mark.parametrize("things", ["sqlite"], indirect=True)
def test_forms_languages_parts_and_datasets(things: ThingsStore, subscribe: Subscribe, receiver: Receiver) -> None:
    street = {"type": "LanguageProperty", "languageMap": {"fr": "Grand Place", "vi": "Quảng trường"}}
    simple = subscribe(notification={"format": "keyValues"}, lang="vi")
    concise = subscribe(notification={"format": "concise", "omit": ["street"]})
    pick = subscribe(notification={"pick": ["id", "level"]})
    french = subscribe(datasetId=["urn:d:fr"])
    name = [prop("Tower"), prop("La tour", datasetId="urn:d:fr")]
    write(things, "create", name=name, street=street)
    got = {item.body["subscriptionId"]: item.data[0] for item in receiver.wait(4)}
    assert got[simple]["street"] == "Quảng trường" and got[simple]["level"] == 4
    assert got[concise]["level"] == 4 and "street" not in got[concise]
    assert got[pick] == {"id": TOWER, "level": prop(4)}
    assert got[french] == {"id": TOWER, "type": "Building", "name": name[1]}


@pytest.mark.parametrize("things", ["sqlite"], indirect=True)
def test_linked_entities_come_along(things: ThingsStore, subscribe: Subscribe, receiver: Receiver) -> None:
    things.write([{"id": "urn:a:paris", "type": "City", "size": prop(7)}], mode="create", at=clock.now())
    flat = subscribe(notification={"join": "flat"})
    inline = subscribe(notification={"join": "inline", "format": "simplified"})
    write(things, "create", at={"type": "Relationship", "object": "urn:a:paris"})
    got = {item.body["subscriptionId"]: item.data for item in receiver.wait(2)}
    assert [entity["id"] for entity in got[flat]] == [TOWER, "urn:a:paris"]
    assert got[inline][0]["at"] == {"id": "urn:a:paris", "type": "City", "size": 7}


@pytest.mark.parametrize("things", ["sqlite"], indirect=True)
def test_media_types_context_and_receiver_info(things: ThingsStore, subscribe: Subscribe, receiver: Receiver) -> None:
    context = {"Haus": "https://example.org/Building", "stufe": "https://example.org/level"}
    info = [{"key": "Authorization", "value": "Bearer abc"}, {"key": "Content-Type", "value": "text/evil"}]
    ld = subscribe(context, notification={"endpoint": {"accept": "application/ld+json", "receiverInfo": info}})
    geo = subscribe(notification={"endpoint": {"accept": "application/geo+json"}})
    here = {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [105.85, 21.03]}}
    write(things, "create", location=here, **{"https://example.org/level": prop(1)})
    got = {item.body["subscriptionId"]: item for item in receiver.wait(2)}
    assert got[ld].headers["content-type"] == "application/ld+json" and "link" not in got[ld].headers
    assert got[ld].headers["authorization"] == "Bearer abc"
    assert got[ld].data[0]["@context"][0] == context and got[ld].data[0]["stufe"] == prop(1)
    assert got[geo].data["type"] == "FeatureCollection" and "link" not in got[geo].headers
    assert got[geo].data["features"][0]["geometry"] == here["value"]


@pytest.mark.parametrize("things", ["sqlite"], indirect=True)
def test_tenants_hear_of_their_own(things: ThingsStore, subscribe: Subscribe, receiver: Receiver) -> None:
    things.open_tenant("harbour", at=clock.now())
    subscribe(tenant="harbour")
    write(things, "create")
    receiver.quiet(0, 0.3)
    things.of("harbour").write([tower()], mode="create", at=clock.now())
    assert receiver.wait(1)[0].headers["ngsild-tenant"] == "harbour"


@pytest.mark.parametrize("things", ["sqlite"], indirect=True)
def test_paused_expired_and_deleted_ones_are_quiet(
    things: ThingsStore, subscribe: Subscribe, receiver: Receiver
) -> None:
    paused = subscribe(isActive=False)
    subscribe(expiresAt=iso(clock.now() + timedelta(milliseconds=150)))
    gone = subscribe()
    subscribing.drop(WHO, gone)
    eventually(lambda: all(forms.status_of(s.definition, clock.now()) != "active" for s in subscribing.listing(WHO)))
    write(things, "create")
    receiver.quiet(0, 0.4)
    subscribing.change(WHO, paused, {"isActive": True})
    receiver.quiet(0, 0.4)
    write(things, level=prop(6))
    assert receiver.wait(1)[0].data[0]["level"]["value"] == 6


@pytest.mark.parametrize("things", ["sqlite"], indirect=True)
def test_throttling_keeps_the_newest_state(things: ThingsStore, subscribe: Subscribe, receiver: Receiver) -> None:
    subscribe(throttling=0.8)
    write(things, "create")
    receiver.wait(1)
    begun = clock.monotonic()
    for level in range(10, 20):
        write(things, level=prop(level))
    got = receiver.wait(2)
    assert clock.monotonic() - begun > 0.6 and got[1].data[0]["level"]["value"] == 19
    receiver.quiet(2, 1.0)


@pytest.mark.parametrize("things", ["sqlite"], indirect=True)
def test_a_time_interval_tells_what_matches(things: ThingsStore, subscribe: Subscribe, receiver: Receiver) -> None:
    subscribe(timeInterval=0.5, q="level>3")
    receiver.quiet(0, 0.9)
    write(things, "create")
    first, second = receiver.wait(2, 4)[:2]
    assert first.data == second.data == [tower()]
