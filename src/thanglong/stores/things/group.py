"""Group commit: requests of many threads wait in one queue, one writer thread commits them together.

The price of a commit is one wait for the disk; with sixteen requests waiting, sixteen share it.
"""

import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from thanglong.kit import watch
from thanglong.kit.errors import Unavailable, no_room
from thanglong.stores.things.recording import Record
from thanglong.stores.things.work import Delete, Write

CHUNK = 1000
Request = Write | Delete | Record


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request and the promise of its answer."""

    request: Request
    answer: "Future[list[Any]]"


def ids_of(requests: Iterable[Request]) -> dict[str, list[str]]:
    """The ids that requests touch, by tenant, each once."""
    found: dict[str, dict[str, None]] = {}
    for request in requests:
        found.setdefault(request.tenant, {}).update(dict.fromkeys(request.ids()))
    return {tenant: list(ids) for tenant, ids in found.items()}


class Group:
    """The writer thread. ``commit(requests)`` writes all in one transaction and gives each one's answer, or raises."""

    def __init__(self, name: str, commit: Callable[[list[Request]], list[list[Any]]], most: int = 4000) -> None:
        self._commit = commit
        self._most = most
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> "Future[list[Any]]":
        """Queue a request; its answer comes when it is on disk. Unavailable after :meth:`close`."""
        answer: Future[list[Any]] = Future()
        with self._lock:
            if self._closed:
                raise Unavailable
            self._queue.put(Waiting(request, answer))
        return answer

    def close(self) -> None:
        """Write what waits, then end the thread."""
        with self._lock:
            closed, self._closed = self._closed, True
            if not closed:
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            group, last = self._gather()
            if group:
                self._answer(group)
            if last:
                return

    def _gather(self) -> tuple[list[Waiting], bool]:
        group: list[Waiting] = []
        size = 0
        item = self._queue.get()
        while item is not None:
            group.append(item)
            size += len(item.request.entities)
            if size >= self._most:
                return group, False
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _answer(self, group: list[Waiting]) -> None:
        watch.observe("things_group_size", len(group))
        try:
            answers = self._commit([item.request for item in group])
        except Exception as failed:
            error = no_room(failed) or failed
            if isinstance(error, Unavailable):
                # the disk is full for each of them; or the database is away, and whether it has committed is not known:
                # trying again might double history
                for item in group:
                    item.answer.set_exception(error)
                return
            if len(group) == 1:
                group[0].answer.set_exception(error)
                return
            # one request spoiled the group: each alone, so that only the guilty one fails
            for item in group:
                self._answer([item])
            return
        for item, result in zip(group, answers, strict=True):
            item.answer.set_result(result)
