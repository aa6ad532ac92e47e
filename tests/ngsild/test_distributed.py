"""Distributed operations (clause 4.3.6): what is sent to sources, and what their answers become."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest
from tests.ngsild.conftest import Broker, FakeGate

from thanglong.kit.ports import ThingsStore
from thanglong.surfaces.asgi import Receive, Request, Scope, Send
from thanglong.surfaces.ngsild.app import NgsiLd
from thanglong.surfaces.outgoing import Reply, Unreachable

BUS = "urn:ngsi-ld:Bus:1"
Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]


@dataclass
class Sent:
    """A request a source got."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.url).query)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


@dataclass
class Sources:
    """Other brokers: hosts with answers by method and path; the host ``city`` is this broker itself."""

    answers: dict[tuple[str, str], Answer | None] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    own: Any = None

    async def request(
        self, method: str, url: str, headers: Any = (), content: bytes = b"", timeout: float = 5.0, most: int = 0
    ) -> Reply:
        kept = dict(headers)
        self.sent.append(Sent(method, url, kept, orjson.loads(content) if content else None))
        if urlsplit(url).hostname == "city":
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.own)) as client:
                answer = await client.request(
                    method, url, headers={"authorization": "Bearer writer", **kept}, content=content
                )
                return Reply(answer.status_code, list(answer.headers.items()), answer.content)
        parts = urlsplit(url)
        found = self.answers.get((method, f"{parts.hostname}{parts.path.removeprefix('/ngsi-ld/v1')}"), (404, None))
        if found is None:
            raise Unreachable
        status, body, *more = found
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        return Reply(status, list(more[0].items()) if more else [], raw)


class Federated(Broker):
    """A broker with sources."""

    def __init__(self) -> None:
        self.gate = FakeGate()
        self.sources = Sources()
        surface = NgsiLd(self.gate, caller=lambda: self.sources)

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            await surface(Request(scope, receive, send))

        self.application = self.sources.own = application

    def register(self, number: int = 1, **members: Any) -> None:
        body = {
            "id": f"urn:r:{number}",
            "type": "ContextSourceRegistration",
            "information": [{"entities": [{"type": "Bus"}]}],
            "endpoint": f"http://s{number}",
            **members,
        }
        answer = self("POST", "/csourceRegistrations", body)
        assert answer.status_code == 201, answer.text

    def answer(self, method: str, path: str, status: int, body: Any = None, **headers: str) -> None:
        self.sources.answers[method, path] = (status, body, headers)

    def dead(self, method: str, path: str) -> None:
        self.sources.answers[method, path] = None


@pytest.fixture
def broker(things: ThingsStore, settings: Any) -> Iterator[Federated]:
    settings.THINGS_ALONE = True
    made = Federated()
    yield made
    made.gate.close()


def bus(**attributes: Any) -> dict[str, Any]:
    return {"id": BUS, "type": "Bus", **attributes}


def value(content: Any, at: str = "2026-01-01T00:00:00Z", **more: Any) -> dict[str, Any]:
    return {"type": "Property", "value": content, "modifiedAt": at, **more}


SPEED = [{"entities": [{"type": "Bus", "id": BUS}], "propertyNames": ["speed"]}]
ALL = ["redirectionOps", "createBatch", "upsertBatch", "updateBatch", "deleteBatch", "mergeBatch"]
LATER = "2099-01-01T00:00:00Z"


class TestRetrieve:
    def test_only_there(self, broker: Federated) -> None:
        broker.register()
        broker.answer("GET", f"s1/entities/{BUS}", 200, bus(speed=value(5)))
        got = broker("GET", f"/entities/{BUS}")
        assert got.status_code == 200 and got.json() == bus(speed={"type": "Property", "value": 5})
        sent = broker.sources.sent[0]
        assert sent.headers["via"].startswith("1.1 ") and sent.query["options"] == ["sysAttrs"]
        assert broker("GET", f"/entities/{BUS}?options=keyValues").json() == bus(speed=5)
        assert broker("GET", f"/entities/{BUS}?local=true").status_code == 404
        assert broker("GET", f"/entities/{BUS}", key="").status_code == 404

    def test_newest_wins_by_dataset(self, broker: Federated) -> None:
        broker("POST", "/entities", bus(speed=1, line=7))
        broker.register()
        there = [value(9, LATER), value(2, "2020-01-01T00:00:00Z", datasetId="urn:d:1")]
        broker.answer("GET", f"s1/entities/{BUS}", 200, bus(speed=there, line=value(1, "2020-01-01T00:00:00Z")))
        got = broker("GET", f"/entities/{BUS}?options=keyValues").json()
        assert got["line"] == 7 and got["speed"]["dataset"] == {"@none": 9, "urn:d:1": 2}

    def test_observed_goes_before_written(self, broker: Federated) -> None:
        broker("POST", "/entities", bus(speed={"value": 1, "observedAt": "2026-03-01T00:00:00Z"}))
        broker.register()
        old = value(9, LATER, observedAt="2026-02-01T00:00:00Z")
        broker.answer("GET", f"s1/entities/{BUS}", 200, bus(speed=old))
        assert broker("GET", f"/entities/{BUS}?options=keyValues").json()["speed"] == 1

    def test_auxiliary_only_adds(self, broker: Federated) -> None:
        broker("POST", "/entities", bus(speed=1))
        broker.register(mode="auxiliary", operations=["retrieveOps"])
        broker.answer("GET", f"s1/entities/{BUS}", 200, bus(speed=value(9, LATER), line=value(3)))
        assert broker("GET", f"/entities/{BUS}?options=keyValues").json() == bus(speed=1, line=3)

    @pytest.mark.parametrize(
        ("operation", "method", "path"),
        [("retrieveEntity", "GET", f"/entities/{BUS}"), ("queryEntity", "GET", "/entities"), ("queryBatch", "POST", "/entityOperations/query")],
    )  # fmt: skip
    def test_by_what_is_offered(self, broker: Federated, operation: str, method: str, path: str) -> None:
        broker.register(operations=[operation])
        broker.answer(method, f"s1{path}", 200, [bus(speed=value(5))] if "query" in operation else bus(speed=value(5)))
        assert broker("GET", f"/entities/{BUS}").status_code == 200
        sent = broker.sources.sent[0]
        if operation == "queryEntity":
            assert sent.query["id"] == [BUS] and sent.query["type"] == ["Bus"]
        if operation == "queryBatch":
            assert sent.body == {"type": "Query", "entities": [{"type": "Bus", "id": BUS}]}

    def test_cut_to_what_is_registered(self, broker: Federated) -> None:
        broker.register(information=SPEED)
        broker("GET", f"/entities/{BUS}")
        assert broker.sources.sent[0].query["attrs"] == ["speed"]
        broker("GET", f"/entities/{BUS}?attrs=line")
        broker("GET", "/entities/urn:ngsi-ld:Bus:2")
        assert len(broker.sources.sent) == 1

    def test_not_offered_is_not_asked(self, broker: Federated) -> None:
        broker.register(operations=["updateOps"])
        assert broker("GET", f"/entities/{BUS}").status_code == 404 and not broker.sources.sent

    @pytest.mark.parametrize(
        ("status", "body", "code"),
        [(403, None, "299"), (500, {"title": "x"}, "299"), (200, b"no json", "111"), (200, b"", "111"), (404, None, ""), (508, None, "199")],
    )  # fmt: skip
    def test_warnings(self, broker: Federated, status: int, body: Any, code: str) -> None:
        broker.register()
        broker.answer("GET", f"s1/entities/{BUS}", status, body)
        got = broker("GET", f"/entities/{BUS}")
        assert got.status_code == 404 and got.headers.get("ngsild-warning", "")[:3] == code

    def test_dead_source_pauses(self, broker: Federated) -> None:
        broker("POST", "/entities", bus(speed=1))
        broker.register(management={"cooldown": 60_000})
        broker.dead("GET", f"s1/entities/{BUS}")
        for _ in range(3):
            got = broker("GET", f"/entities/{BUS}")
            assert got.status_code == 200 and got.headers["ngsild-warning"].startswith("199")
        assert len(broker.sources.sent) == 1
        counters = broker("GET", "/csourceRegistrations/urn:r:1").json()
        assert counters["timesSent"] == 1 and counters["timesFailed"] == 1 and counters["status"] == "failed"
        assert "lastFailure" in counters and "lastSuccess" not in counters

    def test_kept_answers(self, broker: Federated) -> None:
        broker.register(management={"cacheDuration": "PT1M"})
        broker.answer("GET", f"s1/entities/{BUS}", 200, bus(speed=value(5)))
        assert "ngsild-warning" not in broker("GET", f"/entities/{BUS}").headers
        assert broker("GET", f"/entities/{BUS}").headers["ngsild-warning"].startswith("110")
        assert len(broker.sources.sent) == 1
        assert broker("GET", "/csourceRegistrations/urn:r:1").json()["timesSent"] == 1

    def test_what_is_said_along(self, broker: Federated) -> None:
        info = [
            {"key": "Authorization", "value": "Bearer x"}, {"key": "user", "value": "urn:ngsi-ld:request"},
            {"key": "other", "value": "urn:ngsi-ld:request"}, {"key": "NGSILD-Tenant", "value": "evil"},
            {"key": "Via", "value": "1.1 evil"}, {"key": "accept", "value": "application/ld+json"},
        ]  # fmt: skip
        broker.register(contextSourceInfo=info, tenant="there", management={"localOnly": True})
        broker("GET", f"/entities/{BUS}", headers={"user": "abcd", "via": "1.1 first"})
        sent = broker.sources.sent[0]
        assert sent.headers["Authorization"] == "Bearer x" and sent.headers["user"] == "abcd"
        assert "other" not in sent.headers and sent.headers["ngsild-tenant"] == "there"
        assert sent.headers["via"].startswith("1.1 first, 1.1 ") and sent.headers["accept"] == "application/ld+json"
        assert sent.query["local"] == ["true"]


class TestLoops:
    def test_comes_round(self, broker: Federated) -> None:
        broker.register(operations=ALL)
        broker("GET", f"/entities/{BUS}")
        via = broker.sources.sent[0].headers["via"]
        for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"speed": 1})):
            answer = broker(method, f"/entities/{BUS}", body, headers={"via": via})
            assert answer.status_code == 508 and answer.json()["title"] == "LoopDetected"

    def test_a_known_name_is_not_asked_again(self, broker: Federated) -> None:
        broker.register(contextSourceAlias="other")
        broker("GET", f"/entities/{BUS}", headers={"via": "1.1 other, 1.1 third"})
        assert not broker.sources.sent

    def test_tenants_of_one_broker(self, broker: Federated) -> None:
        broker("POST", "/entities", bus(speed=5), headers={"NGSILD-Tenant": "b"})
        broker.register(endpoint="http://city", tenant="b")
        back = {
            "endpoint": "http://city",
            "information": [{"entities": [{"type": "Bus"}]}],
            "type": "ContextSourceRegistration",
        }
        broker("POST", "/csourceRegistrations", back, headers={"NGSILD-Tenant": "b"})
        got = broker("GET", f"/entities/{BUS}?options=keyValues")
        assert got.json() == bus(speed=5) and "199" in got.headers["ngsild-warning"]
        assert [item["id"] for item in broker("GET", "/entities?type=Bus").json()] == [BUS]


class TestQuery:
    def test_together(self, broker: Federated) -> None:
        broker("POST", "/entities", bus(speed=1))
        broker("POST", "/entities", {"id": "urn:ngsi-ld:Bus:3", "type": "Bus", "speed": 3})
        broker.register()
        other = {"id": "urn:ngsi-ld:Bus:2", "type": "Bus", "speed": value(2)}
        broker.answer("GET", "s1/entities", 200, [other, bus(line=value(7))])
        got = broker("GET", "/entities?type=Bus&options=keyValues&count=true&limit=2")
        assert [item["id"][-1] for item in got.json()] == ["1", "2"] and got.json()[0]["line"] == 7
        assert got.headers["ngsild-results-count"] == "3" and 'rel="next"' in got.headers["link"]
        sent = broker.sources.sent[0]
        assert sent.query["type"] == ["Bus"] and sent.query["limit"] == ["1000"]
        geo = broker("GET", "/entities?type=Bus", headers={"accept": "application/geo+json"}).json()
        assert geo["type"] == "FeatureCollection" and len(geo["features"]) == 3

    def test_filters_travel_unless_entities_are_split(self, broker: Federated) -> None:
        broker.register()
        broker("POST", "/entities", bus(line=7))
        broker.answer("GET", "s1/entities", 200, [bus(speed=value(30))])
        broker("GET", "/entities?type=Bus&q=speed>20;line==7&scopeQ=/A")
        assert broker.sources.sent[0].query["q"] == ["speed>20;line==7"] and "scopeQ" in broker.sources.sent[0].query
        got = broker("GET", "/entities?type=Bus&q=speed>20;line==7&splitEntities=true&options=keyValues")
        assert got.json() == [bus(line=7, speed=30)] and "q" not in broker.sources.sent[1].query
        assert broker("GET", "/entities?type=Bus&q=speed>40&splitEntities=true").json() == []

    def test_narrowed(self, broker: Federated) -> None:
        broker.register(mode="exclusive", information=SPEED, operations=["redirectionOps"])
        broker.answer("GET", "s1/entities", 200, [bus(speed=value(5))])
        assert broker("GET", "/entities?type=Bus&options=keyValues").json() == [bus(speed=5)]
        assert broker.sources.sent[0].query["id"] == [BUS] and broker.sources.sent[0].query["attrs"] == ["speed"]

    def test_csf(self, broker: Federated) -> None:
        broker.register(sourceType="sensor")
        broker("GET", "/entities?type=Bus&csf=sourceType==%22archive%22")
        assert not broker.sources.sent
        broker("GET", "/entities?type=Bus&csf=sourceType==%22sensor%22")
        assert len(broker.sources.sent) == 1 and "csf" not in broker.sources.sent[0].query

    def test_in_a_body(self, broker: Federated) -> None:
        broker.register(operations=["queryBatch"])
        broker("POST", "/entities", bus(line=7))
        broker.answer("POST", "s1/entityOperations/query", 200, [bus(speed=value(5))])
        body = {"type": "Query", "entities": [{"type": "Bus"}]}
        assert broker("POST", "/entityOperations/query?options=keyValues", body).json() == [bus(line=7, speed=5)]
        assert broker.sources.sent[0].body == body
        assert broker("GET", "/entities?type=Bus&options=keyValues").json() == [bus(line=7, speed=5)]

    def test_no_order_over_brokers(self, broker: Federated) -> None:
        broker.register()
        assert broker("GET", "/entities?type=Bus&orderBy=speed").status_code == 400
        assert broker("GET", "/entities?type=Bus&orderBy=speed&local=true").status_code == 200

    def test_a_source_with_small_pages(self, broker: Federated) -> None:
        broker.register()
        many = [{"id": f"urn:ngsi-ld:Bus:{n:05}", "type": "Bus"} for n in range(1000)]
        broker.answer("GET", "s1/entities", 200, many, **{"ngsild-results-count": "1500"})
        got = broker("GET", "/entities?type=Bus&limit=1&count=true")
        assert broker.sources.sent[1].query["offset"] == ["1000"] and got.headers["ngsild-results-count"] == "1000"


Case = Callable[[Federated], httpx.Response]


class TestWrites:
    @pytest.mark.parametrize(
        ("method", "path", "body", "there", "status"),
        [
            ("POST", "", bus(speed=5), "s1/entities", 201),
            ("PUT", f"/{BUS}", bus(speed=5), f"s1/entities/{BUS}", 204),
            ("PATCH", f"/{BUS}", {"speed": 5}, f"s1/entities/{BUS}", 204),
            ("DELETE", f"/{BUS}", None, f"s1/entities/{BUS}", 204),
            ("POST", f"/{BUS}/attrs", {"speed": 5}, f"s1/entities/{BUS}/attrs", 204),
            ("PATCH", f"/{BUS}/attrs", {"speed": 5}, f"s1/entities/{BUS}/attrs", 204),
            ("PATCH", f"/{BUS}/attrs/speed", {"value": 5}, f"s1/entities/{BUS}/attrs/speed", 204),
            ("PUT", f"/{BUS}/attrs/speed", {"type": "Property", "value": 5}, f"s1/entities/{BUS}/attrs/speed", 204),
            ("DELETE", f"/{BUS}/attrs/speed", None, f"s1/entities/{BUS}/attrs/speed", 204),
        ],
    )  # fmt: skip
    def test_redirected(self, broker: Federated, method: str, path: str, body: Any, there: str, status: int) -> None:
        broker.register(mode="redirect", operations=ALL)
        broker.answer(method, there, status)
        answer = broker(method, f"/entities{path}", body)
        assert answer.status_code == status, answer.text
        sent = broker.sources.sent[-1]
        assert sent.method == method and sent.body == body
        assert broker("GET", f"/entities/{BUS}?local=true").status_code == 404
        for code, told in ((404, 404), (403, 502), (508, 508)):
            broker.answer(method, there, code)
            assert broker(method, f"/entities{path}", body).status_code == told
        broker.dead(method, there)
        assert broker(method, f"/entities{path}", body).status_code == 504

    def test_exclusive_takes_its_part(self, broker: Federated) -> None:
        broker.register(mode="exclusive", information=SPEED, operations=ALL)
        broker.answer("POST", "s1/entities", 201)
        answer = broker("POST", "/entities", bus(speed=5, line=7))
        assert answer.status_code == 201 and answer.headers["location"].endswith(BUS)
        assert broker.sources.sent[-1].body == bus(speed=5)
        assert broker("GET", f"/entities/{BUS}?local=true&options=keyValues").json() == bus(line=7)
        assert broker("POST", "/entities", bus(speed=5)).status_code == 201
        mixed = broker("POST", "/entities", bus(speed=5, line=8))
        assert mixed.status_code == 207 and mixed.json()["success"] == [BUS]
        assert mixed.json()["errors"][0]["error"]["status"] == 409
        assert "registrationId" not in mixed.json()["errors"][0]

    def test_inclusive_gets_a_copy(self, broker: Federated) -> None:
        broker.register(operations=ALL)
        broker.answer("POST", "s1/entities", 409, {"type": "x", "title": "AlreadyExists"})
        answer = broker("POST", "/entities", bus(speed=5))
        assert answer.status_code == 207 and answer.json()["errors"][0]["registrationId"] == "urn:r:1"
        assert broker("POST", "/entities", bus(speed=5)).status_code == 409
        broker.answer("DELETE", f"s1/entities/{BUS}", 204)
        assert broker("DELETE", f"/entities/{BUS}").status_code == 204
        again = broker("DELETE", f"/entities/{BUS}")
        assert again.status_code == 207 and again.json()["errors"][0]["error"]["status"] == 404

    def test_not_offered(self, broker: Federated) -> None:
        broker.register(1, mode="redirect", operations=["retrieveOps"])
        answer = broker("POST", "/entities", bus(speed=5))
        assert answer.status_code == 409 and answer.json()["title"] == "Conflict" and not broker.sources.sent
        broker("DELETE", "/csourceRegistrations/urn:r:1")
        broker.register(2, operations=["retrieveOps"])
        assert broker("POST", "/entities", bus(speed=5)).status_code == 201 and not broker.sources.sent

    def test_auxiliary_is_never_written(self, broker: Federated) -> None:
        broker.register(mode="auxiliary", operations=["retrieveOps"])
        assert broker("POST", "/entities", bus(speed=5)).status_code == 201
        assert broker("POST", f"/entities/{BUS}/attrs", {"line": 5}).status_code == 204 and not broker.sources.sent

    def test_attributes_told_one_by_one(self, broker: Federated) -> None:
        broker("POST", "/entities", bus(line=1))
        broker.register(mode="exclusive", information=SPEED, operations=ALL)
        broker.answer("POST", f"s1/entities/{BUS}/attrs", 403, {"detail": "no"})
        answer = broker("POST", f"/entities/{BUS}/attrs", {"speed": 5, "line": 2})
        assert answer.status_code == 207 and answer.json()["updated"] == ["line"]
        left = answer.json()["notUpdated"]
        assert left == [{"attributeName": "speed", "reason": "no", "registrationId": "urn:r:1"}]

    def test_nonsense_is_not_sent(self, broker: Federated) -> None:
        broker.register(operations=ALL)
        for body in ({"id": "none", "type": "Bus"}, {"id": BUS}, {**bus(), "x": None}, []):
            assert broker("POST", "/entities", body).status_code == 400
        assert not broker.sources.sent
        assert broker("POST", "/entities", bus(), key="reader").status_code == 403

    def test_own_words(self, broker: Federated) -> None:
        """A body with its @context goes out with it; a source with a @context of its own gets its words."""
        words = {"fast": "https://x.example/s", "Coach": "https://x.example/Bus"}
        info = [{"entities": [{"type": "https://x.example/Bus"}]}]
        broker.register(1, information=info, operations=ALL)
        context = {"@context": {"speed": "https://x.example/s", "Bus": "https://x.example/Bus"}}
        place = broker("POST", "/jsonldContexts", {"@context": words}).headers["location"]
        theirs = [{"key": "jsonldContext", "value": f"http://city{place}"}]
        broker.register(2, information=info, operations=ALL, contextSourceInfo=theirs)
        broker.answer("POST", "s1/entities", 201)
        broker.answer("POST", "s2/entities", 201)
        headers = {"content-type": "application/ld+json"}
        assert broker("POST", "/entities", {**bus(speed=5), **context}, headers=headers).status_code in (201, 207)
        first = next(sent for sent in broker.sources.sent if "s1" in sent.url)
        assert first.headers["content-type"] == "application/ld+json" and first.body["speed"] == 5
        assert first.body["@context"] == context["@context"]

    def test_purge(self, broker: Federated) -> None:
        broker("POST", "/entities", bus(speed=1))
        broker.register(operations=ALL)
        broker.answer("DELETE", "s1/entities", 204)
        assert broker("DELETE", "/entities?type=Bus").status_code == 204
        assert broker.sources.sent[-1].url == "http://s1/ngsi-ld/v1/entities?type=Bus"
        assert broker("GET", f"/entities/{BUS}?local=true").status_code == 404


class TestBatches:
    @pytest.mark.parametrize("verb", ["create", "upsert", "update", "merge"])
    def test_redirected(self, broker: Federated, verb: str) -> None:
        broker.register(mode="redirect", operations=ALL)
        broker.answer("POST", f"s1/entityOperations/{verb}", 204)
        items = [bus(speed=1), {"id": "urn:ngsi-ld:Bus:2", "type": "Bus", "speed": 2}]
        answer = broker("POST", f"/entityOperations/{verb}", items)
        assert answer.status_code == (201 if verb == "create" else 204), answer.text
        assert [sent.body for sent in broker.sources.sent] == [items]
        assert broker("GET", "/entities?type=Bus&local=true").json() == []

    def test_one_by_one_where_batches_are_not_offered(self, broker: Federated) -> None:
        broker.register(mode="redirect", operations=["redirectionOps"])
        broker.answer("POST", "s1/entities", 201)
        broker.answer("DELETE", f"s1/entities/{BUS}", 204)
        assert broker("POST", "/entityOperations/create", [bus(speed=1)]).json() == [BUS]
        assert broker.sources.sent[-1].body == bus(speed=1)
        assert broker("POST", "/entityOperations/delete", [BUS]).status_code == 204
        assert broker.sources.sent[-1].method == "DELETE"

    def test_delete_by_id(self, broker: Federated) -> None:
        info = [{"entities": [{"type": "Bus", "idPattern": "^urn:ngsi-ld:Bus:"}]}]
        broker.register(mode="redirect", operations=ALL, information=info)
        broker.answer("POST", "s1/entityOperations/delete", 204)
        assert broker("POST", "/entityOperations/delete", [BUS]).status_code == 204
        assert broker.sources.sent[-1].body == [BUS]

    def test_mixed(self, broker: Federated) -> None:
        broker.register(mode="exclusive", information=SPEED, operations=ALL)
        error = {"entityId": BUS, "error": {"title": "AlreadyExists", "status": 409}}
        broker.answer("POST", "s1/entityOperations/create", 207, {"success": [], "errors": [error]})
        lamp = {"id": "urn:l:1", "type": "Lamp", "on": True}
        answer = broker("POST", "/entityOperations/create", [bus(speed=1, line=7), lamp, {"id": "x"}])
        told = answer.json()
        assert answer.status_code == 207 and sorted(told["success"]) == ["urn:l:1", BUS]
        assert {"registrationId": "urn:r:1", **error} in told["errors"] and len(told["errors"]) == 2
        assert broker.sources.sent[-1].body == [bus(speed=1)]
        assert broker("GET", f"/entities/{BUS}?local=true&options=keyValues").json() == bus(line=7)


class TestOthers:
    def test_the_past(self, broker: Federated) -> None:
        early, late = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
        broker("POST", "/entities", bus(speed={"value": 2, "observedAt": late}))
        broker.register(
            observationInterval={"startAt": "2025-01-01T00:00:00Z"}, operations=["retrieveTemporal", "queryTemporal"]
        )
        there = bus(speed=[{"type": "Property", "value": 1, "observedAt": early, "instanceId": "urn:i:1"}])
        broker.answer("GET", f"s1/temporal/entities/{BUS}", 200, there)
        broker.answer("GET", "s1/temporal/entities", 200, [there])
        one = broker("GET", f"/temporal/entities/{BUS}").json()
        assert [item["value"] for item in one["speed"]] == [1, 2]
        many = broker("GET", "/temporal/entities?type=Bus&timerel=after&timeAt=2025-06-01T00:00:00Z").json()
        assert [item["value"] for item in many[0]["speed"]] == [1, 2]
        assert broker("GET", "/entities?type=Bus").status_code == 200
        assert all("temporal" in sent.path for sent in broker.sources.sent)

    def test_types_and_attributes(self, broker: Federated) -> None:
        broker("POST", "/entities", bus(speed=1))
        broker.register()
        broker.answer("GET", "s1/types", 200, {"id": "urn:x", "type": "EntityTypeList", "typeList": ["Tram", "Bus"]})
        broker.answer(
            "GET", "s1/types/Tram", 200, {"id": "t", "type": "EntityTypeInfo", "typeName": "Tram", "entityCount": 4}
        )
        broker.answer("GET", "s1/attributes", 200, {"id": "urn:x", "type": "AttributeList", "attributeList": ["line"]})
        assert broker("GET", "/types").json()["typeList"] == ["Bus", "Tram"]
        assert broker("GET", "/types/Tram").json()["entityCount"] == 4
        assert broker("GET", "/attributes").json()["attributeList"] == ["line", "speed"]


class TestCost:
    def test_without_registrations_nothing_is_sent(self, broker: Federated) -> None:
        assert broker("POST", "/entities", bus(speed=1)).status_code == 201
        broker.register(information=[{"entities": [{"type": "Tram"}]}], operations=ALL)
        assert broker("GET", "/entities?type=Bus").json()[0]["id"] == BUS
        assert broker("PATCH", f"/entities/{BUS}/attrs", {"speed": 2}).status_code == 204
        assert broker("POST", "/entityOperations/upsert", [bus(speed=3)]).status_code == 204
        assert not broker.sources.sent

    def test_time_is_over(self, broker: Federated) -> None:
        broker.register(expiresAt=LATER)
        broker("GET", "/entities?type=Bus")
        assert len(broker.sources.sent) == 1
