"""The quick ways of writing what is hashed give exactly what RFC 8785 says."""

import json
import unicodedata
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from thanglong.core.ledger import rules
from thanglong.core.ledger.types import NewEntry, ObjectRef
from thanglong.formats.jcs import NotCanonical
from thanglong.kit.errors import TooLarge
from thanglong.kit.ports import Actor

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e15, 1e15) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
facts = st.dictionaries(texts, values, max_size=4)


def composed(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {composed(key): composed(item) for key, item in value.items()}
    return [composed(item) for item in value] if isinstance(value, list) else value


@given(texts, texts, texts, texts, facts, st.none() | st.uuids(), st.integers(1, 2**53 - 1))
@example(
    ',"object":{"id":"x"', "", ',"object":{"id":', 'a","object":{"id":"b', {"object": {"id": "x", "kind": "y"}}, None, 7
)
@example("\\", ',"object"', '\\",', "é\u0301", {"z": {"object": {"id": 1.5}}, "é": [1e21]}, UUID(int=5), 2**53 - 1)
def test_an_entry_is_written_as_the_standard_says(
    verb: str, kind: str, key: str, purpose: str, given_facts: dict[str, Any], unit: UUID | None, number: int
) -> None:
    actor = Actor("person", UUID(int=3), "label", role=verb, purpose=purpose)
    at = datetime(2026, 7, 14, 1, 2, 3, 4, tzinfo=UTC)
    new = NewEntry(actor, verb, ObjectRef(kind, key), unit, {"a": given_facts}, None, given_facts)
    body = rules.body(new, at, {"phone": "ff", "actor": "00"})
    value = json.loads(body)
    assert body == rfc8785.dumps(value)
    assert value["facts"] == json.loads(rfc8785.dumps(composed(given_facts)))
    assert rules.with_id(number, body) == rfc8785.dumps({**value, "id": number})
    assert rules.from_body({**value, "id": number}).object == ObjectRef(kind, key)


def test_what_does_not_fit_is_refused() -> None:
    actor, at = Actor("system"), datetime(2026, 7, 14, tzinfo=UTC)
    with pytest.raises(TooLarge):
        rules.body(NewEntry(actor, "v", ObjectRef("k", "i"), facts={"text": "x" * 70_000}), at, {})
    with pytest.raises(NotCanonical):
        rules.body(NewEntry(actor, "\ud800", ObjectRef("k", "i")), at, {})
    with pytest.raises(ValueError, match="not found"):
        rules.with_id(1, b"{}")


@pytest.mark.parametrize("number", [float(2**53), -(2.0**60), 1e20, 123456789012345680000.0])
def test_a_whole_number_that_reads_back_as_another_kind_is_refused_with_its_place(number: float) -> None:
    """RFC 8785 writes 1e20 as 100000000000000000000, which no reader can hash again."""
    facts = {"size": {"bytes": [1, number]}}
    at = datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(NotCanonical, match=r"/size/bytes/1: .* beyond 2\*\*53 - 1; write it as text"):
        rules.body(NewEntry(Actor("system"), "v", ObjectRef("k", "i"), facts=facts), at, {})


@pytest.mark.parametrize("number", [2.0**53 - 1, 1e21, 1e300, 0.1234567890123456789, "12345678901234567890"])
def test_numbers_that_read_back_as_they_were_are_taken(number: float | str) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    text = rules.body(NewEntry(Actor("system"), "v", ObjectRef("k", "i"), facts={"n": number}), at, {})
    assert rules.canonical(json.loads(text)["facts"]) == rules.canonical({"n": number})
