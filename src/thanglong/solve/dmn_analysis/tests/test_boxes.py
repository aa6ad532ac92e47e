"""The geometry of rules against brute force."""

import random
import time
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thanglong.solve.dmn_analysis import boxes
from thanglong.solve.dmn_analysis.boxes import Box, Search

SIZES = (5, 4, 3)
SPACE = tuple((1 << size) - 1 for size in SIZES)


def points(box: Box) -> set[tuple[int, ...]]:
    return set(product(*[list(boxes.bits(cells)) for cells in box]))


RULES = st.lists(st.tuples(*[st.integers(1, full) for full in SPACE]), max_size=9)


@settings(max_examples=300, deadline=None)
@given(RULES)
def test_holes_are_exactly_what_is_uncovered(rules: list[Box]) -> None:
    covered = set().union(*[points(rule) for rule in rules])
    holes = list(Search(SPACE, rules).holes())
    assert set().union(*[points(hole) for hole in holes]) == points(SPACE) - covered
    for hole in holes:  # none can grow
        for column, full in enumerate(SPACE):
            for cell in boxes.bits(full & ~hole[column]):
                wider = (*hole[:column], hole[column] | 1 << cell, *hole[column + 1 :])
                assert points(wider) & covered


@settings(max_examples=300, deadline=None)
@given(RULES)
def test_partners_are_the_rules_that_meet(rules: list[Box]) -> None:
    found = boxes.partners(rules)
    for i, a in enumerate(rules):
        assert set(boxes.bits(found[i])) == {j for j, b in enumerate(rules) if i != j and points(a) & points(b)}


def partition(cells: list[int], leaves: int, seed: int) -> tuple[Box, list[Box]]:
    """A space cut at random into boxes that do not meet and leave nothing."""
    draw = random.Random(seed)
    space = tuple((1 << size) - 1 for size in cells)
    parts = [space]
    while len(parts) < leaves:
        index = draw.randrange(len(parts))
        box = parts[index]
        column = draw.randrange(len(cells))
        inside = list(boxes.bits(box[column]))
        if len(inside) < 2:
            continue
        at = draw.randrange(1, len(inside))
        left = sum(1 << cell for cell in inside[:at])
        parts[index] = (*box[:column], left, *box[column + 1 :])
        parts.append((*box[:column], box[column] & ~left, *box[column + 1 :]))
    draw.shuffle(parts)
    return space, parts


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30), st.booleans())
def test_a_partition_is_complete_and_without_one_rule_it_is_not(seed: int, leaves: int, apart: bool) -> None:
    space, rules = partition([9, 9, 9, 9], leaves, seed)
    assert not any(boxes.partners(rules))
    assert Search(space, rules, apart).hole() is None
    holes = list(Search(space, rules[1:], apart).holes())
    assert set().union(*[points(hole) for hole in holes]) == points(rules[0])


@pytest.mark.parametrize("apart", [True, False])
def test_a_thousand_rules_with_ten_inputs_take_seconds(apart: bool) -> None:
    space, rules = partition([101] * 10, 1000, 7)
    began = time.process_time()
    assert not any(boxes.partners(rules))
    assert Search(space, rules, apart).hole() is None
    assert Search(space, rules[:-1], apart).hole() == rules[-1]
    assert time.process_time() - began < 20


def test_a_hopeless_search_gives_up() -> None:
    draw = random.Random(3)
    space = tuple([(1 << 8) - 1] * 12)
    rules = [tuple(draw.getrandbits(8) or 1 for _ in range(12)) for _ in range(400)]
    with pytest.raises(boxes.Undecided):
        for _ in Search(space, rules, budget=500).holes():
            pass
