"""Plain words for tests, values and findings, in Vietnamese and English.

Every sentence is a :class:`Said`: an English message id with parameters, which may be sentences, FEEL values or
lists of them. A :class:`Speech` says it in a language; the translations stand in the catalogue of ``core.cases``,
whose pages show them, and are read from there by the command line too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from thanglong.kit.errors import N_
from thanglong.solve.dmn.feel import ast, temporal
from thanglong.solve.dmn.feel.values import (
    DAY,
    SECOND,
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Range,
    Time,
)
from thanglong.solve.dmn_analysis.literals import NotDecided, constant

ANY = N_("anything")


@dataclass(frozen=True, slots=True)
class Said:
    """An English message id and what fills it."""

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Either:
    """Alternatives, said with “or” before the last."""

    parts: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text that stays as it is: a name, an expression."""

    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """What a model calls an input or a decision; translated when a translation is known."""

    text: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Several things, said with commas."""

    parts: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Speech:
    """A language to speak: ``language`` ("vi" or "en") decides how values look, ``translate`` gives the texts,
    ``words`` are titles of codes that stand in a model as values."""

    language: str = "en"
    translate: Callable[[str], str] = str
    words: Mapping[str, str] = field(default_factory=dict)

    def say(self, what: Any) -> str:
        """A sentence, alternatives, verbatim text or FEEL value as text."""
        if isinstance(what, Said):
            filled = {name: self.say(value) for name, value in what.params.items()}
            text = self.translate(what.text)
            return text % filled if filled else text
        if isinstance(what, Either):
            return self.translate(N_(" or ")).join(self.say(part) for part in what.parts)
        if isinstance(what, Name):
            return self.translate(what.text) if what.text else ""
        if isinstance(what, Listed):
            return ", ".join(self.say(part) for part in what.parts)
        return what.text if isinstance(what, Verbatim) else self.value(what)

    def value(self, value: Any) -> str:
        """A FEEL value as a reader of the language writes it."""
        if value is None:
            return self.translate(N_("nothing"))
        if isinstance(value, bool):
            return self.translate(N_("yes")) if value else self.translate(N_("no"))
        if isinstance(value, Decimal | int | float):
            return self._number(Decimal(repr(value)) if isinstance(value, float) else Decimal(value))
        if isinstance(value, str):
            title = self.words.get(value)
            return f"“{self.translate(title) if title else value}”"
        if isinstance(value, list | tuple):
            return ", ".join(self.value(item) for item in value) if value else self.translate(N_("an empty list"))
        if isinstance(value, Mapping):
            return "; ".join(f"{name}: {self.value(item)}" for name, item in value.items())
        if isinstance(value, Range):
            return self.say(interval(value.low, value.low_closed, value.high, value.high_closed))
        return self._calendar(value)

    def _number(self, value: Decimal) -> str:
        text = f"{value.normalize() + 0:f}" if abs(value.adjusted()) < 40 else str(value)
        whole, dot, part = text.partition(".")
        minus = "−" if whole.startswith("-") else ""
        digits = whole.lstrip("-")
        if digits.isdigit() and len(digits) > 4:
            digits = f"{int(digits):,}".replace(",", "." if self.language == "vi" else ",")
        return minus + digits + (("," if self.language == "vi" else ".") + part if dot else "")

    def _calendar(self, value: Any) -> str:
        if isinstance(value, Date) and self.language == "vi":
            return f"{value.day:02d}/{value.month:02d}/{value.year:04d}"
        if isinstance(value, DateTime):
            return f"{self.value(value.date)} {self.value(value.time)}"
        if isinstance(value, Time):
            text = temporal.show_time(value)
            return text[:5] + text[8:] if text[5:8] == ":00" else text
        if isinstance(value, MonthsDuration):
            years, months = divmod(abs(value.months), 12)
            return self._parts(value.months < 0, ((years, N_("%(n)s years")), (months, N_("%(n)s months"))))
        if isinstance(value, DaysDuration):
            rest = abs(value.nanos)
            parts = (
                (rest // DAY, N_("%(n)s days")),
                (rest % DAY // (3600 * SECOND), N_("%(n)s hours")),
                (rest % (3600 * SECOND) // (60 * SECOND), N_("%(n)s minutes")),
                (Decimal(rest % (60 * SECOND)) / SECOND, N_("%(n)s seconds")),
            )
            return self._parts(value.nanos < 0, parts)
        return temporal.show(value) if isinstance(value, Date) else self.translate(N_("a function"))

    def _parts(self, negative: bool, parts: Sequence[tuple[Any, str]]) -> str:
        said = [self.translate(text) % {"n": self.value(number)} for number, text in parts if number]
        text = " ".join(said) or self.translate(parts[-1][1]) % {"n": "0"}
        return f"−{text}" if negative else text


_NUMBER = {
    "<": N_("less than %(x)s"), "<=": N_("at most %(x)s"), ">": N_("more than %(x)s"), ">=": N_("at least %(x)s"),
    "!=": N_("not %(x)s"),
    "[]": N_("from %(low)s to %(high)s"), "[)": N_("from %(low)s and less than %(high)s"),
    "(]": N_("more than %(low)s and at most %(high)s"), "()": N_("more than %(low)s and less than %(high)s"),
}  # fmt: skip
_MOMENT = {
    "<": N_("before %(x)s"), "<=": N_("until %(x)s"), ">": N_("after %(x)s"), ">=": N_("from %(x)s on"),
    "!=": N_("not %(x)s"),
    "[]": N_("from %(low)s until %(high)s"), "[)": N_("from %(low)s and before %(high)s"),
    "(]": N_("after %(low)s and until %(high)s"), "()": N_("after %(low)s and before %(high)s"),
}  # fmt: skip


def interval(low: Any, low_closed: bool, high: Any, high_closed: bool) -> Any:
    """Words for the values between two ends; an end that is None is open."""
    words = _MOMENT if isinstance(low if low is not None else high, Date | Time | DateTime) else _NUMBER
    if low is None and high is None:
        return Said(ANY)
    if low is None:
        return Said(words["<=" if high_closed else "<"], {"x": high})
    if high is None:
        return Said(words[">=" if low_closed else ">"], {"x": low})
    if low == high:
        return low
    form = ("[" if low_closed else "(") + ("]" if high_closed else ")")
    return Said(words[form], {"low": low, "high": high})


def cell(node: ast.Node, source: str = "") -> Any:
    """Words for a cell of a decision table; what has no plain words stays as ``source``, its FEEL."""
    try:
        return _test(node)
    except NotDecided:
        return Verbatim(source)


def _test(node: ast.Node) -> Any:
    if isinstance(node, ast.UnaryTests):
        if not node.tests:
            return Said(ANY)
        inner = Either([_test(part) for part in node.tests])
        return Said(N_("anything but %(x)s"), {"x": inner}) if node.negated else inner
    if isinstance(node, ast.Test):
        value = constant(node.operand)
        if node.operator == "=":
            return value
        words = _MOMENT if isinstance(value, Date | Time | DateTime) else _NUMBER
        return Said(words[node.operator], {"x": value})
    if isinstance(node, ast.RangeOf):
        return interval(constant(node.low), node.low_closed, constant(node.high), node.high_closed)
    if isinstance(node, ast.ListOf):
        return Either([_test(part) for part in node.items])
    return constant(node)
