"""Waiting in an event loop for what a thread does, with one wake-up for all that becomes ready together.

``asyncio.wrap_future`` wakes the loop for every future by itself. A group commit makes dozens of them ready at once.
"""

import asyncio
import contextlib
from collections import deque
from concurrent.futures import Future
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class Waker:
    """The futures of threads that one event loop waits for."""

    def __init__(self) -> None:
        self._ready: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._woken = False

    def add(self, future: "Future[T]") -> "asyncio.Future[T]":
        """A future of the loop that becomes what ``future`` becomes."""
        waiting: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda done: self._done(waiting, done))
        return waiting

    def _done(self, waiting: "asyncio.Future[T]", future: "Future[T]") -> None:
        self._ready.append((waiting, future))
        if not self._woken:
            self._woken = True
            # a closed loop says RuntimeError: then nobody waits any more
            with contextlib.suppress(RuntimeError):
                waiting.get_loop().call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # first the mark, then the queue: what is added meanwhile either is found below or wakes the loop again
        self._woken = False
        while self._ready:
            waiting, future = self._ready.popleft()
            if waiting.done():
                continue
            error = future.exception()
            if error is None:
                waiting.set_result(future.result())
            else:
                waiting.set_exception(error)


_wakers: "WeakKeyDictionary[asyncio.AbstractEventLoop, Waker]" = WeakKeyDictionary()


async def finished(future: "Future[T]") -> T:
    """What a thread's future becomes; cancelling the wait leaves the work alone."""
    loop = asyncio.get_running_loop()
    waker = _wakers.get(loop)
    if waker is None:
        waker = _wakers[loop] = Waker()
    return await waker.add(future)
