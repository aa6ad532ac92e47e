"""Functions over all elements of a list: counts, extremes, sums, means, and the two quantifiers."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from thanglong.solve.dmn.feel.builtins.base import built_in, spread, wrong
from thanglong.solve.dmn.feel.operators import compare, finite
from thanglong.solve.dmn.feel.run import Run
from thanglong.solve.dmn.feel.values import DECIMAL128, Value


def _extreme(name: str, sign: int) -> None:
    @built_in(name, "list", many=True)
    def find(run: Run, *given: Value) -> Value:
        items = spread(given)
        if items is None:
            return wrong(run, name, None, "list")
        run.spend(len(items))
        if not items:
            return run.null("null", "The list is empty", name)
        best = items[0]
        if compare(best, best) is None:
            return wrong(run, name, best, "list")
        for item in items[1:]:
            order = compare(item, best)
            if order is None:
                return wrong(run, name, item, "list")
            if order == sign:
                best = item
        return best


_extreme("min", -1)
_extreme("max", 1)


@built_in("count", "list")
def count(run: Run, items: Value) -> Value:
    if items is None:
        return wrong(run, "count", items, "list")
    return Decimal(len(items) if type(items) is list else 1)


def numbers(run: Run, name: str, given: tuple[Value, ...]) -> list[Decimal] | None:
    """The numbers of an argument; None (with a note) when it holds anything else."""
    items = spread(given)
    if items is None:
        wrong(run, name, None, "list of numbers")
        return None
    run.spend(len(items))
    for item in items:
        if type(item) is not Decimal:
            wrong(run, name, item, "list of numbers")
            return None
    return items


def _total(items: list[Decimal]) -> Decimal:
    total = Decimal(0)
    for item in items:
        total = DECIMAL128.add(total, item)
    return total


def _product(items: list[Decimal]) -> Decimal:
    made = Decimal(1)
    for item in items:
        made = DECIMAL128.multiply(made, item)
    return made


def _mean(items: list[Decimal]) -> Decimal:
    return DECIMAL128.divide(_total(items), Decimal(len(items)))


def _median(items: list[Decimal]) -> Decimal:
    ordered = sorted(items)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return DECIMAL128.divide(DECIMAL128.add(ordered[middle - 1], ordered[middle]), Decimal(2))


def _deviation(items: list[Decimal]) -> Decimal:
    """Sample standard deviation (divisor n - 1)."""
    mean = _mean(items)
    squares = []
    for item in items:
        distance = DECIMAL128.subtract(item, mean)
        squares.append(DECIMAL128.multiply(distance, distance))
    return DECIMAL128.divide(_total(squares), Decimal(len(items) - 1)).sqrt(DECIMAL128)


def _over(name: str, least: int, act: Callable[[list[Decimal]], Decimal]) -> None:
    @built_in(name, "list", many=True)
    def compute(run: Run, *given: Value) -> Value:
        items = numbers(run, name, given)
        if items is None:
            return None
        if len(items) < least:
            return run.null("null", "The list has too few elements", name, str(len(items)))
        return finite(run, act(items))


_over("sum", 1, _total)
_over("product", 1, _product)
_over("mean", 1, _mean)
_over("median", 1, _median)
_over("stddev", 2, _deviation)


@built_in("mode", "list", many=True)
def mode(run: Run, *given: Value) -> Value:
    items = numbers(run, "mode", given)
    if items is None:
        return None
    times = Counter(items)
    most = max(times.values(), default=0)
    return sorted(item for item, count in times.items() if count == most)


def _quantifier(name: str, decisive: bool) -> None:
    @built_in(name, "list", many=True)
    def judge(run: Run, *given: Value) -> Value:
        items = spread(given)
        if items is None:
            return wrong(run, name, None, "list of booleans")
        run.spend(len(items))
        if any(item is decisive for item in items):
            return decisive
        for item in items:
            if type(item) is not bool:
                return wrong(run, name, item, "list of booleans")
        return not decisive


_quantifier("all", False)
_quantifier("any", True)
