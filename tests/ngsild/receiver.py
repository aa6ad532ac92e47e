"""A receiver of notifications on loopback, and helpers to wait for them."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from thanglong.kit import clock


class Received(NamedTuple):
    """One notification: its headers (small letters) and its body."""

    headers: dict[str, str]
    body: Any

    @property
    def data(self) -> Any:
        return self.body["data"]


class Receiver:
    """Listens from :meth:`__enter__` to :meth:`__exit__`; ``answer`` gives the status of the next answers."""

    def __init__(self, port: int = 0) -> None:
        self.got: list[Received] = []
        self.answer: Callable[[int], int] = lambda number: 200
        self.delay = threading.Event()
        self._more = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {key.lower(): value for key, value in self.headers.items()}
                with outer._more:
                    outer.got.append(Received(headers, json.loads(body)))
                    number = len(outer.got)
                    outer._more.notify_all()
                self.send_response(outer.answer(number))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = int(self._server.server_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/notify"

    def __enter__(self) -> "Receiver":
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def wait(self, count: int, timeout: float = 5.0) -> list[Received]:
        """All that came once there are ``count`` of them; AssertionError when there are not in time."""
        with self._more:
            there = self._more.wait_for(lambda: len(self.got) >= count, timeout)
            assert there, f"{len(self.got)} of {count} notifications came"
            return list(self.got)

    def quiet(self, count: int, seconds: float = 0.6) -> None:
        """No more than ``count`` came, and none comes for some time."""
        with self._more:
            assert not self._more.wait_for(lambda: len(self.got) > count, seconds), self.got[count:]


def eventually(check: Callable[[], Any], timeout: float = 5.0) -> Any:
    """What ``check`` gives as soon as it is true; AssertionError when that takes too long."""
    end, pause = clock.monotonic() + timeout, threading.Event()
    while not (found := check()):
        assert clock.monotonic() < end, "it did not come true in time"
        pause.wait(0.02)
    return found
