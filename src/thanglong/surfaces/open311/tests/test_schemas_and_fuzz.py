"""Answers against the standard's JSON Schemas (read from the shared test material), and nonsense without server errors."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.test import Client as Browser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from thanglong.domains.requests.tests.conftest import HERE, Small
from thanglong.formats import open311
from thanglong.formats.open311 import Client

FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.fixture
def schema_of(shared_data: Path) -> Callable[[str], Draft4Validator]:
    folder = shared_data / "requests" / "open311"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data/requests/open311")
    read = {
        path.name.removesuffix(".schema.json"): json.loads(path.read_text()) for path in folder.glob("*.schema.json")
    }
    resources = [
        (f"{name}.json", Resource.from_contents(body, default_specification=DRAFT4)) for name, body in read.items()
    ]
    registry: Registry[Any] = Registry().with_resources(resources)

    def of(name: str) -> Draft4Validator:
        return Draft4Validator(read[name], registry=registry)

    return of


def _json(path: str) -> Any:
    return json.loads(Browser().get(f"/open311/v2/{path}").content)


def test_answers_fit_the_schemas(small: Small, schema_of: Callable[[str], Draft4Validator]) -> None:
    numbers = [small.send().number, small.send("Rác chất đống", "waste", answers={"what": "home"}).number]
    small.send("Karaoke ầm ĩ", "noise", lon=None, lat=None, answers={"when": "đêm"})
    schema_of("services").validate(_json("services.json"))
    for row in _json("services.json"):
        schema_of("service-definition").validate(_json(f"services/{row['service_code']}.json"))
    schema_of("requests").validate(_json("requests.json"))
    for number in numbers:
        for row in _json(f"requests/{number}.json"):
            schema_of("request").validate(row)


def test_xml_says_the_same_as_json(small: Small) -> None:
    small.send()

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [plain(item) for item in value]
        return None if value is None or value == "" else str(value).lower() if isinstance(value, bool) else str(value)

    for path in (
        "services",
        "services/streetlight",
        "services/other",
        "requests",
        "requests/PA-26-000001",
        "discovery",
    ):
        as_json = json.loads(Browser().get(f"/open311/v2/{path}.json").content)
        _, as_xml = open311.from_xml(Browser().get(f"/open311/v2/{path}.xml").content)
        # an empty list and an absent value look alike in XML
        assert json.dumps(plain(as_xml)).replace("null", "[]") == json.dumps(plain(as_json)).replace("null", "[]")


names = st.sampled_from(
    [
        "api_key",
        "service_code",
        "lat",
        "long",
        "address_string",
        "address_id",
        "email",
        "phone",
        "first_name",
        "last_name",
        "description",
        "media_url",
        "attribute[what]",
        "attribute[what][]",
        "attribute[]",
        "attribute[x]y",
        "jurisdiction_id",
        "response",
        "start_date",
        "end_date",
        "status",
        "page",
        "page_size",
        "service_request_id",
        "extensions",
        "account_id",
        "device_id",
    ]
)
values = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["streetlight", "noise", "21.025", "105.845", "nan", "1e400", "-0", "\x00", "2026-07-14T00:00:00Z",
                     "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "open,closed", "token", "true", "9" * 30]),
)  # fmt: skip
paths = st.one_of(
    st.sampled_from(
        ["services", "requests", "discovery", "servicerequestupdates", "tokens/x", "requests/x", "services/x"]
    ),
    st.text(min_size=1, max_size=20).map(lambda text: "requests/" + quote(text, safe="")),
    st.text(min_size=1, max_size=20).map(lambda text: "services/" + quote(text, safe="")),
    st.text(min_size=1, max_size=20).map(lambda text: "tokens/" + quote(text, safe="")),
)
formats = st.sampled_from(["", ".xml", ".json", ".html", "."])
quick = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(paths, formats, st.lists(st.tuples(names, values), max_size=8))
def test_nonsense_is_never_our_fault_when_asking(
    small: Small, path: str, fmt: str, query: list[tuple[str, str]]
) -> None:
    answer = Browser().get(f"/open311/v2/{path}{fmt}?{urlencode(query, errors='surrogatepass')}")
    assert answer.status_code < 500
    if answer.status_code != 404 and answer["Content-Type"].startswith("text/xml"):
        open311.from_xml(answer.content)


@quick
@given(st.sampled_from(["requests", "servicerequestupdates"]), formats, st.lists(st.tuples(names, values), max_size=12),
       st.booleans())  # fmt: skip
def test_nonsense_is_never_our_fault_when_sending(
    small: Small, key: str, path: str, fmt: str, fields: list[tuple[str, str]], sound: bool
) -> None:
    base = [
        ("api_key", key),
        ("service_code", "streetlight"),
        ("attribute[what]", "out"),
        ("lat", HERE[1]),
        ("long", HERE[0]),
    ]
    body = urlencode([*base, *fields] if sound else fields, errors="surrogatepass")
    answer = Browser().post(f"/open311/v2/{path}{fmt}", body, content_type=FORM)
    assert answer.status_code < 500


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=%ff", b"%", b"&" * 2000, b"{}"])
@pytest.mark.parametrize(
    "kind", [FORM, "application/json", "multipart/form-data; boundary=x", "text/plain", "nonsense"]
)
def test_broken_bodies(small: Small, body: bytes, kind: str) -> None:
    answer = Browser().post("/open311/v2/requests.json", body, content_type=kind)
    assert 400 <= answer.status_code < 500


def test_the_client_reads_refusals(small: Small, client_of: Callable[..., Client]) -> None:
    with pytest.raises(open311.Open311Error) as caught:
        client_of("json", api_key="x").open("streetlight", lat=1, long=2)
    assert caught.value.status == 403
    assert caught.value.errors[0][0] == "403"
