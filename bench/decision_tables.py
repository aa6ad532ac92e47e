"""Checking decision tables: gaps and overlaps of large tables, against asking the engine at every corner.

A table of R rules over N number inputs is made by cutting a space at random, so it is complete and without overlaps;
one rule is then taken out and one doubled, and the check must find exactly that. The reference asks the compiled table
in the middle of every cell of the coarsest grid on which the rules are constant: it finds the same, and is only
possible for small tables.
"""

import argparse
import itertools
import random
import time
from collections.abc import Sequence

import _figures

from thanglong.solve import dmn
from thanglong.solve.dmn import model as m
from thanglong.solve.dmn_analysis import Finding, Types, analyse
from thanglong.solve.dmn_analysis.check import table_of

Box = list[tuple[int, int]]


def partition(rules: int, inputs: int, top: int, seed: int) -> list[Box]:
    """A space of whole-numbered edges cut into boxes that leave nothing."""
    draw = random.Random(seed)
    boxes: list[Box] = [[(0, top)] * inputs]
    while len(boxes) < rules:
        index = draw.randrange(len(boxes))
        column = draw.randrange(inputs)
        low, high = boxes[index][column]
        if high - low < 2:
            continue
        at = draw.randrange(low + 1, high)
        other = list(boxes[index])
        boxes[index][column], other[column] = (low, at), (at, high)
        boxes.append(other)
    return boxes


def model(boxes: Sequence[Box], top: int, policy: str = "U") -> m.Definitions:
    """The boxes as a decision table."""
    names = [f"x{n}" for n in range(len(boxes[0]))]
    inputs = {name: m.InputData(name, m.Variable(name, "number"), name) for name in names}
    rules = tuple(
        m.Rule(tuple("-" if span == (0, top) else f"[{span[0]}..{span[1]})" for span in box), (str(n),), (), f"r{n}", n)
        for n, box in enumerate(boxes, 1)
    )
    columns = tuple(m.TableInput(name, "number", f"[0..{top})") for name in names)
    table = m.DecisionTable(hit_policy=policy, inputs=columns, outputs=(m.TableOutput(type_ref="number"),), rules=rules)
    decision = m.Decision("d", m.Variable("D"), tuple(f"#{name}" for name in names), table, "D")
    return m.Definitions("urn:bench", elements={**inputs, "d": decision})


def check(definitions: m.Definitions) -> list[Finding]:
    """The findings about the one table."""
    decision = definitions.elements["d"]
    assert isinstance(decision, m.Decision) and isinstance(decision.expression, m.DecisionTable)
    return analyse(table_of(definitions, decision, "D", decision.expression, Types(definitions)))


def brute(boxes: Sequence[Box], top: int) -> tuple[bool, set[tuple[int, ...]]]:
    """Whether there is a gap, and the pairs that meet, by asking the engine in the middle of every cell."""
    compiled = dmn.compile_definitions(model(boxes, top, "R"))
    edges = [sorted({edge for box in boxes for edge in box[n]}) for n in range(len(boxes[0]))]
    middles = [[(low + high) / 2 for low, high in itertools.pairwise(line)] for line in edges]
    gap, pairs = False, set()
    for point in itertools.product(*middles):
        asked = {f"x{n}": value for n, value in enumerate(point)}
        found = [int(value) for value in dmn.evaluate(compiled, "D", asked).value or ()]
        gap |= not found
        pairs |= set(itertools.combinations(sorted(found), 2))
    return gap, pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=1000)
    parser.add_argument("--inputs", type=int, default=10)
    options = parser.parse_args()

    result = _figures.of("decisions")
    small = partition(24, 3, 40, 1)
    broken = [*small[1:], small[5]]
    began = time.process_time()
    found = check(model(broken, 40))
    ours = time.process_time() - began
    began = time.process_time()
    gap, pairs = brute(broken, 40)
    theirs = time.process_time() - began
    assert gap and any(each.code == "gap" for each in found)
    assert {each.rules for each in found if each.code == "overlap"} == pairs
    print(f"24 rules x 3 inputs: check {ours * 1000:.0f} ms, asking the engine in every cell {theirs * 1000:.0f} ms")
    result("check 24x3", ours, "s CPU", "engine asked in every cell", theirs / ours)

    large = partition(options.rules, options.inputs, 100, 2)
    for name, boxes, codes in (
        ("complete", large, set()),
        ("one rule missing", large[1:], {"gap"}),
        ("one rule twice", [*large, large[7]], {"overlap"}),
    ):
        definitions = model(boxes, 100)
        began = time.process_time()
        found = check(definitions)
        spent = time.process_time() - began
        assert {each.code for each in found} == codes, (name, [each.code for each in found])
        print(f"{options.rules} rules x {options.inputs} inputs, {name}: {spent:.2f} s")
        result(f"check {options.rules}x{options.inputs} {name}", spent, "s CPU")


if __name__ == "__main__":
    main()
