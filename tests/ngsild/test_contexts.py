"""The @context of requests, and the context server (clauses 4.4, 5.5.7, 5.13, 6.3.5)."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from tests.ngsild.conftest import Ask

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.things.service import contexts as service
from thanglong.formats.ngsild.vocabulary import CORE
from thanglong.kit import clock

CAR = "urn:ngsi-ld:Car:1"
LD = "application/ld+json"
OWN = {"@context": {"speed": "https://own.example/speed", "Car": "https://own.example/Car", "Red": "https://own.example/Red",
                    "own": "https://own.example/", "colour": {"@id": "own:colour", "@type": "@vocab"}}}  # fmt: skip


@pytest.fixture(autouse=True)
def _alone(settings: Any) -> None:
    """A city database without a ledger."""
    settings.THINGS_ALONE = True


class Source:
    """A web server with one document; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked, self.status, self.body, self.cache = 0, 200, json.dumps(OWN).encode(), "max-age=3600"
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                source.asked += 1
                self.send_response(source.status)
                self.send_header("cache-control", source.cache)
                self.send_header("content-type", "text/plain")
                self.end_headers()
                self.wfile.write(source.body)

            def log_message(self, *given: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/own.jsonld"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def source(broker: Ask) -> Iterator[Source]:
    service.forget()
    made = Source()
    yield made
    made.server.shutdown()
    made.server.server_close()
    service.forget()


def link(url: str) -> dict[str, str]:
    return {"link": f'<{url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'}


def car(**more: Any) -> dict[str, Any]:
    return {"id": CAR, "type": "Car", "speed": 5, "plain": 1, **more}


class TestNames:
    def test_one_entity_under_several_contexts(self, broker: Ask, source: Source) -> None:
        body = car(colour={"type": "VocabProperty", "vocab": "Red"}, location={"type": "Point", "coordinates": [1, 2]})
        made = broker("POST", "/entities", {**body, "@context": [source.url, CORE.url]}, headers={"content-type": LD})
        assert made.status_code == 201, made.text
        core = broker("GET", f"/entities/{CAR}").json()
        assert core["type"] == "https://own.example/Car" and core["https://own.example/speed"]["value"] == 5
        assert core["https://own.example/colour"]["vocab"] == "https://own.example/Red"
        assert core["plain"]["value"] == 1 and "location" in core
        mine = broker("GET", f"/entities/{CAR}", headers=link(source.url))
        assert mine.json()["type"] == "Car" and mine.json()["speed"]["value"] == 5
        assert mine.json()["colour"]["vocab"] == "Red" and source.url in mine.headers["link"]
        as_ld = broker("GET", f"/entities/{CAR}", headers={**link(source.url), "accept": LD})
        assert as_ld.json()["@context"] == [source.url, CORE.url] and "link" not in as_ld.headers
        simple = broker("GET", f"/entities/{CAR}", params={"format": "simplified"}, headers=link(source.url)).json()
        assert simple["colour"] == {"vocab": "Red"} and simple["speed"] == 5
        assert source.asked == 1
        source.body = json.dumps({"@context": [OWN["@context"], CORE.url]}).encode()
        broker("DELETE", f"/jsonldContexts/{service.local_id(source.url)}?reload=true")
        as_ld = broker("GET", f"/entities/{CAR}", headers={**link(source.url), "accept": LD})
        assert as_ld.json()["@context"] == source.url

    def test_uses_are_counted(self, broker: Ask, source: Source) -> None:
        def hits() -> int:
            id = service.local_id(source.url)
            return int(broker("GET", f"/jsonldContexts/{id}?details=true").json()["numberOfHits"])

        broker("POST", "/entities", car(), headers=link(source.url))
        assert hits() == 1
        broker("GET", "/entities?type=Car", headers=link(source.url))
        assert hits() == 3

    def test_questions(self, broker: Ask, source: Source) -> None:
        broker("POST", "/entities", car(colour={"type": "VocabProperty", "vocab": "Red"}), headers=link(source.url))

        def found(headers: dict[str, str], **params: str) -> int:
            return len(broker("GET", "/entities", params=params, headers=headers).json())

        mine = link(source.url)
        assert found(mine, type="Car") == 1 and found({}, type="Car") == 0
        assert found(mine, q="speed==5") == 1 and found({}, q="speed==5") == 0
        assert found({}, type="https://own.example/Car") == 1
        assert found(mine, q='colour=="Red"', expandValues="colour") == 1
        picked = broker("GET", f"/entities/{CAR}", params={"pick": "speed"}, headers=mine).json()
        assert set(picked) == {"speed"}
        assert broker("PATCH", f"/entities/{CAR}/attrs/speed", {"value": 6}, headers=mine).status_code == 204
        assert broker("PATCH", f"/entities/{CAR}/attrs/speed", {"value": 6}).status_code == 404
        assert broker("DELETE", f"/entities/{CAR}/attrs/speed", headers=mine).status_code == 204

    def test_core_terms_win(self, broker: Ask) -> None:
        context = {"location": "https://evil.example/place", "title": "https://evil.example/title"}
        body = {**car(), "location": {"type": "Point", "coordinates": [1, 2]}, "@context": context}
        assert broker("POST", "/entities", body, headers={"content-type": LD}).status_code == 201
        assert "location" in broker("GET", f"/entities/{CAR}").json()

    def test_link_or_body(self, broker: Ask, source: Source) -> None:
        def post(body: dict[str, Any], kind: str, **headers: str) -> int:
            return broker("POST", "/entities", body, headers={"content-type": kind, **headers}).status_code

        whole = {**car(), "@context": CORE.url}
        assert post(whole, "application/json") == 400 and post(car(), LD) == 400
        assert post(whole, LD, **link(source.url)) == 400
        assert post({**car(), "@context": 5}, LD) == 400
        assert post({**car(), "@context": {"Car": {"@id": "urn:c", "@context": {"speed": "urn:s"}}}}, LD) == 400
        assert post({**car(), "@context": {"x": {"@id": 5}}}, LD) == 400
        assert post({**car(), "@context": {"a": {"@id": "b:x"}, "b": {"@id": "a:x"}}}, LD) == 400
        assert post(whole, LD) == 201

    def test_batches(self, broker: Ask, source: Source) -> None:
        bodies = [
            {**car(), "@context": source.url},
            {"id": "urn:b:1", "type": "T", "@context": "http://127.0.0.1:9/no"},
        ]
        answer = broker("POST", "/entityOperations/create", bodies, headers={"content-type": LD})
        assert answer.status_code == 207 and answer.json()["success"] == [CAR]
        assert answer.json()["errors"][0]["error"]["title"] == "LdContextNotAvailable"
        query = {"type": "Query", "entities": [{"type": "Car"}], "@context": OWN["@context"]}
        found = broker("POST", "/entityOperations/query", query, headers={"content-type": LD})
        assert found.json()[0]["speed"]["value"] == 5
        address = found.headers["link"].split("<")[1].split(">")[0]
        assert "/jsonldContexts/" in address
        assert broker("GET", address).json() == {"@context": [OWN["@context"], CORE.url]}


class TestFetching:
    def test_failures_are_not_remembered(self, broker: Ask, source: Source) -> None:
        source.status = 500
        for times in (1, 2):
            answer = broker("POST", "/entities", car(), headers=link(source.url))
            assert answer.status_code == 504 and answer.json()["type"].endswith("/LdContextNotAvailable")
            assert source.asked == times
        source.status, source.body = 200, b"[1, 2"
        assert broker("GET", f"/entities/{CAR}", headers=link(source.url)).status_code == 400
        source.body = json.dumps(OWN).encode()
        assert broker("POST", "/entities", car(), headers=link(source.url)).status_code == 201

    def test_cache_control(self, broker: Ask, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
        source.cache = "max-age=120"
        broker("GET", "/entities?type=Car", headers=link(source.url))
        service.forget()
        broker("GET", "/entities?type=Car", headers=link(source.url))
        assert source.asked == 1
        later = clock.now() + service.timedelta(seconds=121)
        monkeypatch.setattr(clock, "now", lambda: later)
        service.forget()
        broker("GET", "/entities?type=Car", headers=link(source.url))
        assert source.asked == 2
        later += service.timedelta(days=1)
        source.status = 500
        service.forget()
        assert broker("GET", "/entities?type=Car", headers=link(source.url)).status_code == 200

    def test_strangers_bring_none(self, broker: Ask, source: Source) -> None:
        assert broker("GET", "/entities?type=Streetlight", key="", headers=link(source.url)).status_code == 504
        assert source.asked == 0
        broker("GET", "/entities?type=Car", headers=link(source.url))
        service.forget()
        assert broker("GET", "/entities?type=Streetlight", key="", headers=link(source.url)).status_code == 200

    def test_map_for_closed_networks(self, broker: Ask, tmp_path: Path, settings: Any) -> None:
        (tmp_path / "own.jsonld").write_text(json.dumps(OWN))
        (tmp_path / "map.json").write_text(json.dumps({"https://far.example/own.jsonld": "own.jsonld"}))
        settings.THINGS_CONTEXT_MAP = str(tmp_path / "map.json")
        service.forget()
        assert broker("POST", "/entities", car(), headers=link("https://far.example/own.jsonld")).status_code == 201
        assert broker("GET", f"/entities/{CAR}").json()["type"] == "https://own.example/Car"
        (kept,) = broker("GET", "/jsonldContexts?details=true&kind=Cached").json()
        assert kept["URL"] == "https://far.example/own.jsonld" and kept["numberOfHits"] >= 1
        assert broker("DELETE", f"/jsonldContexts/{kept['localId']}?reload=true").status_code == 204
        service.forget()

    def test_core_contexts_are_always_there(self, broker: Ask) -> None:
        for version in (6, 8, 9):
            place = "/jsonldContexts/" + quote(
                f"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.{version}.jsonld", safe=""
            )
            details = broker("GET", place, params={"details": "true"}).json()
            assert details["kind"] == "Cached" and details["URL"].endswith(f"v1.{version}.jsonld")
            refused = broker("DELETE", place)
            assert refused.status_code == 400 and refused.json()["title"] == "BadRequestData"
            assert broker("DELETE", place, params={"reload": "true"}).status_code == 204


class TestServer:
    def test_hosting(self, broker: Ask) -> None:
        made = broker("POST", "/jsonldContexts", OWN)
        assert made.status_code == 201
        place = made.headers["location"].removeprefix("/ngsi-ld/v1")
        assert broker("GET", place).json() == OWN
        url = f"http://city/ngsi-ld/v1{place}"
        assert broker("POST", "/entities", car(), headers=link(url)).status_code == 201
        assert broker("GET", f"/entities/{CAR}").json()["type"] == "https://own.example/Car"
        details = broker("GET", place, params={"details": "true"}).json()
        assert details["kind"] == "Hosted" and details["URL"] == url and details["numberOfHits"] >= 1
        assert broker("GET", "/jsonldContexts").json() == [url]
        assert broker("GET", "/jsonldContexts?kind=Cached").json() == []
        assert broker("DELETE", f"{place}?reload=true").status_code == 400
        other = {"ngsild-tenant": "other"}
        assert broker("GET", place, headers=other).status_code == 404
        assert broker("GET", "/jsonldContexts", headers=other).json() == []
        assert broker("DELETE", place, headers=other).status_code == 404
        assert broker("DELETE", place).status_code == 204 and broker("GET", place).status_code == 404
        assert broker("DELETE", place).status_code == 404
        assert broker("DELETE", place, params={"reload": "true"}).status_code == 400

    def test_what_is_no_document(self, broker: Ask) -> None:
        for body, title in (({"speed": "urn:s"}, "InvalidRequest"), ({"@context": 5}, "BadRequestData")):
            answer = broker("POST", "/jsonldContexts", body)
            assert answer.status_code == 400 and answer.json()["title"] == title

    def test_of_a_subscription(self, broker: Ask) -> None:
        context = {"Car": f"https://own.example/{uuid4()}"}
        body = {"id": "urn:s:1", "type": "Subscription", "entities": [{"type": "Car"}], "@context": context,
                "notification": {"endpoint": {"uri": "https://far.example/told"}}}  # fmt: skip
        for _ in range(2):
            assert broker("POST", "/subscriptions", body, headers={"content-type": LD}).status_code == 201
            (kept,) = broker("GET", "/jsonldContexts?details=true&kind=ImplicitlyCreated").json()
            assert broker("GET", "/subscriptions/urn:s:1").json()["jsonldContext"] == kept["URL"]
            assert kept["numberOfHits"] == 0
            assert (
                broker(
                    "POST", "/entities", {**car(), "@context": kept["URL"]}, headers={"content-type": LD}
                ).status_code
                == 201
            )
            place = f"/jsonldContexts/{kept['localId']}"
            assert broker("GET", place, params={"details": "true"}).json()["numberOfHits"] == 1
            assert broker("DELETE", place, params={"reload": "true"}).status_code == 400
            for gone in (f"/entities/{CAR}", "/subscriptions/urn:s:1", place):
                assert broker("DELETE", gone).status_code == 204

    def test_cached_ones(self, broker: Ask, source: Source) -> None:
        broker("GET", "/entities?type=Car", headers=link(source.url))
        listed = broker("GET", "/jsonldContexts?details=true&kind=Cached").json()
        assert [one["URL"] for one in listed] == [source.url] and listed[0]["kind"] == "Cached"
        id = listed[0]["localId"]
        assert broker("DELETE", f"/jsonldContexts/{id}?reload=true").status_code == 204 and source.asked == 2
        source.status = 500
        assert broker("DELETE", f"/jsonldContexts/{id}?reload=true").status_code == 504
        assert broker("DELETE", f"/jsonldContexts/{id}").status_code == 204
        assert broker("GET", "/jsonldContexts").json() == []

    @pytest.mark.parametrize("bad", [[], 5, {}, {"@context": 5}, {"@context": {"a": {"@type": 5}}}])
    def test_bad_documents(self, broker: Ask, bad: Any) -> None:
        assert broker("POST", "/jsonldContexts", bad).status_code == 400
        assert broker("GET", "/jsonldContexts?kind=Odd").status_code == 400
        assert broker("GET", "/jsonldContexts?details=maybe").status_code == 400
        assert broker("POST", "/jsonldContexts", OWN, key="reader").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_ledger_tells_who_changed_contexts(broker: Ask, settings: Any, source: Source) -> None:
    settings.THINGS_ALONE = False
    id = broker("POST", "/jsonldContexts", OWN).headers["location"].rpartition("/")[2]
    assert broker("GET", "/entities?type=Car", headers=link(source.url)).status_code == 200
    cached = service.local_id(source.url)
    assert broker("DELETE", f"/jsonldContexts/{cached}?reload=true").status_code == 204
    assert broker("DELETE", f"/jsonldContexts/{id}").status_code == 204
    assert broker("POST", "/jsonldContexts", OWN, key="reader").status_code == 403
    told = {one: [entry.verb for entry in ledger.entries(ObjectRef("context", one))] for one in (id, cached)}
    assert told == {id: ["things.context_hosted", "things.context_deleted"], cached: ["things.context_reloaded"]}
