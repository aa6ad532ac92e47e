"""What a running process tells of itself: counts, sizes, times, spans. Nobody hears it until a listener is set.

The process that serves metrics or traces sets a listener (``site.metrics``, ``site.tracing``); a command line, a test
or a library user pays one attribute look-up for each call.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Protocol

_NOTHING: AbstractContextManager[None] = nullcontext()


class Listener(Protocol):
    """Hears what happens. Names are ``part_thing_unit``; labels have few values, and never personal ones."""

    def count(self, name: str, amount: float, labels: dict[str, str]) -> None: ...

    def observe(self, name: str, value: float, labels: dict[str, str]) -> None: ...

    def span(self, name: str, attributes: dict[str, str]) -> AbstractContextManager[None]: ...


_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Let a listener hear everything from now on."""
    if listener not in _listeners:
        _listeners.append(listener)


def unlisten(listener: Listener) -> None:
    """Let it hear no more."""
    if listener in _listeners:
        _listeners.remove(listener)


def count(name: str, amount: float = 1, **labels: str) -> None:
    """Something happened ``amount`` times."""
    for listener in _listeners:
        listener.count(name, amount, labels)


def observe(name: str, value: float, **labels: str) -> None:
    """A size or a duration in seconds was measured."""
    for listener in _listeners:
        listener.observe(name, value, labels)


def span(name: str, **attributes: str) -> AbstractContextManager[None]:
    """A stretch of work, for traces."""
    return _spans(name, attributes) if _listeners else _NOTHING


@contextmanager
def _spans(name: str, attributes: dict[str, str]) -> Iterator[None]:
    with ExitStack() as stack:
        for listener in _listeners:
            stack.enter_context(listener.span(name, attributes))
        yield
