"""Five brokers on five ports, as other projects would run them: every way of registering, in real processes."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from tests.ngsild.test_serve import broker

pytestmark = pytest.mark.slow
Brokers = list[httpx.Client]


@pytest.fixture(scope="module")
def five() -> Iterator[Brokers]:
    with ExitStack() as stack:
        yield [stack.enter_context(broker("--memory"))[0] for _ in range(5)]


def endpoint(client: httpx.Client) -> str:
    return str(client.base_url).removesuffix("/").removesuffix("/ngsi-ld/v1")


def register(at: httpx.Client, to: httpx.Client, number: int, **members: Any) -> None:
    body = {
        "id": f"urn:r:{number}",
        "type": "ContextSourceRegistration",
        "information": [{"entities": [{"type": "Bus"}]}],
        "endpoint": endpoint(to),
        **members,
    }
    answer = at.post("/csourceRegistrations", json=body)
    assert answer.status_code == 201, answer.text


def make(at: httpx.Client, id: str, **attributes: Any) -> None:
    answer = at.post("/entities", json={"id": id, "type": "Bus", **attributes}, params={"local": "true"})
    assert answer.status_code == 201, answer.text


def simple(at: httpx.Client, path: str, **params: str) -> Any:
    return at.get(path, params={"options": "keyValues", **params}).json()


def test_a_city_of_districts(five: Brokers) -> None:
    city, a, b, c, d = five
    for number, district in enumerate((a, b, c), 1):
        make(district, f"urn:b:{number}", speed=number)
        register(city, district, number)
    make(b, "urn:b:1", line=7)
    assert [item["id"] for item in simple(city, "/entities", type="Bus")] == ["urn:b:1", "urn:b:2", "urn:b:3"]
    assert simple(city, "/entities/urn:b:1") == {"id": "urn:b:1", "type": "Bus", "speed": 1, "line": 7}
    # a cascade, and a ring of three that ends by itself
    register(c, d, 1)
    make(d, "urn:b:9", speed=9)
    assert simple(city, "/entities/urn:b:9")["speed"] == 9
    register(d, city, 1)
    got = city.get("/entities", params={"type": "Bus"})
    assert len(got.json()) == 4 and got.headers["ngsild-warning"].startswith("199")
    assert city.get("/types").json()["typeList"] == ["Bus"]
    # what is exclusive lies there and nowhere else
    info = [{"entities": [{"type": "Tram", "id": "urn:t:1"}], "propertyNames": ["speed"]}]
    register(city, a, 8, mode="exclusive", information=info, operations=["redirectionOps"])
    made = city.post("/entities", json={"id": "urn:t:1", "type": "Tram", "speed": 5, "line": 3})
    assert made.status_code == 201, made.text
    assert "speed" not in simple(city, "/entities/urn:t:1", local="true")
    assert simple(a, "/entities/urn:t:1") == {"id": "urn:t:1", "type": "Tram", "speed": 5}
    assert simple(city, "/entities/urn:t:1") == {"id": "urn:t:1", "type": "Tram", "line": 3, "speed": 5}
    assert city.patch("/entities/urn:t:1/attrs", json={"speed": 6}).status_code == 204
    assert simple(a, "/entities/urn:t:1")["speed"] == 6
    # what is redirected goes to each of two
    lamps = [{"entities": [{"type": "Lamp"}]}]
    for number, district in ((10, a), (11, b)):
        register(
            city, district, number, mode="redirect", information=lamps, operations=["redirectionOps", "createBatch"]
        )
    lamp = {"id": "urn:l:1", "type": "Lamp", "on": True}
    assert city.post("/entityOperations/create", json=[lamp]).json() == ["urn:l:1"]
    assert a.get("/entities/urn:l:1").status_code == b.get("/entities/urn:l:1").status_code == 200
    assert city.get("/entities/urn:l:1", params={"local": "true"}).status_code == 404
    assert city.delete("/entities/urn:l:1").status_code == 204
    assert a.get("/entities/urn:l:1").status_code == b.get("/entities/urn:l:1").status_code == 404
    # counters tell what was sent
    time.sleep(1.2)
    counters = city.get("/csourceRegistrations/urn:r:8").json()
    assert counters["timesSent"] >= 3 and counters["status"] == "ok"


def test_a_source_that_is_gone(five: Brokers) -> None:
    city = five[0]
    body = {
        "id": "urn:r:gone",
        "type": "ContextSourceRegistration",
        "information": [{"entities": [{"type": "Ship"}]}],
        "endpoint": "http://127.0.0.1:9",
    }
    assert city.post("/csourceRegistrations", json=body).status_code == 201
    assert city.post("/entities", json={"id": "urn:s:1", "type": "Ship"}).status_code == 201
    got = city.get("/entities", params={"type": "Ship"})
    assert [item["id"] for item in got.json()] == ["urn:s:1"] and got.headers["ngsild-warning"].startswith("199")
