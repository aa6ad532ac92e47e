"""A light load generator: many clients over kept connections in one thread, each asks again as soon as it is answered.

It costs a few microseconds a request, so on two cores the server and not the generator is what is measured.
"""

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

PIECE = 1 << 18


@dataclass(slots=True)
class Client:
    """One connection and the request it waits for."""

    socket: socket.socket
    sent: float = 0.0
    answer: bytearray = field(default_factory=bytearray)
    rest: memoryview = field(default_factory=lambda: memoryview(b""))


@dataclass(slots=True)
class Run:
    """What came of a run: answers by status, seconds each took (sorted), seconds in all, the last answer's body."""

    statuses: dict[int, int]
    spans: list[float]
    seconds: float
    last: bytes
    own: float
    """CPU seconds the generator used."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.spans) / self.seconds

    def at(self, share: float) -> float:
        """The milliseconds within which this share of the answers came."""
        return self.spans[min(len(self.spans) - 1, int(len(self.spans) * share))] * 1000


def request(method: str, path: str, body: bytes = b"", kind: str = "application/json") -> bytes:
    """An HTTP/1.1 request as it goes over the wire."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
    if body or method in ("POST", "PATCH", "PUT"):
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def drive(port: int, requests: Iterator[bytes], clients: int) -> Run:
    """Send all requests by so many clients; each has one request under way."""
    chooser = selectors.DefaultSelector()
    crew = []
    for _ in range(clients):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        crew.append(Client(connection))
    statuses: dict[int, int] = {}
    spans: list[float] = []
    last, began, own = b"", time.perf_counter(), time.process_time()
    under_way = 0
    for client in crew:
        chooser.register(client.socket, selectors.EVENT_READ, client)
        under_way += _ask(client, requests, chooser)
    while under_way:
        for key, events in chooser.select():
            client = key.data
            if events & selectors.EVENT_WRITE:
                _push(client, chooser)
                continue
            found = _hear(client)
            if found is None:
                continue
            status, last = found
            spans.append(time.perf_counter() - client.sent)
            statuses[status] = statuses.get(status, 0) + 1
            under_way -= 1
            under_way += _ask(client, requests, chooser)
    seconds, own = time.perf_counter() - began, time.process_time() - own
    for client in crew:
        client.socket.close()
    chooser.close()
    return Run(statuses, sorted(spans), seconds, last, own)


def _ask(client: Client, requests: Iterator[bytes], chooser: selectors.BaseSelector) -> int:
    """Send the next request; 0 when there is none left."""
    following = next(requests, None)
    if following is None:
        return 0
    client.answer.clear()
    client.sent, client.rest = time.perf_counter(), memoryview(following)
    _push(client, chooser)
    return 1


def _push(client: Client, chooser: selectors.BaseSelector) -> None:
    """Send what the connection takes; the rest when it takes more."""
    waited = bool(client.rest)
    try:
        while client.rest:
            client.rest = client.rest[client.socket.send(client.rest) :]
    except BlockingIOError:
        chooser.modify(client.socket, selectors.EVENT_WRITE, client)
        return
    if waited:
        chooser.modify(client.socket, selectors.EVENT_READ, client)


def _hear(client: Client) -> tuple[int, bytes] | None:
    """Status and body when the answer is whole."""
    piece = client.socket.recv(PIECE)
    if not piece:
        raise SystemExit("the server closed a connection")
    client.answer += piece
    end = client.answer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(client.answer[:end]).lower()
    place = head.find(b"content-length:")
    size = 0 if place < 0 else int(head[place + 15 :].split(b"\r\n", 1)[0])
    if len(client.answer) < end + 4 + size:
        return None
    return int(head[9:12]), bytes(client.answer[end + 4 : end + 4 + size])
