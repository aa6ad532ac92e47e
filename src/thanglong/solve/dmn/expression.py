"""One FEEL expression or unary test by itself: guards, fees, conditions outside of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from thanglong.solve.dmn.adopt import adopt
from thanglong.solve.dmn.engine import Outcome
from thanglong.solve.dmn.feel.builtins import BUILT_IN_SCOPE
from thanglong.solve.dmn.feel.compiler import compile_node
from thanglong.solve.dmn.feel.layout import Layout, Place
from thanglong.solve.dmn.feel.names import Scope, canonical
from thanglong.solve.dmn.feel.parser import parse, parse_tests
from thanglong.solve.dmn.feel.run import STEPS, Run, bounded
from thanglong.solve.dmn.feel.values import DateTime


class Expression:
    """A compiled expression; unchanging, safe to share between threads.

    ``names`` are the variables it may read, ``known`` further names that follow a point (needed only where they hold
    blanks or signs). With ``tests`` the text is unary tests, a condition on the value of ``?``.

    :raises FeelFault: the text is not FEEL; the fault knows the position.
    """

    def __init__(self, text: str, names: Iterable[str] = (), *, tests: bool = False, known: Iterable[str] = ()) -> None:
        self.text = text
        self.names = (*names, "?") if tests else tuple(names)
        words = {canonical(name): name for name in known}
        scope = Scope(self.names, BUILT_IN_SCOPE, known=words)
        self._place = Place(Layout(), self.names)
        self.tree = parse_tests(text, scope) if tests else parse(text, scope)
        self._code = compile_node(self.tree, self._place)

    def evaluate(
        self, values: Mapping[str, Any] | None = None, *, now: DateTime | None = None, steps: int = STEPS
    ) -> Outcome:
        """The value with these variables; never raises for what the expression does: it is then null, and the
        diagnostics say why.

        :raises ValueError: a variable's value has no counterpart in FEEL.
        """
        run = Run(now, steps)
        frame: list[Any] = [None] * self._place.layout.size
        frame[0] = run
        for name, value in (values or {}).items():
            cell = self._place.cells.get(name)
            if cell is not None:
                frame[cell] = adopt(value)
        value = bounded(run, lambda: self._code(frame))
        return Outcome(value, tuple(run.notes))
