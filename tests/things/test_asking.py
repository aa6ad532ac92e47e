"""The query builder: the request it shows, asked at the interface NGSI-LD, answers what the page shows."""

import json
import shlex
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import shapely
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.surfaces.conftest import Ask, broker, things

from thanglong.core.places import service as places
from thanglong.core.things import service
from thanglong.core.things.rules import asking
from thanglong.core.things.rules.asking import OPERATORS, Row
from thanglong.core.things.types import geo, prop, rel
from thanglong.core.things.views import asking as page
from thanglong.formats.ngsild import query as language
from thanglong.kit import clock
from thanglong.kit.errors import Invalid
from thanglong.kit.ports import SYSTEM, ThingsStore

__all__ = ["broker", "things"]
pytestmark = pytest.mark.django_db
ASK = "/centre/things/ask/"
WARD = "00000000-0000-4000-8000-0000000000aa"


@pytest.fixture
def lamps(things: ThingsStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A hundred and twenty lamps in a row from west to east, some of them off, and a rack nobody else may see."""
    now = clock.now()
    found: list[dict[str, Any]] = [
        {
            "id": f"urn:ngsi-ld:Streetlight:{n:03d}", "type": "Streetlight", "name": prop(f'Đèn "{n}" & phố Huế'),
            "location": geo(105.8 + n / 1000, 21.0, now), "powerState": prop("off" if n % 7 == 0 else "on"),
            "power": prop(n, now - timedelta(minutes=n + 1), "WTT"), "cabinet": rel("urn:ngsi-ld:Cabinet:1"),
        }
        for n in range(120)
    ]  # fmt: skip
    found += [{"id": "urn:ngsi-ld:Rack:1", "type": "Rack", "name": prop("Rack 1")}]
    assert service.upsert(SYSTEM, found) == [None] * len(found)
    ragged = [(105.8 + x / 1e5, 20.9 if x % 2 else 20.95) for x in range(0, 2000, 7)]
    outline = shapely.Polygon([*ragged, (105.82, 21.1), (105.8, 21.1)])
    monkeypatch.setattr(places, "boundary", lambda unit: outline)
    yield


def asked_of(client: Client, form: dict[str, Any]) -> Any:
    answer = client.get(ASK, {"type": "Streetlight", **form})
    assert answer.status_code == 200
    return answer


def at_the_interface(broker: Ask, call: Any) -> Any:
    """What the shown request answers."""
    path = call.address.removeprefix("/ngsi-ld/v1")
    answer = broker(call.method, path, json.loads(call.body) if call.body else None)
    assert answer.status_code == 200, answer.text
    return answer


NEAR = {"place": "near", "lat": "21", "lon": "105,85", "metres": "1000"}
FORMS: list[dict[str, Any]] = [
    {},
    {"offset": "100"},
    {"attribute": "powerState", "operator": "is", "value": "off"},
    {"attribute": ["power", "powerState"], "operator": ["between", "not"], "value": ["10..30", "off"]},
    {"attribute": "name", "operator": "contains", "value": 'đèn "7'},
    {"attribute": "name", "operator": "pattern", "value": "[13]5"},
    {"attribute": "power", "operator": "among", "value": "3, 5,99"},
    {"attribute": ["cabinet", "nothing"], "operator": ["is", "missing"], "value": ["urn:ngsi-ld:Cabinet:1", ""]},
    {"more": 'power<3|powerState=="off"', "attribute": "power", "operator": "most", "value": "50"},
    {**NEAR, "order": "distance"},
    {**NEAR, "order": "distance", "down": "1"},
    {"order": "power", "down": "1"},
    {"place": "unit", "unit": WARD},
    {"parts": "only", "name": ["power", "name"], "format": "simplified"},
    {"parts": "without", "name": ["location", "cabinet"], "format": "concise"},
    {"past": "1", "last": "2", "attribute": "power", "operator": "less", "value": "40"},
    {"past": "1", "format": "simplified", "parts": "only", "name": ["power"]},
    {"past": "1", "since": "2020-01-01T00:00", "until": "2099-01-01T00:00", "parts": "without", "name": ["name"]},
    {"past": "1", "place": "unit", "unit": WARD},
]


@pytest.mark.usefixtures("lamps")
@pytest.mark.parametrize("form", FORMS, ids=lambda form: "+".join(form) or "all")
def test_the_page_and_the_interface_say_the_same(client: Client, broker: Ask, form: dict[str, Any]) -> None:
    shown = asked_of(client, {**form, "view": "json"})
    answer = at_the_interface(broker, shown.context["call"])
    assert json.loads(shown.context["text"]) == answer.json()
    assert answer.json(), "a question that finds nothing shows nothing"
    assert int(answer.headers["ngsild-results-count"]) == shown.context["answer"].total
    if "unit" in form:
        assert shown.context["call"].method == "POST", "an outline is too long for an address"
    table = asked_of(client, form)
    assert table.content.decode().count("<tr>") > 1


@pytest.mark.usefixtures("lamps")
def test_the_command_line_is_the_request(client: Client) -> None:
    shown = asked_of(client, {"attribute": "name", "operator": "contains", "value": "it's"})
    words = shlex.split(shown.context["curl"])
    assert words[0] == "curl" and "KEY" not in words[-1], "a stranger needs no key for an open type"
    parts = urlsplit(words[-1])
    assert f"{parts.path}?{parts.query}" == shown.context["call"].address


WRONG: dict[str, dict[str, Any]] = {
    "row0": {"attribute": "power", "operator": "more", "value": ""},
    "row1": {"attribute": ["power", "name"], "operator": ["exists", "pattern"], "value": ["", "((("]},
    "more": {"more": "power=="},
    "place": {"place": "near", "lat": "abc", "lon": "1"},
    "metres": {**NEAR, "metres": "-5"},
    "unit": {"place": "unit"},
    "order": {"order": "distance"},
    "since": {"past": "1", "since": "yesterday"},
    "until": {"past": "1", "since": "2026-01-02T00:00", "until": "2026-01-01T00:00"},
    "last": {"past": "1", "last": "many"},
}


@pytest.mark.usefixtures("lamps")
@pytest.mark.parametrize("field", WRONG)
def test_what_is_wrong_stands_beside_its_field(client: Client, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "boundary", lambda unit: None)
    vietnamese = asked_of(client, WRONG[field])
    assert list(vietnamese.context["wrong"]) == [field] and vietnamese.context["answer"] is None
    client.cookies["thanglong_language"] = "en"
    english = asked_of(client, WRONG[field])
    assert english.context["wrong"][field] != vietnamese.context["wrong"][field]
    text = english.content.decode()
    beside = text[text.index(f'id="wrong-{field}"') :]
    assert "error-text" in beside[: beside.index("</div>")]


@pytest.mark.usefixtures("lamps")
def test_closed_types_stay_closed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.get(ASK)
    assert first.context["wish"].kind == "Streetlight", "the largest type is asked for first"
    assert "Rack" not in first.content.decode()
    assert client.get(ASK, {"type": "Rack"}).status_code in (302, 401)
    assert client.get(ASK, {"type": "Rack", "past": "1"}).status_code in (302, 401)
    monkeypatch.setattr(page, "actor_of", lambda request: SYSTEM)
    assert client.get(ASK, {"type": "Rack"}).context["answer"].total == 1


@pytest.mark.usefixtures("lamps")
def test_pages_maps_and_emptiness(client: Client) -> None:
    first = asked_of(client, {})
    assert (first.context["before"], first.context["after"], first.context["last"]) == ("", "50", 50)
    assert asked_of(client, {"offset": "100"}).context["after"] == ""
    beyond = asked_of(client, {"offset": "999999999999"})
    assert beyond.context["answer"].total == 120 and not beyond.context["answer"].shown
    drawn = asked_of(client, {"view": "map"}).context["marks"]
    assert len(drawn["marks"]) == 50 and drawn["bounds"][0] < 105.8
    assert not asked_of(client, {"attribute": "power", "operator": "more", "value": "999"}).context["answer"].total


def test_nothing_there_yet(client: Client, things: ThingsStore) -> None:
    assert client.get(ASK).status_code == 200
    assert client.get("/centre/things/attributes/").status_code == 200


class TestTerms:
    @settings(max_examples=150, deadline=None)
    @given(st.sampled_from(sorted(OPERATORS)), st.text(max_size=12), st.sampled_from(["a", "a.b", "a[b]", "urn:x:y"]))
    def test_a_term_is_read_as_written_or_refused(self, operator: str, value: str, name: str) -> None:
        try:
            text = asking.term(Row(name, operator, value))
        except Invalid:
            return
        try:
            found = language.condition(text)
        except Invalid:
            return
        assert isinstance(found, language.Term), "no value ever becomes a second condition"
        if operator == "is" and '"' not in value and not isinstance(found.value, (list, tuple)):
            assert str(found.value).lower() == value.strip().lower() or not isinstance(found.value, str)

    @settings(max_examples=60, deadline=None)
    @given(st.dictionaries(st.sampled_from(sorted(["type", "attribute", "operator", "value", "more", "place", "lon", "lat",
        "metres", "unit", "order", "past", "since", "until", "last", "offset", "name", "parts", "format", "view"])),
        st.lists(st.text(max_size=9), max_size=3)))  # fmt: skip
    def test_any_form_is_a_question(self, form: dict[str, list[str]]) -> None:
        asked = asking.asked(asking.wish_of(form))
        assert asking.call_of(asked).curl("http://x", True).startswith("curl -H")
