"""Every rule of the GeoReport v2 text as a row, in XML and JSON, read with our own client."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client as Browser

from thanglong.core.cases import service as cases
from thanglong.domains.requests import service
from thanglong.domains.requests.rules import CATEGORIES
from thanglong.domains.requests.tests.conftest import HERE, Small, jpeg
from thanglong.formats import open311
from thanglong.formats.open311 import Client, Open311Error

FORM = "application/x-www-form-urlencoded; charset=utf-8"
Make = Callable[..., Client]
both = pytest.mark.parametrize("fmt", ["xml", "json"])
LAMP = {"lat": HERE[1], "long": HERE[0], "address_string": "28 phố Thợ Nhuộm", "description": "Đèn ngõ tối ba đêm nay"}
WHAT = {"what": "out"}


def get(path: str, **query: Any) -> Any:
    return Browser().get(f"/open311/v2/{path}", query)


def post(path: str, fields: dict[str, Any]) -> Any:
    return Browser().post(f"/open311/v2/{path}", urlencode(fields, doseq=True), content_type=FORM)


def errors(answer: Any) -> list[dict[str, str]]:
    data = json.loads(answer.content) if "json" in answer["Content-Type"] else open311.from_xml(answer.content)[1]
    assert isinstance(data, list)
    for row in data:
        assert set(row) == {"code", "description"}
        assert row["description"]
    return data


@both
def test_discovery_has_every_field(small: Small, client_of: Make, fmt: str) -> None:
    found = client_of(fmt).discovery()
    assert set(found) == {"changeset", "contact", "key_service", "endpoints"}
    (endpoint,) = found["endpoints"]
    assert set(endpoint) == {"specification", "url", "changeset", "type", "formats"}
    assert endpoint["formats"] == ["text/xml", "application/json"]
    assert endpoint["type"] in ("production", "test")
    assert endpoint["url"].endswith("/open311/v2")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("services.xml", "text/xml; charset=utf-8"),
        ("services.json", "application/json; charset=utf-8"),
        ("services", "text/xml; charset=utf-8"),
        ("requests.xml", "text/xml; charset=utf-8"),
        ("requests/nothing.json", "application/json; charset=utf-8"),
        ("requests/nothing.xml", "text/xml; charset=utf-8"),
    ],
)
def test_content_types(small: Small, path: str, kind: str) -> None:
    answer = get(path)
    assert answer["Content-Type"] == kind
    if "xml" in kind:
        assert answer.content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')


def test_an_unknown_format_is_not_there(small: Small) -> None:
    assert get("services.yaml").status_code == 404
    errors(get("services.yaml"))


@both
def test_services_have_the_standard_fields(small: Small, client_of: Make, fmt: str) -> None:
    rows = client_of(fmt).services()
    assert len(rows) == len(CATEGORIES)
    for row in rows:
        assert set(row) == {"service_code", "service_name", "description", "metadata", "type", "keywords", "group"}
        assert row["type"] == "realtime"
        assert isinstance(row["metadata"], bool)


@both
def test_a_definition_lists_its_attributes(small: Small, client_of: Make, fmt: str) -> None:
    found = client_of(fmt).definition("streetlight")
    assert found["service_code"] == "streetlight"
    first = found["attributes"][0]
    assert (first["code"], first["datatype"], first["required"], first["variable"]) == (
        "what",
        "singlevaluelist",
        True,
        True,
    )
    assert [row["key"] for row in first["values"]] == ["out", "flicker", "day", "pole"]
    orders = [row["order"] for row in found["attributes"]]
    assert orders == sorted(set(orders))
    assert orders[0] == 1


@both
def test_metadata_says_whether_a_definition_is_needed(small: Small, client_of: Make, fmt: str) -> None:
    for row in client_of(fmt).services():
        assert row["metadata"] == bool(client_of(fmt).definition(row["service_code"])["attributes"])


@both
def test_sending_gives_an_id_and_no_token(small: Small, client_of: Make, key: str, fmt: str) -> None:
    receipt = client_of(fmt, api_key=key).open("streetlight", attributes=WHAT, **LAMP)
    assert receipt.service_request_id == "PA-26-000001"
    assert receipt.token is None
    found = client_of(fmt).request("PA-26-000001")
    assert found["status"] == "open"
    assert found["service_code"] == "streetlight"
    assert found["description"] == LAMP["description"]
    assert found["lat"] == pytest.approx(HERE[1])
    assert found["requested_datetime"].utcoffset() is not None
    assert found["expected_datetime"] > found["requested_datetime"]
    assert found["agency_responsible"] == "Công ty Chiếu sáng"


@both
def test_a_token_leads_to_its_request(small: Small, client_of: Make, key: str, fmt: str) -> None:
    receipt = client_of(fmt, api_key=key).open("streetlight", attributes=WHAT, response="token", **LAMP)
    assert receipt.service_request_id is None
    assert receipt.token is not None
    assert client_of(fmt).request_id(receipt.token) == "PA-26-000001"
    with pytest.raises(Open311Error) as caught:
        client_of(fmt).request_id(str(uuid4()))
    assert caught.value.status == 404


def test_list_answers_come_as_repeated_fields() -> None:
    pairs = open311.form_of({}, {"A": ["1", "2"], "B": "x"})
    assert pairs == [("attribute[A][]", "1"), ("attribute[A][]", "2"), ("attribute[B]", "x")]
    assert open311.attributes_of(pairs) == {"A": ["1", "2"], "B": ["x"]}


BAD = [
    ({"api_key": ""}, 403),
    ({"api_key": "wrong"}, 403),
    ({"service_code": "no-such"}, 404),
    ({"service_code": ""}, 400),
    ({"jurisdiction_id": "elsewhere.gov"}, 404),
    ({"lat": "", "long": "", "address_string": ""}, 400),
    ({"lat": "21", "long": ""}, 400),
    ({"lat": "north"}, 400),
    ({"lat": "nan"}, 400),
    ({"lat": "91"}, 400),
    ({"lat": "10.0", "long": "106.0"}, 400),
    ({"attribute[what]": ""}, 400),
    ({"attribute[what]": "blue"}, 400),
    ({"attribute[colour]": "blue"}, 400),
    ({"description": "x" * 4001}, 400),
    ({"address_id": "urn:ngsi-ld:Streetlight:none"}, 400),
    ({"media_url": "javascript:alert(1)"}, 400),
    ({"email": "not an address"}, 400),
]


@both
@pytest.mark.parametrize(("change", "status"), BAD)
def test_refusals_of_a_new_request(small: Small, key: str, fmt: str, change: dict[str, str], status: int) -> None:
    fields = {"api_key": key, "service_code": "streetlight", "attribute[what]": "out", **LAMP, **change}
    answer = post(f"requests.{fmt}", fields)
    assert answer.status_code == status
    assert errors(answer)
    assert service.counts(service_filter()) == 0


def service_filter() -> Any:
    from thanglong.domains.requests.types import ListFilter

    return ListFilter()


def test_a_key_without_the_scope_is_refused(small: Small, other_key: str) -> None:
    answer = post(
        "requests.json", {"api_key": other_key, "service_code": "streetlight", "attribute[what]": "out", **LAMP}
    )
    assert answer.status_code == 403


def test_one_of_three_kinds_of_place_is_enough(small: Small, client_of: Make, key: str) -> None:
    client = client_of(api_key=key)
    place = {"lat": HERE[1], "long": HERE[0]}
    assert client.open("animal", description="Chó thả rông", **place).service_request_id
    words = {"address_string": "ngõ 3, phường Hoàn Kiếm"}
    number = client.open("animal", description="Chó thả rông", **words).service_request_id
    assert client.request(str(number))["agency_responsible"] == "Phường Hoàn Kiếm"


def test_a_description_may_be_absent_hold_lines_and_4000_signs(small: Small, client_of: Make, key: str) -> None:
    client = client_of(api_key=key)
    bare = client.open("animal", lat=HERE[1], long=HERE[0])
    assert client.request(str(bare.service_request_id))["description"]
    long_text = "Dòng một\nDòng hai <b>&</b> " + "a" * 3970
    full = client.open("animal", lat=HERE[1], long=HERE[0], description=long_text[:4000])
    assert client.request(str(full.service_request_id))["description"] == long_text[:4000]


def test_the_same_key_of_the_client_is_one_request(small: Small, key: str) -> None:
    fields = {"api_key": key, "service_code": "streetlight", "attribute[what]": "out", **LAMP}
    sent = [
        Browser().post(
            "/open311/v2/requests.json", urlencode(fields), content_type=FORM, headers={"Idempotency-Key": "k1"}
        )
        for _ in range(3)
    ]
    assert {json.loads(answer.content)[0]["service_request_id"] for answer in sent} == {"PA-26-000001"}


def _several(small: Small) -> list[str]:
    """Three lamps and a dog over 100 days; the first lamp is done."""
    numbers = []
    for category, days in (("streetlight", 0), ("streetlight", 40), ("animal", 40), ("streetlight", 20)):
        small.clock.advance(days=days)
        numbers.append(small.send("Có việc ở đây cần làm", category).number)
    officer = small.people["one.light"]
    proof = cases.add_document(officer, jpeg(4), "sau.jpg", "image/jpeg", kind="proof")
    first = service.report(numbers[0])
    cases.act(officer, first.case, "resolve", {"what": "Đã thay", "who": "Tổ 1"}, version=1, documents=[proof.id])
    return numbers


@both
def test_filters(small: Small, client_of: Make, fmt: str) -> None:
    one, two, dog, last = _several(small)
    client, now = client_of(fmt), small.clock.now()
    ids = lambda rows: [row["service_request_id"] for row in rows]  # noqa: E731
    assert ids(client.requests()) == [last, dog, two]  # the last 90 days
    assert ids(client.requests(service_codes=["animal"])) == [dog]
    assert ids(client.requests(service_codes=["animal", "streetlight"], page_size=2)) == [last, dog]
    assert ids(client.requests(page=2, page_size=2)) == [two]
    assert ids(client.requests(status=["closed"], start=now - timedelta(days=101), end=now - timedelta(days=90))) == [
        one
    ]
    assert ids(client.requests(status=["open"])) == [last, dog, two]
    assert ids(client.requests(status=["open", "closed"])) == [last, dog, two]
    assert ids(client.requests(start=now - timedelta(days=101))) == [dog, two, one]
    assert ids(client.requests(end=now - timedelta(days=30))) == [two, one]
    # an id overrides everything else
    assert ids(client.requests(ids=[one, dog], service_codes=["animal"], status=["open"])) == [dog, one]


@both
@pytest.mark.parametrize(
    "query",
    [
        {"start_date": "2026-07-14"},
        {"start_date": "2026-07-14T08:00:00"},
        {"end_date": "yesterday"},
        {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-07-01T00:00:00Z"},
        {"start_date": "2026-07-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"},
        {"end_date": "0001-01-01T00:00:00Z"},
        {"start_date": "9999-12-31T23:59:59Z"},
        {"status": "half-open"},
        {"page": "0"},
        {"page_size": "1001"},
        {"page": "x"},
    ],
)
def test_bad_filters_are_refused(small: Small, fmt: str, query: dict[str, str]) -> None:
    answer = get(f"requests.{fmt}", **query)
    assert answer.status_code == 400
    assert errors(answer)[0]["code"] in ("400", 400)


@both
def test_empty_parameters_are_as_if_not_given(small: Small, fmt: str) -> None:
    small.send()
    bare = get(f"requests.{fmt}")
    names = ("service_code", "start_date", "end_date", "status", "service_request_id", "jurisdiction_id", "page")
    assert get(f"requests.{fmt}", **dict.fromkeys(names, "")).content == bare.content


@both
@pytest.mark.parametrize("path", ["services/none", "requests/PA-26-999999", "tokens/none"])
def test_what_is_not_there_is_404(small: Small, fmt: str, path: str) -> None:
    answer = get(f"{path}.{fmt}")
    assert answer.status_code == 404
    assert errors(answer)


@both
@pytest.mark.parametrize("path", ["services", "requests", "services/streetlight"])
def test_a_foreign_jurisdiction_is_404_and_our_own_is_fine(small: Small, fmt: str, path: str) -> None:
    assert get(f"{path}.{fmt}", jurisdiction_id="sfgov.org").status_code == 404
    assert get(f"{path}.{fmt}", jurisdiction_id="ha-noi").status_code == 200


def test_a_plus_that_became_a_space_is_still_a_zone(small: Small) -> None:
    answer = Browser().get("/open311/v2/requests.json?start_date=2026-07-14T00:00:00+07:00")
    assert answer.status_code == 200


def test_closed_ones_tell_when(small: Small, client_of: Make) -> None:
    one, *_ = _several(small)
    found = client_of().request(one)
    assert found["status"] == "closed"
    assert found["updated_datetime"] == small.clock.now().replace(microsecond=0)
    assert found["status_notes"]


def test_numbers_of_persons_and_exact_neighbours_stay_inside(small: Small, client_of: Make) -> None:
    sent = small.send("Hàng xóm hát karaoke, gọi 0912345678", "noise", answers={"when": "đêm"}, address="Số 5 phố Huế")
    found = client_of("json").request(sent.number)
    assert "0912345678" not in str(found)
    assert found["address"] == "phố Huế"
    assert (found["lat"], found["long"]) != (HERE[1], HERE[0])


def test_extensions_bring_the_story(small: Small) -> None:
    sent = small.send()
    (row,) = json.loads(get(f"requests/{sent.number}.json", extensions="true").content)
    assert row["extended_attributes"]["url"].endswith(f"/reports/{sent.number}/")
    assert row["notes"][0]["type"] == "opened"


def test_updates_both_ways(small: Small, client_of: Make, key: str) -> None:
    one, *_ = _several(small)
    rows = client_of().updates(small.clock.now() - timedelta(hours=1), small.clock.now() + timedelta(hours=1))
    assert [(row["service_request_id"], row["status"]) for row in rows] == [(one, "closed")]
    last = service.listed(service_filter()).items[0].number
    told = {"api_key": key, "service_request_id": last, "description": "Tổ 2 đang đến"}
    assert post("servicerequestupdates.xml", told).status_code == 201
    assert post("servicerequestupdates.xml", {**told, "status": "closed"}).status_code == 400
    assert post("servicerequestupdates.xml", {**told, "service_request_id": "none"}).status_code == 404
    assert post("servicerequestupdates.xml", {**told, "api_key": ""}).status_code == 403


def test_methods_not_offered(small: Small) -> None:
    answer = Browser().delete("/open311/v2/requests.xml")
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, POST"


@pytest.mark.parametrize("text", ["2026-07-14T08:20:00+07:00", "2026-07-14T08:20Z", "2026-07-14T08:20:30.25Z"])
def test_dates_with_a_zone_are_read(text: str) -> None:
    assert open311.w3c_parse(text).tzinfo is not None


@pytest.mark.parametrize("text", ["", "2026", "2026-07-14", "2026-07-14T08:20:00", "2026-13-01T00:00:00Z", "14/7/2026"])
def test_dates_without_one_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        open311.w3c_parse(text)


def test_a_moment_without_zone_is_never_sent() -> None:
    with pytest.raises(ValueError):
        open311.w3c(datetime(2026, 7, 14))


def test_xml_survives_everything() -> None:
    rows = [{"description": 'a<b>&"c\x00\x0b ổ', "lat": 21.5, "media_url": None, "metadata": True}]
    root, back = open311.from_xml(open311.to_xml("service_requests", rows))
    assert root == "service_requests"
    assert back == [{"description": 'a<b>&"c ổ', "lat": "21.5", "media_url": None, "metadata": "true"}]
    with pytest.raises(ValueError):
        open311.from_xml(b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>')
