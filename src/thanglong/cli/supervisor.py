"""Keeps the three processes alive on one machine: restarts a dead one, stops all cleanly.

On Linux a child is a fork of the supervisor, which has loaded the whole program beforehand and runs nothing of it: no
thread, no connection, no open file of it. So a start costs a tenth of a second instead of two and a half of processor
time, also in the worst hour. Elsewhere a child loads the program itself.

Each child has its own process group, so that nothing of a killed child is left holding a port or a socket, and dies
with the supervisor (``PR_SET_PDEATHSIG``) should that be killed without a word.
"""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from typing import Any

from thanglong.kit import clock

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
METHOD = "fork" if sys.platform == "linux" else "spawn"
GRACE = 12.0
STEADY = 3.0
"""Seconds after which a process counts as having come up."""
AT_ONCE = 2
"""Deaths in a row before that time after which it is started again without a pause."""
LONGEST = 15.0


@dataclass(slots=True)
class Child:
    """One supervised process: its name, and what it runs (a function that can be pickled)."""

    name: str
    run: Callable[[], object]
    process: BaseProcess | None = None
    started: float = 0.0
    early: int = 0
    not_before: float = field(default=0.0)

    def kill_group(self, number: int) -> None:
        if self.process is not None and self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def after_death(self, lived: float) -> float:
        """Seconds to wait before the next start: what dies again and again while it starts gets more and more time."""
        self.early = 0 if lived > STEADY else self.early + 1
        return 0.0 if self.early <= AT_ONCE else float(min(0.5 * 2 ** (self.early - AT_ONCE - 1), LONGEST))


def _begin(name: str, run: Callable[[], object], supervisors: Sequence[int]) -> None:
    """What a child does first: a group and signals of its own, none of the supervisor's files, an end with it."""
    os.setsid()
    if sys.platform == "linux":
        system = ctypes.CDLL(None)
        system.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        system.prctl(PR_SET_NAME, f"tl-{name}".encode())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    if METHOD == "fork":
        for handle in supervisors:
            os.close(handle)
    multiprocessing.set_start_method(METHOD, force=True)  # the server forks its worker in the same way
    run()


def launch(child: Child, supervisors: Sequence[int] = ()) -> BaseProcess:
    """Start a child; ``supervisors`` are open files that stay with the supervisor, such as its lock."""
    context: Any = multiprocessing.get_context(METHOD)
    process: BaseProcess = context.Process(target=_begin, args=(child.name, child.run, tuple(supervisors)))
    with warnings.catch_warnings():
        # the only other threads are those of the number library, which it holds still over a fork
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    child.process, child.started = process, clock.monotonic()
    return process


class Supervisor:
    """Starts ``children`` in order, stops them in the same order, so that the public port drains first."""

    def __init__(self, children: Sequence[Child], say: Callable[[str], None], files: Sequence[int] = ()) -> None:
        self._children = list(children)
        self._say = say
        self._files = tuple(files)
        self._stop = threading.Event()

    def request_stop(self, *_: object) -> None:
        self._stop.set()

    def start(self) -> None:
        for child in self._children:
            launch(child, self._files)

    def watch(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Restart what dies until a stop is asked for; ``meanwhile`` is called again and again beside it."""
        while not self._stop.wait(0.2):
            for child in self._children:
                self._revive(child)
            meanwhile()

    def _revive(self, child: Child) -> None:
        if child.process is not None:
            code = child.process.exitcode
            if code is None:
                return
            child.kill_group(signal.SIGKILL)
            lived = clock.monotonic() - child.started
            child.process = None
            child.not_before = clock.monotonic() + child.after_death(lived)
            self._say(f"{child.name} ended with {code} after {lived:.0f} s; starting it again")
        if clock.monotonic() >= child.not_before:
            launch(child, self._files)

    def stop(self) -> None:
        """Ask each child to finish what it has begun; end what does not within the grace time."""
        for child in self._children:
            if child.process is None:
                continue
            child.process.terminate()
            if child is self._children[0]:
                self._wait(child, GRACE)
        for child in self._children:
            self._wait(child, GRACE)

    @staticmethod
    def _wait(child: Child, seconds: float) -> None:
        if child.process is None:
            return
        child.process.join(seconds)
        child.kill_group(signal.SIGKILL)
        child.process.join()
