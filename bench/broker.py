"""The city database over HTTP, as other programs meet it: `thanglong things serve` in a process of its own.

    ./thanglong bench broker [--size 100000] [--clients 1,16,64] [--store sqlite|memory|postgres] [--writes 6000]

Every answer's status is checked, entities are read back and compared, pages are compared with what must be in them.
Published figures of other brokers stand beside ours; they were measured on other machines (8 virtual cores for
Stellio), this runs on what it finds. CPU of the server a request depends least on what else the machine does.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import _figures
import orjson
from _load import Run, drive, request
from things import database, lamp

tell = _figures.of("broker")
ROOT = "/ngsi-ld/v1"
LOT, CREW = 1000, 4
"""Entities in a request of a batch, and how many clients send such."""
PUBLISHED = {
    "create": (241, "Stellio on 8 vCPU, its best published"),
    "partial update": (417, "Stellio on 8 vCPU, its best published"),
    "q of one term": (36, "Stellio on 8 vCPU, its best published"),
    "read by id": (5000, "Orion-LD on one core, vendor page, requests in general"),
}


class Server:
    """The broker, and what it costs."""

    def __init__(self, store: str, folder: Path, uri: str = "") -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        given = ["--memory"] if store == "memory" else ["--no-auth", "--data", str(folder)]
        command = [sys.executable, "-P", "-m", "thanglong.cli.main", "things", "serve", "--port", str(self.port)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("THANGLONG_")}
        if uri:
            environment["THANGLONG_THINGS"] = uri
        began = time.perf_counter()
        self.process = subprocess.Popen([*command, *given], env=environment)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                break
            except OSError:
                if self.process.poll() is not None or time.perf_counter() - began > 60:
                    raise SystemExit("the broker did not start") from None
                time.sleep(0.01)
        run = drive(self.port, iter([request("GET", f"{ROOT}/types")]), 1)
        assert run.statuses == {200: 1}
        self.ready = time.perf_counter() - began

    def cpu(self) -> float:
        """CPU seconds used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, what: str = "VmRSS") -> float:
        """Resident memory in MB; ``VmHWM``: the most there ever was."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{what}:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def forget_peak(self) -> None:
        """Let the highest memory be counted anew from here."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def report(server: Server, metric: str, requests: Iterable[bytes], clients: int, good: int, each: int = 1) -> Run:
    """Run, check the statuses, tell rate, 99th percentile and CPU; ``each``: how many entities a request holds."""
    before = server.cpu()
    run = drive(server.port, iter(requests), clients)
    cpu = (server.cpu() - before) / len(run.spans) / each * 1000
    if set(run.statuses) != {good}:
        raise SystemExit(f"{metric}: answers {run.statuses}, {run.last[:300]!r}; no figure is reported")
    rate = run.rate * each
    known, versus = PUBLISHED.get(metric, (0, ""))
    compared = f"  {rate / known:6.1f} x {versus} ({known}/s)" if known else ""
    own = run.own / len(run.spans) / each * 1000
    print(
        f"  {metric:<28}{clients:>3} clients {rate:>10,.0f} /s   p50 {run.at(0.5):7.2f}  p95 {run.at(0.95):7.2f}"
        f"  p99 {run.at(0.99):7.2f} ms   CPU {cpu:.3f} ms (generator {own:.3f}){compared}"
    )
    sizes = {"clients": clients, "p95_ms": round(run.at(0.95), 2), "p99_ms": round(run.at(0.99), 2)}
    tell(metric, rate, "1/s", versus, rate / known if known else None, cpu_ms=round(cpu, 4), **sizes)
    return run


def quote_id(number: int) -> str:
    return f"{ROOT}/entities/{lamp(number)['id']}"


def writes(server: Server, first: int, count: int, clients: int) -> None:
    """Create, read back, change."""
    creates = [request("POST", f"{ROOT}/entities", orjson.dumps(lamp(n))) for n in range(first, first + count)]
    report(server, "create", creates, clients, 201)
    for n in (first, first + count - 1):
        found = orjson.loads(drive(server.port, iter([request("GET", quote_id(n))]), 1).last)
        assert found == lamp(n), found
    changes = [
        request("PATCH", f"{quote_id(first + n % count)}/attrs/power", orjson.dumps({"type": "Property", "value": n}))
        for n in range(count)
    ]
    report(server, "partial update", changes, clients, 204)
    found = orjson.loads(drive(server.port, iter([request("GET", quote_id(first + count - 1))]), 1).last)
    assert found["power"]["value"] == count - 1, found
    append = [
        request(
            "PATCH", f"{quote_id(first + n % count)}/attrs", orjson.dumps({"power": {"type": "Property", "value": n}})
        )
        for n in range(count)
    ]
    report(server, "update of attributes", append, clients, 204)


def lots(first: int, last: int, verb: str) -> Iterator[bytes]:
    for start in range(first, last, LOT):
        body = orjson.dumps([lamp(n) for n in range(start, min(start + LOT, last))])
        yield request("POST", f"{ROOT}/entityOperations/{verb}", body)


def reads(server: Server, size: int, count: int, clients: int) -> None:
    """By id, by terms, by place."""
    step = 7919
    report(server, "read by id", [request("GET", quote_id(n * step % size)) for n in range(count)], clients, 200)
    few = max(200, count // 10)
    asked: dict[str, Any] = {
        "q of one term": lambda n: f"type=Streetlight&q=name==%22Lamp%20{n * step % size}%22",
        "q of one wide term": lambda n: f"type=Streetlight&q=power%3E{100 + n % 40}",
        "q of two terms": lambda n: f"type=Streetlight&q=powerState==%22off%22;power%3E{120 + n % 29}",
        "q of two terms, reference": lambda n: (
            f"type=Streetlight&q=unit==%22urn:ngsi-ld:Unit:{n % 126}%22;power%3C{5 + n % 9}"
        ),
        "near, 300 m": lambda n: (
            "type=Streetlight&georel=near;maxDistance==300&geometry=Point&coordinates=%5B"
            f"{105.7 + n % 300 / 1000:.4f},{20.9 + n * 7 % max(1, size // 316 // 2) / 1000:.4f}%5D"
        ),
        "near, 3 km": lambda n: (
            "type=Streetlight&georel=near;maxDistance==3000&geometry=Point&coordinates=%5B"
            f"{105.7 + n % 300 / 1000:.4f},{20.9 + n * 7 % max(1, size // 316 // 2) / 1000:.4f}%5D"
        ),
    }
    for name, words in asked.items():
        run = report(server, name, [request("GET", f"{ROOT}/entities?{words(n)}") for n in range(few)], clients, 200)
        found = orjson.loads(run.last)
        assert found or name == "near, 300 m", (name, "nothing found")


def big_batch(server: Server, size: int) -> None:
    """One request of so many entities."""
    body = orjson.dumps([{**lamp(n), "id": f"urn:ngsi-ld:Streetlight:big-{n}"} for n in range(size)])
    before = server.memory()
    server.forget_peak()
    text = request("POST", f"{ROOT}/entityOperations/upsert", body)
    report(server, "upsert of one big batch", [text], 1, 201, size)
    most = server.memory("VmHWM")
    print(f"  memory: {before:.0f} MB before, at most {most:.0f} MB in a batch of {size:,} ({len(body) / 1e6:.0f} MB)")
    tell("memory of one big batch", most, "MB", "goal 300 MB", most / 300, entities=size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--clients", default="1,16,64")
    parser.add_argument("--store", choices=("sqlite", "memory", "postgres"), default="sqlite")
    parser.add_argument("--writes", type=int, default=6000)
    parser.add_argument("--big", type=int, default=0, help="entities of one big batch")
    parser.add_argument("--only", default="", help="writes or reads")
    chosen = parser.parse_args()
    crowds = [int(text) for text in chosen.clients.split(",")]
    with tempfile.TemporaryDirectory() as folder, database(chosen.store) as uri:
        server = Server(chosen.store, Path(folder), uri)
        try:
            print(f"{chosen.store}, {chosen.size:,} entities; load {os.getloadavg()[0]:.1f}")
            time.sleep(1)
            print(f"  ready after {server.ready:.2f} s, {server.memory():.0f} MB idle")
            tell("ready", server.ready, "s", "goal 1.5 s", server.ready / 1.5)
            tell("memory idle", server.memory(), "MB", "goal 150 MB", server.memory() / 150)
            run(server, chosen, crowds)
            if chosen.store == "sqlite":
                disk = sum(file.stat().st_size for file in Path(folder).iterdir() if file.is_file())
                print(f"  {disk / 1e6:.0f} MB on disk")
        finally:
            server.stop()


def run(server: Server, chosen: argparse.Namespace, crowds: list[int]) -> None:
    """The figures one after the other."""
    first = chosen.size
    if chosen.only != "writes":
        report(server, "upsert in batches, new", lots(0, chosen.size, "upsert"), CREW, 201, min(LOT, chosen.size))
        again = min(chosen.size, 20_000)
        report(server, "upsert in batches, known", lots(0, again, "upsert"), CREW, 204, min(LOT, again))
    for crowd in crowds:
        if chosen.only != "reads":
            count = chosen.writes if crowd > 1 else chosen.writes // 10
            writes(server, first, count, crowd)
            first += count
        if chosen.only != "writes":
            reads(server, chosen.size, chosen.writes if crowd > 1 else chosen.writes // 5, crowd)
    if chosen.big:
        big_batch(server, chosen.big)


if __name__ == "__main__":
    main()
