"""Whatever is sent, the answer is a problem of the standard's list and never a failure of ours."""

import asyncio
import functools
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.ngsild.conftest import Ask, Broker, FakeGate, run

from thanglong.surfaces.ngsild.app import ROOT, NgsiLd

NULL = "urn:ngsi-ld:null"
NAMES = st.sampled_from(
    ["id", "type", "@id", "@type", "@context", "scope", "expiresAt", "a", "b", "location", "value", "object", "json", "vocab",
     "languageMap", "valueList", "objectList", "datasetId", "observedAt", "unitCode", "coordinates", "a b", "", "é", "x:y",
     "https://x.example/a", "createdAt", "entity", "objectType", "valueType", "previousValue"]
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(["urn:x:1", "T", "Property", "Relationship", "GeoProperty", "LanguageProperty", "ListProperty", NULL, "@none",
                     "VocabProperty", "JsonProperty", "ListRelationship", "Point", "Polygon", "2026-01-01T00:00:00Z", "/a/b", ""]),
    st.text(max_size=5),
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False, allow_infinity=False), TEXTS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=8,
)
ATTRIBUTES = st.one_of(
    VALUES,
    st.fixed_dictionaries(
        {"type": TEXTS}, optional={"value": VALUES, "object": VALUES, "datasetId": TEXTS, "sub": VALUES}
    ),
)
ENTITIES = st.fixed_dictionaries(
    {},
    optional={"id": TEXTS, "type": st.one_of(TEXTS, st.lists(TEXTS, max_size=2)), "scope": VALUES, "expiresAt": TEXTS},
).flatmap(lambda head: st.dictionaries(NAMES, ATTRIBUTES, max_size=3).map(lambda body: {**body, **head}))
PARAMETERS = st.dictionaries(
    st.sampled_from(
        ["type", "id", "idPattern", "attrs", "pick", "omit", "q", "scopeQ", "georel", "geometry", "coordinates", "geoproperty",
         "options", "format", "limit", "offset", "count", "orderBy", "orderFrom", "collation", "lang", "datasetId", "join",
         "joinLevel", "containedBy", "local", "expandValues", "csf", "details", "kind", "deleteAll", "observedAt", "odd"]
    ),
    st.one_of(
        st.sampled_from(["T", "true", "a", "a,b", "a{b}", "a{", "a==1", "a[b]==2", "a~=\"x\"", "(a|b);c", "a{T:b}==1", "/a/#", "near",
                         "near;maxDistance==5", "within", "Point", "[1,2]", "[[1,2]]", "a;desc", "location;dist-asc", "en", "inline",
                         "flat", "2", "keyValues", "sysAttrs", "urn:x:1", "2026-01-01T00:00:00Z", "und", "(A;B),C"]),
        st.text(max_size=6),
    ),
    max_size=5,
)  # fmt: skip
QUIET = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def _filled(broker: Ask, settings: Any) -> None:
    settings.THINGS_ALONE = True
    body = {
        "id": "urn:x:1",
        "type": "T",
        "a": 1,
        "b": {"object": "urn:x:1"},
        "location": {"type": "Point", "coordinates": [1, 2]},
    }
    broker("POST", "/entities", body)


def fine(answer: Any) -> None:
    assert answer.status_code < 500 or answer.status_code == 504, answer.text
    if answer.status_code >= 400 and answer.content:
        problem = answer.json()
        assert (
            problem["type"].startswith("https://uri.etsi.org/ngsi-ld/errors/")
            and problem["status"] == answer.status_code
        )


class TestAnything:
    @QUIET
    @given(
        st.sampled_from([("POST", "/entities"), ("PUT", "/entities/urn:x:1"), ("PATCH", "/entities/urn:x:1"),
                         ("POST", "/entities/urn:x:1/attrs"), ("PATCH", "/entities/urn:x:1/attrs")]),
        st.one_of(ENTITIES, VALUES),
        PARAMETERS,
    )  # fmt: skip
    @example(place=("POST", "/entities"), body={"id": "urn:x:1", "type": "Lamp", "a": {"type": []}}, params={})
    def test_entities(self, broker: Ask, place: tuple[str, str], body: Any, params: dict[str, str]) -> None:
        fine(broker(*place, body))
        fine(broker(*place, body, params=params))

    @QUIET
    @given(st.sampled_from(["PATCH", "PUT", "DELETE"]), NAMES, ATTRIBUTES)
    def test_attributes(self, broker: Ask, method: str, name: str, body: Any) -> None:
        fine(broker(method, f"/entities/urn:x:1/attrs/{quote(name, safe='')}", body))

    @QUIET
    @given(
        st.sampled_from(["create", "upsert", "update", "merge", "delete", "query"]),
        st.one_of(st.lists(ENTITIES, max_size=3), VALUES),
    )
    def test_batches(self, broker: Ask, verb: str, body: Any) -> None:
        fine(broker("POST", f"/entityOperations/{verb}", body))

    @QUIET
    @given(
        st.sampled_from(
            [("GET", "/entities"), ("GET", "/entities/urn:x:1"), ("DELETE", "/entities"), ("GET", "/jsonldContexts")]
        ),
        PARAMETERS,
    )
    def test_questions(self, broker: Ask, place: tuple[str, str], params: dict[str, str]) -> None:
        fine(broker(*place, params=params))

    @QUIET
    @given(st.text(max_size=20), st.sampled_from(["accept", "link", "prefer", "content-type"]), TEXTS)
    def test_headers_and_bodies(self, broker: Ask, body: str, header: str, value: str) -> None:
        value = value.encode("ascii", "ignore").decode().translate(dict.fromkeys(range(32)))
        fine(broker("GET", "/entities?type=T", headers={header: value}))
        fine(
            broker(
                "POST",
                "/entities",
                content=body.encode("utf-8", "replace"),
                headers={"content-type": "application/json"},
            )
        )


def routes() -> list[str]:
    """Every address of the interface, with {} for what varies."""
    found: list[str] = []

    def walk(node: Any, path: str) -> None:
        for segment, below in node.items():
            if segment:
                walk(below, f"{path}/{segment}")
            else:
                found.append(path)

    surface = NgsiLd(FakeGate())
    walk(surface._router._tree, "")
    return sorted(found)


ROUTES = routes()
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
KINDS = ["application/json", "application/ld+json", "application/merge-patch+json", "application/geo+json", "text/plain",
         "application/json; charset=utf-8", "*/*", "", "image/png;q=x", "application/*;q=0.3, text/html"]  # fmt: skip
PARTS = st.one_of(
    st.sampled_from(["urn:x:1", "T", "a", "b", "location", "urn:ngsi-ld:Subscription:1"]), st.text(max_size=5)
)
BODIES = st.one_of(
    st.sampled_from([b"", b"{}", b"[]", b"null", b"1", b'{"a"', b"\xff\xfe", b'{"type":"Query"}', b'{"@context":[]}', b"[[[[[[[["]),
    st.one_of(ENTITIES, VALUES, st.lists(ENTITIES, max_size=2)).map(orjson.dumps),
    st.binary(max_size=20),
)  # fmt: skip
PATIENCE = 60.0
"""Seconds after which an answer counts as one that never comes."""


def within(broker: Broker, method: str, path: str, **more: Any) -> Any:
    """An answer, in time."""

    async def ask() -> Any:
        transport = httpx.ASGITransport(broker.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://city") as client:
            return await asyncio.wait_for(client.request(method, path, **more), PATIENCE)

    return run(ask())


WRITER = {"authorization": "Bearer writer"}


def test_every_address_is_in_the_table() -> None:
    """The fuzz below asks at what the interface has; the documentation names the same."""
    text = (Path(__file__).parents[2] / "docs" / "look-up" / "ngsi-ld.md").read_text("utf-8")
    named = {re.sub(r"\{[^}]*\}", "{}", path) for path in re.findall(r"`(/[^`]*)`", text)}
    named |= {f"/entityOperations/{verb}" for verb in ("upsert", "update", "merge", "delete", "query")}
    unnamed = {path for path in ROUTES if path.startswith(ROOT) and path.removeprefix(ROOT) not in named}
    assert not unnamed


@pytest.mark.parametrize("path", ROUTES)
def test_every_address_by_every_method(broker: Broker, path: str) -> None:
    place = path.replace("{}", "urn:x:1")
    for method in METHODS:
        for headers in (WRITER, {}, {**WRITER, "content-type": "text/plain", "accept": "image/png"}):
            fine(within(broker, method, place, headers=headers, content=b"{}"))


class TestEveryAddress:
    @settings(QUIET, max_examples=100)
    @given(st.data())
    def test_anything_anywhere(self, broker: Broker, data: Any) -> None:
        draw = data.draw
        path = draw(st.sampled_from(ROUTES))
        while "{}" in path:
            path = path.replace("{}", quote(draw(PARTS), safe=""), 1)
        headers = {**WRITER, "content-type": draw(st.sampled_from(KINDS)), "accept": draw(st.sampled_from(KINDS))}
        if draw(st.booleans()):
            headers["ngsild-tenant"] = draw(st.sampled_from(["a", "b c", "x" * 300, "-"]))
        if draw(st.booleans()):
            headers["ngsild-snapshot"] = draw(st.sampled_from(["urn:s:1", "-"]))
        method, body = draw(st.sampled_from(METHODS[:6])), draw(BODIES)
        fine(within(broker, method, path, headers=headers, content=body, params=draw(PARAMETERS)))


def test_what_is_too_large_is_refused_at_once(broker: Broker) -> None:
    """Size limits with clear errors: address, entity, batch, page, and a body that does not say how long it is."""
    large = orjson.dumps({"id": "urn:x:2", "type": "T", "text": "x" * (2 << 20)})
    ask = functools.partial(within, broker, headers={**WRITER, "content-type": "application/json"})
    refused = ask("POST", f"{ROOT}/entities", content=large)
    assert refused.status_code == 413 and refused.json()["detail"]
    assert ask("POST", f"{ROOT}/entityOperations/upsert", content=b"[" + large + b"]").status_code in (201, 207)
    declared = {**WRITER, "content-type": "application/json", "content-length": str(65 << 20)}
    assert within(broker, "POST", f"{ROOT}/entityOperations/upsert", headers=declared, content=b"[]").status_code == 413
    assert ask("GET", f"{ROOT}/entities?type=T&q=a=={'1' * 17_000}").status_code == 414
    assert ask("GET", f"{ROOT}/entities?type=T&limit=1001").status_code == 403
    broken = within(broker, "POST", f"{ROOT}/entities", headers=WRITER, content=_pieces())
    assert broken.status_code == 411 and broken.content == b""


async def _pieces() -> AsyncIterator[bytes]:
    yield b"{}"
