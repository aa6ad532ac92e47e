"""What a part of a model can see while it is compiled: names for the parser, cells for the closures, types."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from thanglong.solve.dmn.feel.builtins import BUILT_IN_SCOPE
from thanglong.solve.dmn.feel.compiler import compile_node
from thanglong.solve.dmn.feel.layout import Code, Layout, Place
from thanglong.solve.dmn.feel.lexer import FeelFault
from thanglong.solve.dmn.feel.names import Scope, canonical
from thanglong.solve.dmn.feel.parser import parse, parse_tests
from thanglong.solve.dmn.typing import Types


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a model, found before it runs."""

    code: str
    text: str
    where: str = ""
    line: int = 0
    position: int | None = None
    source: str = ""


@dataclass(slots=True)
class Model:
    """What all parts of one model share while compiling."""

    types: Types
    known: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


class Space:
    """Names visible at one place of a model."""

    __slots__ = ("model", "place", "scope", "where")

    def __init__(self, model: Model, place: Place, scope: Scope, where: str) -> None:
        self.model, self.place, self.scope, self.where = model, place, scope, where

    @classmethod
    def of(cls, model: Model, names: Iterable[str], where: str) -> Space:
        """The outermost space of an element, with the names it requires."""
        known = list(names)
        place = Place(Layout(), known, types=model.types.find)
        return cls(model, place, Scope(known, BUILT_IN_SCOPE, model.known, model.types.names()), where)

    def inner(self, *names: str) -> Space:
        """A space inside with more names."""
        return Space(self.model, self.place.inner(names), Scope(names, self.scope), self.where)

    def expression(self, text: str, line: int = 0) -> Code:
        """The closure of a FEEL text; one with a fault gives null, and the fault is kept."""
        try:
            return compile_node(parse(text, self.scope), self.place)
        except FeelFault as fault:
            return self.broken(text, fault, line)

    def tests(self, text: str, line: int = 0) -> Code:
        """The closure of unary tests over ``?``."""
        try:
            return compile_node(parse_tests(text, self.scope), self.place)
        except FeelFault as fault:
            return self.broken(text, fault, line)

    def broken(self, text: str, fault: FeelFault, line: int) -> Code:
        """Keeps a fault of syntax; the closure gives null and says so."""
        self.model.faults.append(Fault("syntax", fault.reason, self.where, line, fault.position, text))
        return lambda frame: frame[0].null("syntax", "The expression is not FEEL", text[:60], fault.reason)

    def fault(self, code: str, text: str, line: int = 0) -> Code:
        """Keeps a fault of the model; the closure gives null and says so."""
        self.model.faults.append(Fault(code, text, self.where, line))
        return lambda frame: frame[0].null(code, text)


def known_names(names: Iterable[str]) -> dict[str, str]:
    """Names by their canonical form, for paths and filters."""
    return {canonical(name): name for name in names if name}
