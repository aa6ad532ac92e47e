"""JSON to FEEL and back, by declared types."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thanglong.solve.dmn import model as m
from thanglong.solve.dmn.feel.values import Date, MonthsDuration, Time
from thanglong.solve.dmn_analysis import Speech
from thanglong.solve.dmn_analysis.plain import NotThatKind, Types, to_feel, to_plain

ITEMS = (
    m.ItemDefinition("tAge", "number", allowed_values="[0..150]"),
    m.ItemDefinition("tYoung", "tAge"),
    m.ItemDefinition("tDays", "date", is_collection=True),
    m.ItemDefinition(
        "tPerson",
        components=(
            m.ItemDefinition("name", "string"),
            m.ItemDefinition("born", "date"),
            m.ItemDefinition("visits", "time", is_collection=True),
        ),
    ),
    m.ItemDefinition("tPeople", "tPerson", is_collection=True),
)
TYPES = Types(m.Definitions("urn:m", items=ITEMS))


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (3, "tYoung", Decimal(3)),
        (0.1, "number", Decimal("0.1")),
        ("2025-07-01", "date", Date(2025, 7, 1)),
        ("P1Y", "years and months duration", MonthsDuration(12)),
        (["2025-07-01"], "tDays", [Date(2025, 7, 1)]),
        ("2025-07-01", "tDays", [Date(2025, 7, 1)]),
        ({"name": "An", "born": "2000-02-29", "visits": ["08:00:00"], "x": 1}, "tPerson",
         {"name": "An", "born": Date(2000, 2, 29), "visits": [Time(8 * 3600 * 10**9)], "x": Decimal(1)}),
        ([{"born": None}], "tPeople", [{"born": None}]),
        ({"a": [1, True, "x", None]}, None, {"a": [Decimal(1), True, "x", None]}),
        (None, "number", None),
    ],
)  # fmt: skip
def test_values_are_read_by_their_type(value: Any, kind: str | None, expected: Any) -> None:
    assert to_feel(value, TYPES, kind, "x") == expected


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("3", "number", "“x” should be a number, not “3”."),
        (True, "number", "“x” should be a number, not “True”."),
        (float("nan"), "number", "“x” should be a number, not “nan”."),
        (3, "string", "“x” should be a text, not “3”."),
        ("yes", "boolean", "“x” should be yes or no, not “yes”."),
        ("2025-02-30", "date", "“x” should be a date like 2025-07-01, not “2025-02-30”."),
        ("P1Y", "days and time duration", "“x” should be a length of time like P2DT3H, not “P1Y”."),
        ({"born": "now"}, "tPerson", "“x.born” should be a date like 2025-07-01, not “now”."),
        ("An", "tPerson", "“x” should be a group of entries, not “An”."),
    ],
)
def test_what_is_of_another_kind_is_refused_in_words(value: Any, kind: str, text: str) -> None:
    with pytest.raises(NotThatKind) as caught:
        to_feel(value, TYPES, kind, "x")
    assert Speech().say(caught.value.said) == text


def test_kinds_and_limits_follow_the_chain() -> None:
    assert TYPES.kind("tYoung") == "number" and TYPES.allowed("tYoung") == "[0..150]"
    assert TYPES.kind("tPeople") == "list" and TYPES.kind("tPerson") == "context" and TYPES.kind("nothing") == ""
    ring = Types(m.Definitions("urn:m", items=(m.ItemDefinition("a", "b"), m.ItemDefinition("b", "a"))))
    assert ring.kind("a") == "" and ring.allowed("a") is None


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e9, 1e9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)


@given(PLAIN)
def test_json_survives_the_way_there_and_back(value: Any) -> None:
    assert to_plain(to_feel(value, TYPES, None)) == value
