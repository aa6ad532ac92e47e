"""Everything ``ngsildclient`` offers, against a broker: ``python use_ngsildclient.py PORT``. Ends with 0 when all went well.

Run by an environment of its own: the library wants older versions of what the project uses.
"""

import asyncio
import sys
import tempfile
from datetime import UTC, datetime, timedelta

from ngsildclient import AsyncClient, Client, Entity, SubscriptionBuilder
from ngsildclient.api.constants import AggrMethod
from ngsildclient.api.helper.temporal import TemporalQuery

PORT = int(sys.argv[1])
NOW = datetime.now(UTC).replace(microsecond=0)


def room(n: int, warm: float) -> Entity:
    made = Entity("Room", f"Room:{n}")
    made.prop("temperature", warm, unitcode="CEL", observedat=NOW - timedelta(minutes=n))
    made.prop("name", f"Room {n}")
    made.gprop("location", (21.0 + n / 1000, 105.8))
    made.rel("isIn", "Building:1")
    return made


def entities(client: Client) -> None:
    one = room(1, 21.5)
    assert client.create(one) and client.exists(one)
    assert client.get(one)["temperature"]["value"] == 21.5
    assert client.get("Room:1") == client.get(one)
    one["temperature.value"] = 22
    assert client.update(one) and client.get(one)["temperature"]["value"] == 22
    assert client.upsert(one) and client.delete(one) and not client.exists(one)
    building = Entity("Building", "Building:1")
    building.prop("name", "Town hall")
    client.create(building)


def batches(client: Client) -> None:
    rooms = [room(n, 15 + n) for n in range(1, 30)]
    assert client.create(rooms).n_ok == 29
    again = client.batch.create([*rooms[:2], room(30, 45)])
    assert (again.n_ok, again.n_err) == (1, 2), again
    assert client.upsert(*rooms[:3]).ok and client.batch.upsert(rooms[:3], update=True).ok
    assert client.update(*rooms[:3]).ok and client.batch.update(rooms[:3], overwrite=False).n_tot == 3
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(f"[{','.join(item.to_json() for item in rooms[:2])}]")
        file.flush()
        client.bulk_import(file.name)
    assert client.delete(room(30, 45)) and client.batch.delete([room(29, 44)]).ok


def questions(client: Client) -> None:
    assert client.count(type="Room") == 28 and client.count(type="Room", q="temperature>40") == 3
    assert len(client.query_head(type="Room", n=4)) == 4
    assert len(client.query(type="Room", limit=10)) == 28
    assert [item.id for item in client.query(type="Room", q='name=="Room 7"')] == ["urn:ngsi-ld:Room:7"]
    assert sum(len(batch) for batch in client.query_generator(type="Room", limit=10, batch=True)) == 28
    seen: list[Entity] = []
    client.query_handle(type="Room", limit=10, callback=seen.append)
    assert len(seen) == 28
    query = {"type": "Query", "entities": [{"type": "Room"}], "q": "temperature>40"}
    assert client.alt.count(query) == 3 and len(client.alt.query(query)) == 3
    assert len(client.alt.query_head(query, n=2)) == 2
    assert len(client.network(client.get("Room:3")).edges) == 1
    assert set(client.types.list()) == {"Building", "Room"}


def past(client: Client) -> None:
    later = room(1, 30)
    later["temperature.observedAt"] = (NOW + timedelta(seconds=5)).isoformat().replace("+00:00", "Z")
    client.upsert(later)
    span = TemporalQuery().after("2020-01-01T00:00:00Z")
    assert client.temporal.get("Room:1", ["temperature"])
    assert client.temporal.get("Room:1", ["temperature"], verbose=True)
    assert len(client.temporal.query(type="Room", attrs=["temperature"], tq=span)) >= 20
    assert client.temporal.query_head(type="Room", attrs=["temperature"], tq=span)
    between = TemporalQuery().between("2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z")
    found = client.temporal.aggregate(
        type="Room", attrs=["temperature"], tq=between, methods=[AggrMethod.MINIMUM, AggrMethod.MAXIMUM], period=timedelta(days=1)
    )  # fmt: skip
    assert found.result[0]["temperature"]["max"]


def subscriptions(client: Client) -> None:
    made = SubscriptionBuilder("http://127.0.0.1:9/none").name("warm").description("warm rooms").select_type("Room")
    id = client.subscriptions.create(made.watch(["temperature"]).query("temperature>30").build())
    assert client.subscriptions.exists(id) and client.subscriptions.get(id)["q"] == "temperature%3E30"
    assert len(client.subscriptions.list()) == 1 and len(client.subscriptions.list("warm")) == 1
    assert client.subscriptions.conflicts(client.subscriptions.get(id))
    assert client.subscriptions.delete("warm") and not client.subscriptions.exists(id)


def contexts(client: Client) -> None:
    client.contexts.add({"@context": {"glow": "https://example.org/glow"}})
    known = client.contexts.list()
    hosted = next(url for url in known if "jsonldContexts" in url).rpartition("/")[2]
    assert client.contexts.exists(hosted) and client.contexts.get(hosted)
    client.contexts.delete(hosted)
    assert not client.contexts.exists(hosted)


async def at_once() -> None:
    async with AsyncClient("localhost", PORT) as client:
        await client.create(room(70, 3))
        assert await client.exists("Room:70") and (await client.get("Room:70"))["temperature"]["value"] == 3
        assert await client.count(type="Room") == 29 and len(await client.query(type="Room")) == 29
        await client.delete("Room:70")


def main() -> None:
    with Client(port=PORT) as client:
        assert client.is_connected(raise_for_disconnected=True)
        print(client.guess_vendor())
        for step in (entities, batches, questions, past, subscriptions, contexts):
            step(client)
            print("fine:", step.__name__, flush=True)
        asyncio.run(at_once())
        client.delete_where(type="Room", q="temperature>40")
        client.drop("Room")
        client.purge()
        assert client.count(type="Room") == 0
    with Client(port=PORT, tenant="other") as client:
        client.create(room(1, 1))
        assert client.count(type="Room") == 1
        client.purge()
    print("all fine")


main()
