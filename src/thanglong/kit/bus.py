"""Events and tasks. What happens after a change goes through the job table, in the change's own transaction.

A service publishes a frozen dataclass; each listener that an ``apps.py`` named becomes one job. A task is a function of
JSON arguments that may run twice, so it must be idempotent. A failing task is retried with growing pauses and is seen.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import msgspec

from thanglong.kit import ports
from thanglong.kit.registry import Registry

Task = Callable[..., None]
F = TypeVar("F", bound=Task)


@dataclass(frozen=True, slots=True)
class Periodic:
    """A task to run every ``seconds`` of wall time; ``apart``: in a thread of its own, whatever else is being done."""

    task: str
    seconds: float
    apart: bool = False


tasks: Registry[Task] = Registry("task")
periodic: Registry[Periodic] = Registry("periodic task")
_listeners: dict[type[Any], list[str]] = {}


def task(name: str) -> Callable[[F], F]:
    """Register a function as the task ``name`` (``module.verb``)."""

    def register(function: F) -> F:
        tasks.add(name, function)
        return function

    return register


def every(seconds: float, name: str, *, apart: bool = False) -> None:
    """Let the worker run task ``name`` about every ``seconds`` seconds; ``apart``: no long job may delay it."""
    periodic.add(name, Periodic(name, seconds, apart))


def listen(event: type[Any], name: str, handler: Callable[[Any], None]) -> None:
    """Deliver each ``event`` to ``handler`` as the task ``name`` (call in ``apps.py``)."""

    def deliver(event_data: Any) -> None:
        handler(msgspec.convert(event_data, event))

    tasks.add(name, cast(Task, deliver))
    _listeners.setdefault(event, []).append(name)


def listeners(event: type[Any]) -> tuple[str, ...]:
    """Names of the tasks that hear ``event``."""
    return tuple(_listeners.get(event, ()))


blocks: list[Callable[[], AbstractContextManager[None]]] = []
"""What modules put around each piece of background work; entered in the order given by their apps.py."""


@contextmanager
def block() -> Iterator[None]:
    """Around one task: whatever it asks of rights and places, it sees one state of them, read once."""
    with ExitStack() as stack:
        for item in blocks:
            stack.enter_context(item())
        yield


def publish(event: Any) -> None:
    """Queue ``event`` for every listener, in the caller's transaction: no commit, no delivery."""
    for name in _listeners.get(type(event), ()):
        ports.plugged.jobs.put(name, {"event_data": msgspec.to_builtins(event)})
