"""Whatever is sent, the answer is a problem of the standard's list and never a failure of ours."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ngsild.conftest import Ask

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
def _filled(broker: Ask) -> None:
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
