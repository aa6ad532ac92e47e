"""The guard language: what it says, and that it never fails on data."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thanglong.formats.conditions import check, holds

CONTEXT = {"data": {"kind": "lamp", "n": 3, "ok": True, "list": ["a"], "none": None}, "case": {"state": "new"}}
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3),
)
leaves = st.sampled_from(["data.kind", "data.n", "data.ok", "data.list", "data.absent", "case.state.deeper"]).map(
    lambda path: {"var": path}
)
operands = leaves | values


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    compare = st.tuples(st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in"]), operands, operands)
    return (
        compare.map(lambda parts: {parts[0]: [parts[1], parts[2]]})
        | st.lists(inner, max_size=3).map(lambda items: {"all": items})
        | st.lists(inner, max_size=3).map(lambda items: {"any": items})
        | inner.map(lambda item: {"not": item})
    )


conditions = st.recursive(st.just({"present": "data.kind"}), nested, max_leaves=8)


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        (None, True),
        ({"==": [{"var": "data.kind"}, "lamp"]}, True),
        ({"!=": [{"var": "data.kind"}, "lamp"]}, False),
        ({"<": [{"var": "data.n"}, 4]}, True),
        ({">=": [{"var": "data.n"}, "3"]}, False),
        ({"<": [{"var": "data.absent"}, 4]}, False),
        ({"==": [{"var": "data.ok"}, 1]}, False),
        ({"in": [{"var": "data.kind"}, ["lamp", "hole"]]}, True),
        ({"in": ["am", {"var": "data.kind"}]}, True),
        ({"in": [1, 5]}, False),
        ({"present": "data.none"}, False),
        ({"all": []}, True),
        ({"any": []}, False),
        ({"not": {"any": [{"==": [1, 2]}, {"present": "data.list"}]}}, False),
    ],
)
def test_truth(condition: Any, truth: bool) -> None:
    check(condition)
    assert holds(condition, CONTEXT) is truth


@pytest.mark.parametrize(
    "condition",
    [{"eval": "1"}, {"==": [1]}, {"all": 5}, {"var": ""}, {"==": [1, 2], "not": 1}, {"==": [object(), 1]}, {}],
)
def test_what_is_not_sound_is_refused(condition: Any) -> None:
    with pytest.raises(ValueError, match="."):
        check(condition)


def test_depth_is_bounded() -> None:
    deep: Any = True
    for _ in range(50):
        deep = {"not": deep}
    with pytest.raises(ValueError, match="deep"):
        check(deep)


@given(
    conditions, st.dictionaries(st.sampled_from(["data", "case"]), values | st.dictionaries(st.just("kind"), values))
)
def test_a_sound_condition_never_fails(condition: Any, context: Any) -> None:
    check(condition)
    assert holds(condition, context) in (True, False)
    assert holds({"not": condition}, context) is not holds(condition, context)
