"""One evaluation: its budget, its diagnostics, its moment."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from thanglong.kit import clock
from thanglong.solve.dmn.feel.moments import moment_of
from thanglong.solve.dmn.feel.values import DateTime

STEPS = 2_000_000
"""Steps of one evaluation (an element of a loop or a call is a step)."""
TEXT = 2_000_000
"""Longest string an evaluation may make, in characters."""
ITEMS = 500_000
"""Longest list an evaluation may make."""
CALLS = 150
"""Deepest nesting of calls of functions that the model defines."""
NOTES = 200
"""Most diagnostics kept."""


class Exhausted(Exception):
    """The evaluation has used up its budget; the text says which."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something a reader of the result should know: a null nobody asked for, a refused value, a conflict.

    ``code`` is a fixed word (``null``, ``type``, ``argument``, ``unknown``, ``conflict``, ``constraint``, ``budget``,
    ``external``, ``syntax``), ``text`` an English sentence, ``where`` the decision, table or function it happened in,
    ``facts`` the values it speaks of."""

    code: str
    text: str
    where: str = ""
    facts: tuple[str, ...] = ()


class Run:
    """The state of one evaluation; used by one thread, thrown away afterwards."""

    __slots__ = ("depth", "moment", "notes", "steps", "trace", "values", "where")

    def __init__(self, moment: DateTime | None = None, steps: int = STEPS) -> None:
        self.moment = moment
        self.steps = steps
        self.depth = 0
        self.where = ""
        self.notes: list[Diagnostic] = []
        self.values: dict[Any, Any] = {}
        self.trace: list[Any] | None = None

    def present(self) -> DateTime:
        """The moment of this run: the one it was given, or the clock's when it is first asked for."""
        if self.moment is None:
            self.moment = moment_of(clock.now())
        return self.moment

    def spend(self, steps: int) -> None:
        """Uses up budget.

        :raises Exhausted: none is left.
        """
        self.steps -= steps
        if self.steps < 0:
            raise Exhausted("the evaluation took more steps than it may")

    def room(self, items: int) -> None:
        """Checks the size of a list about to be made and pays for it."""
        if items > ITEMS:
            raise Exhausted(f"a list may have {ITEMS} items")
        self.spend(items)

    def text(self, length: int) -> None:
        """Checks the length of a string about to be made and pays for it."""
        if length > TEXT:
            raise Exhausted(f"a string may have {TEXT} characters")
        self.spend(length >> 6)

    def null(self, code: str, text: str, *facts: str) -> Any:
        """Records why a value is null; gives that null, so that a closure can return it."""
        if len(self.notes) < NOTES:
            self.notes.append(Diagnostic(code, text, self.where, facts))
        return None


_here = threading.local()


def bounded(run: Run, work: Callable[[], Any]) -> Any:
    """The value of ``work`` as the evaluation ``run``: :func:`charge` charges it in this thread meanwhile; null, with
    the reason, when its budget or the depth of calls is used up."""
    before: Run | None = getattr(_here, "run", None)
    _here.run = run
    try:
        return work()
    except Exhausted as end:
        return run.null("budget", "The evaluation is stopped", str(end))
    except RecursionError:
        return run.null("budget", "The evaluation is stopped", "the calls are nested too deeply")
    finally:
        _here.run = before


def charge(steps: int) -> None:
    """Uses up budget of this thread's run, if there is one: for work on values that knows no frame, such as comparing
    lists whose shared parts unfold to more than memory holds.

    :raises Exhausted: none is left.
    """
    run = getattr(_here, "run", None)
    if run is not None:
        run.spend(steps)
