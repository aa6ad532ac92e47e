"""Everything the NGSI-LD client of ``filip`` offers, against a broker: ``python use_filip.py PORT``. Ends with 0 when well.

Run by an environment of its own: the library wants older versions of what the project uses. Two operations ask Orion-LD
alone (``get_version``, ``get_statistics``) and are no part of the standard.
"""

import sys

import requests
from filip.clients.ngsi_ld.cb import ContextBrokerLDClient
from filip.models.base import FiwareLDHeader
from filip.models.ngsi_ld.context import (
    ActionTypeLD,
    ContextGeoProperty,
    ContextLDEntity,
    ContextLDEntityKeyValues,
    ContextProperty,
    NamedContextProperty,
    NamedContextRelationship,
)
from filip.models.ngsi_ld.subscriptions import Endpoint, NotificationParams, SubscriptionLD

URL = f"http://127.0.0.1:{sys.argv[1]}"


def room(n: int, warm: float) -> ContextLDEntity:
    made = ContextLDEntity(id=f"urn:ngsi-ld:Room:{n}", type="Room")
    made.add_properties([
        NamedContextProperty(name="temperature", value=warm, observedAt="2026-01-01T00:00:00Z", unitCode="CEL"),
        NamedContextProperty(name="label", value=f"Room {n}"),
    ])  # fmt: skip
    made.add_relationships([NamedContextRelationship(name="isIn", object="urn:ngsi-ld:Building:1")])
    made.add_geo_properties({"location": ContextGeoProperty(value={"type": "Point", "coordinates": [105.8, 21.0]})})
    return made


def refused(status: int, verb: object, *given: object, **named: object) -> None:
    try:
        verb(*given, **named)  # type: ignore[operator]
    except requests.RequestException as error:
        assert error.response is not None and error.response.status_code == status, error
    else:
        raise AssertionError(f"{verb} was not refused")


def entities(client: ContextBrokerLDClient) -> None:
    id = "urn:ngsi-ld:Room:1"
    assert client.post_entity(room(1, 21.5)).endswith(id)
    refused(409, client.post_entity, room(1, 21.5))
    client.post_entity(room(1, 22), update=True)
    client.post_entity(room(1, 23), append=True)
    client.post_entity(ContextLDEntityKeyValues(id="urn:ngsi-ld:Building:1", type="Building", name="Town hall"))
    assert client.get_entity(id).temperature.value == 23
    assert client.get_entity(id, options="keyValues").temperature == 23
    assert client.get_entity(id, options="sysAttrs").id == id
    assert client.validate_relationship(client.get_entity(id).isIn)
    client.update_entity_attribute(id, ContextProperty(value=24), attr_name="temperature")
    more = ContextLDEntity(id=id, type="Room")
    more.add_properties({"humidity": ContextProperty(value=50)})
    client.append_entity_attributes(more)
    client.append_entity_attributes(more, options="noOverwrite")
    more.humidity.value = 51
    client.replace_existing_attributes_of_entity(more)
    client.override_entities([room(1, 25)])
    assert client.get_entity(id).temperature.value == 25
    client.delete_attribute(id, "label")
    client.delete_entity_by_id(id)
    refused(404, client.get_entity, id)


def batches(client: ContextBrokerLDClient) -> None:
    rooms = [room(n, 15 + n) for n in range(1, 30)]
    client.entity_batch_operation(entities=rooms, action_type=ActionTypeLD.CREATE)
    client.entity_batch_operation(entities=rooms, action_type=ActionTypeLD.UPSERT, options="update")
    client.entity_batch_operation(entities=rooms, action_type=ActionTypeLD.UPSERT, options="replace")
    client.entity_batch_operation(entities=rooms, action_type=ActionTypeLD.UPDATE)
    client.entity_batch_operation(entities=rooms[-1:], action_type=ActionTypeLD.DELETE)
    client.entity_batch_operation(entities=rooms, action_type=ActionTypeLD.CREATE)  # one is new, the others are told
    try:
        client.entity_batch_operation(entities=rooms, action_type=ActionTypeLD.CREATE)
    except RuntimeError:
        pass
    else:
        raise AssertionError("what exists was made again")
    client.entity_batch_operation(entities=rooms[-1:], action_type=ActionTypeLD.DELETE)


def questions(client: ContextBrokerLDClient) -> None:
    assert len(client.get_entity_list(entity_type="Room")) == 28
    assert len(client.get_entity_list(entity_type="Room", limit=5)) == 5
    assert len(client.get_entity_list(entity_type="Room", q="temperature>40")) == 3
    assert len(client.get_entity_list(entity_id="urn:ngsi-ld:Room:7", entity_type="Room")) == 1
    assert len(client.get_entity_list(id_pattern=".*:1.", entity_type="Room", options="keyValues")) == 10
    assert len(client.get_entity_list(attrs=["temperature"], entity_type="Room", options="sysAttrs")) == 28
    near = client.get_entity_list(
        entity_type="Room", geometry="Point", coordinates="[105.8,21.0]", georel="near;maxDistance==100"
    )
    assert len(near) == 28
    small = ContextBrokerLDClient(url=URL, fiware_header=FiwareLDHeader(), pagination_limit=10)
    assert len(small.get_entity_list(entity_type="Room")) == 28


def subscriptions(client: ContextBrokerLDClient) -> None:
    told = NotificationParams(attributes=["temperature"], endpoint=Endpoint(uri="http://127.0.0.1:9/none"))
    wish = SubscriptionLD(
        id="urn:ngsi-ld:Subscription:1", entities=[{"type": "Room"}], watchedAttributes=["temperature"], notification=told
    )  # fmt: skip
    id = client.post_subscription(wish)
    found = client.get_subscription(id)
    assert found.watchedAttributes == ["temperature"] and len(client.get_subscription_list()) == 1
    found.description = "warm rooms"
    client.update_subscription(found)
    assert client.get_subscription(id).description == "warm rooms"
    client.post_subscription(wish, update=True)
    client.delete_subscription(id)
    assert client.get_subscription_list() == []


def main() -> None:
    client = ContextBrokerLDClient(url=URL, fiware_header=FiwareLDHeader())
    for step in (entities, batches, questions, subscriptions):
        step(client)
        print("fine:", step.__name__, flush=True)
    refused(404, client.get_version)
    other = ContextBrokerLDClient(url=URL, fiware_header=FiwareLDHeader(ngsild_tenant="other"))
    other.post_entity(room(1, 1))
    assert len(other.get_entity_list(entity_type="Room")) == 1
    print("all fine")


main()
