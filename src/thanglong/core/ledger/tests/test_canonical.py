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
