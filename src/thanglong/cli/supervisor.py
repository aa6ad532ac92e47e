"""Keeps the three processes alive on one machine: restarts a dead one, stops all cleanly.

Each child has its own process group, so that nothing of a killed child is left holding a port or a socket, and dies
with the supervisor (``PR_SET_PDEATHSIG``) should that be killed without a word.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from thanglong.kit import clock

PR_SET_PDEATHSIG = 1
GRACE = 12.0
STEADY = 3.0
"""Seconds after which a process counts as having come up."""


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Child:
    """One supervised process."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restarts: int = 0
    pause: float = 0.5
    not_before: float = field(default=0.0)

    def kill_group(self, number: int) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


class Supervisor:
    """Starts ``children`` in order, stops them in the same order, so that the public port drains first."""

    def __init__(self, children: Sequence[Child], environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._children = list(children)
        self._environment = dict(environment)
        self._say = say
        self._stop = threading.Event()

    def request_stop(self, *_: object) -> None:
        self._stop.set()

    def _start(self, child: Child) -> None:
        child.started = clock.monotonic()
        child.process = subprocess.Popen(
            child.command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )

    def start(self) -> None:
        for child in self._children:
            self._start(child)

    def watch(self) -> None:
        """Restart what dies until a stop is asked for."""
        while not self._stop.wait(0.2):
            for child in self._children:
                self._revive(child)

    def _revive(self, child: Child) -> None:
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                return
            child.kill_group(signal.SIGKILL)
            lived = clock.monotonic() - child.started
            steady = lived > STEADY
            child.pause = 0.25 if steady else min(child.pause * 2, 15.0)
            child.restarts += 1
            child.process = None
            # what had come up is started again at once; what dies while it starts is given more and more time
            child.not_before = clock.monotonic() + (0.0 if steady or child.restarts == 1 else child.pause)
            self._say(f"{child.name} ended with {code} after {lived:.0f} s; starting it again")
        if clock.monotonic() >= child.not_before:
            self._start(child)

    def stop(self) -> None:
        """Ask each child to finish what it has begun; end what does not within the grace time."""
        for child in self._children:
            if child.process is None:
                continue
            with contextlib.suppress(ProcessLookupError):
                child.process.terminate()
            if child is self._children[0]:
                self._wait(child, GRACE)
        for child in self._children:
            self._wait(child, GRACE)

    @staticmethod
    def _wait(child: Child, seconds: float) -> None:
        if child.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(seconds)
        child.kill_group(signal.SIGKILL)
        child.process.wait()
