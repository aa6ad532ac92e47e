"""A column's index against each span asked by itself."""

import time
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from thanglong.solve.dmn.table_index import _index

ends = st.none() | st.integers(0, 6).map(Decimal)
spans = st.lists(st.tuples(ends, st.booleans(), ends, st.booleans()), max_size=10)


@given(spans, st.lists(st.integers(0, 6).map(Decimal), max_size=4))
def test_a_value_finds_the_spans_that_hold_it(
    rows: list[tuple[Decimal | None, bool, Decimal | None, bool]], exact: list[Decimal]
) -> None:
    marked = [(*row, 1 << place) for place, row in enumerate(rows)]
    points = {(Decimal, value): 1 << (20 + place) for place, value in enumerate(dict.fromkeys(exact))}
    look = _index(1 << 40, points, marked)
    for quarter in range(-3, 28):
        value = Decimal(quarter) / 4
        wanted = 1 << 40 | points.get((Decimal, value), 0)
        for low, low_closed, high, high_closed, bit in marked:
            above = low is None or value > low or (low_closed and value == low)
            below = high is None or value < high or (high_closed and value == high)
            wanted |= bit if above and below else 0
        assert look(value) == wanted
    assert look(None) == look("x") == 1 << 40


def test_ten_thousand_rules_are_indexed_in_a_moment() -> None:
    begun = time.process_time()
    look = _index(0, {}, [(Decimal(k), True, Decimal(k + 1), False, 1 << k) for k in range(10_000)])
    assert time.process_time() - begun < 1
    assert look(Decimal("77.5")) == 1 << 77
