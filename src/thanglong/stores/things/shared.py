"""What the views of one store on its tenants share: the writer, the names, what is known of closed days and tenants."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

from thanglong.kit.ports import DayFile
from thanglong.stores.things.group import Group, Request
from thanglong.stores.things.names import Names


class Committer(Protocol):
    """Writes a group of requests in one transaction."""

    def commit(self, requests: list[Request]) -> list[list[Any]]: ...

    def close(self) -> None: ...


class Shared:
    """One of these for each opened store, whatever the number of its tenants."""

    def __init__(self) -> None:
        self.names = Names()
        self.guard = threading.Lock()
        self.days: tuple[int, int, tuple[DayFile, ...]] = (0, -1, ())
        self.tenants: frozenset[str] = frozenset()
        self._committer: Committer | None = None
        self._group: Group | None = None

    def submit(self, request: Request, open_writer: Callable[[], Committer]) -> "Future[list[Any]]":
        """Queue a request for the next group; the writer is opened for the first one."""
        with self.guard:
            if self._group is None:
                self._committer = open_writer()
                self._group = Group("things-writer", self._committer.commit)
        return self._group.submit(request)

    def close(self) -> None:
        """Write what waits, then let go of the writer."""
        if self._group is not None:
            self._group.close()
        if self._committer is not None:
            self._committer.close()
