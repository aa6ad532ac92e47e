import math
import struct

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from thanglong.formats import jcs

texts = st.text(max_size=12)
scalars = st.none() | st.booleans() | st.integers(-jcs.MAX_INT, jcs.MAX_INT) | texts
floats = st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    scalars | floats,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(values)
@example({"\U0001f600": 1, "\ue000": 2, "€": 3, "\r": 4, "1": 5, "ö": 6})
@example({"b": [1.0, -0.0, 1e21, 1e-7, 333333333.3333333], "a": '\u0000\b\t\n\f\r"\\/\u007f\u2028ệ'})
def test_equals_the_reference_implementation(value: object) -> None:
    assert jcs.canonical(value) == rfc8785.dumps(value)


@given(st.integers(0, 2**64 - 1))
@example(0x444B1AE4D6E2EF50)
@example(1)
def test_every_double_is_written_as_ecmascript_does(bits: int) -> None:
    (value,) = struct.unpack("<d", struct.pack("<Q", bits))
    if math.isfinite(value):
        text = jcs.number(value)
        assert float(text) == value
        assert text.encode() == rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("value", "text"),
    # Appendix B of RFC 8785
    [
        (5e-324, "5e-324"),
        (-5e-324, "-5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740992.0, "9007199254740992"),
        (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e23, "1e+23"),
        (999999999999999900000.0, "999999999999999900000"),
        (1e21, "1e+21"),
        (9.999999999999997e-7, "9.999999999999997e-7"),
        (0.000001, "0.000001"),
        (333333333.33333325, "333333333.33333325"),
        (1424953923781206.2, "1424953923781206.2"),
        (-0.0, "0"),
    ],
)
def test_numbers_of_the_standard(value: float, text: str) -> None:
    assert jcs.number(value) == text


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        2**53,
        -(2**53),
        {1: "a"},
        {"a": {1, 2}},
        b"bytes",
        "\ud800",
        {"\udc00": 1},
        [object()],
    ],
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(jcs.NotCanonical):
        jcs.canonical(value)


def test_depth_is_refused_not_crashed() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(jcs.NotCanonical):
        jcs.canonical(value)


def test_the_refusal_says_where() -> None:
    with pytest.raises(jcs.NotCanonical, match="/a/1: whole number beyond"):
        jcs.canonical({"a": [0, 2**60]})
