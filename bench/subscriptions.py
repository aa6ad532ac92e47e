"""What 1,000 subscriptions cost the writers of the city database, and how soon changes are told.

    ./thanglong bench subscriptions [--size 1000] [--writes 6000] [--threads 16]

The reference is the same store, written in the same run by the same threads while nobody is subscribed. Notifier and
receiver run in processes of their own, as in the platform; what is due is counted before figures are.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

os.environ.update(DJANGO_SETTINGS_MODULE="thanglong.site.settings", THANGLONG_THINGS_ALONE="1")
RESULTS: list[dict[str, Any]] = []
LAMPS = 1000
BRIGHT = 140
"""Every lamp's own subscription wants to hear of more than this; one write in ten is."""


def report(metric: str, value: float, unit: str, versus: str = "", ratio: float | None = None, **sizes: Any) -> None:
    print(f"  {metric:<44}{value:>12,.2f} {unit:<10} {f'{ratio:,.2f} x {versus}' if ratio else ''}")
    row = {"area": "subscriptions", "metric": metric, "value": round(value, 3), "unit": unit}
    RESULTS.append({**row, "versus": versus, "ratio": ratio, **sizes})


def lamp(number: int, power: int) -> dict[str, Any]:
    return {
        "id": f"urn:ngsi-ld:Streetlight:{number}",
        "type": "Streetlight",
        "power": {"type": "Property", "value": power},
    }


def power_of(turn: int, number: int) -> int:
    """Always another value than the turn before; one in ten is bright."""
    return 141 + turn % 2 if (turn + number) % 10 == 0 else turn % 140


# -- the other processes


def notify(where: str) -> None:
    import django

    django.setup()
    from thanglong.kit import ports
    from thanglong.stores.sqlite.things import SqliteThings
    from thanglong.surfaces.ngsild.notify import Notifier

    ports.plug(things=SqliteThings(Path(where)))
    Notifier().start()
    print("ready", flush=True)
    threading.Event().wait()


def receive() -> None:
    """Takes POSTs over kept connections; a line on stdin asks how many entities came, and their delays."""
    told: list[float] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                size = next(int(h[15:]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length:"))
                body = json.loads(await reader.readexactly(size))
                told.extend(time.time() - entity.get("sent", {"value": 0})["value"] for entity in body["data"])
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(told), flush=True)

    asyncio.run(main())


class Child:
    """One of the other processes."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-P", __file__, *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.first = self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def ask(self) -> list[float]:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: list[float] = json.loads(self._line())
        return found

    def cpu(self) -> float:
        """CPU seconds it has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


# -- the run


def write_all(store: Any, writes: int, threads: int, start: int) -> float:
    """Writes a second of many threads; each lamp gets its turns in order."""
    from thanglong.kit import clock

    def share(first: int) -> None:
        for count in range(writes // threads):
            number = (first + count * threads) % LAMPS
            turn = start + (first + count * threads) // LAMPS
            store.write([lamp(number, power_of(turn, number))], mode="upsert", at=clock.now())

    crew = [threading.Thread(target=share, args=(n,)) for n in range(threads)]
    began = time.perf_counter()
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    return writes // threads * threads / (time.perf_counter() - began)


def subscribe(url: str, size: int) -> None:
    """Seven of ten for one lamp each, two for an attribute nobody writes, one with a query that never holds."""
    from thanglong.core.things.service import subscribing
    from thanglong.core.things.types import Pass
    from thanglong.kit.ports import SYSTEM

    who = Pass(SYSTEM, True, True)
    for number in range(size):
        body: dict[str, Any] = {"type": "Subscription", "notification": {"endpoint": {"uri": url}}}
        body["entities"] = [{"type": "Streetlight"}]
        if number % 10 < 7:
            body["entities"][0]["id"] = f"urn:ngsi-ld:Streetlight:{number}"
            body["q"] = f"power>{BRIGHT}"
        elif number % 10 < 9:
            body["watchedAttributes"] = [f"other{number}"]
        else:
            body["q"] = f"power>{1000 + number}"
        subscribing.create(who, body)


def main() -> None:
    import django

    django.setup()
    from thanglong.kit import clock, ports
    from thanglong.stores.sqlite.things import SqliteThings

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--writes", type=int, default=6000)
    parser.add_argument("--threads", type=int, default=16)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        where = f"{folder}/things.db"
        store = SqliteThings(Path(where))
        ports.plug(things=store)
        store.write([lamp(number, 0) for number in range(LAMPS)], mode="create", at=clock.now())
        rounds = max(1, chosen.writes // LAMPS)
        print(f"{chosen.size} subscriptions, {chosen.writes} writes by {chosen.threads} threads, SQLite FULL")
        alone, watched, turn = [], [], 1
        for _ in range(3):
            alone.append(write_all(store, chosen.writes, chosen.threads, turn))
            turn += rounds
        receiver = Child("--receive")
        subscribe(f"http://127.0.0.1:{receiver.first}/", chosen.size)
        notifier = Child("--notify", where)
        time.sleep(2)
        idle, due, before = notifier.cpu(), 0, store.last_seq()
        for _ in range(3):
            watched.append(write_all(store, chosen.writes, chosen.threads, turn))
            bright = ((n, t) for t in range(turn, turn + rounds) for n in range(min(chosen.size, LAMPS)))
            due += sum(n % 10 < 7 and power_of(t, n) > BRIGHT for n, t in bright)
            turn += rounds
        ended = time.perf_counter()
        while len(receiver.ask()) < due and time.perf_counter() - ended < 60:
            time.sleep(0.1)
        lag, got = time.perf_counter() - ended, len(receiver.ask())
        if not got >= due > 0:
            notifier.close()
            receiver.close()
            sys.exit(f"{got} of {due} notifications came")
        ratio = median(watched) / median(alone)
        report("writes, nobody subscribed", median(alone), "1/s", writes=chosen.writes)
        report(f"writes, {chosen.size} subscriptions", median(watched), "1/s", "nobody subscribed", ratio, told=got)
        cost = (notifier.cpu() - idle) / (store.last_seq() - before) * 1000
        report("CPU of the notifier a change", cost, "ms", subscriptions=chosen.size)
        report("all told after the last write", lag, "s", told=got)
        _delays(store, receiver)
        notifier.close()
        receiver.close()
        store.close()
    for row in RESULTS:
        print("RESULT", json.dumps(row))


def _delays(store: Any, receiver: Child) -> None:
    """From the write to the receiver, at a hundred changes a second."""
    from thanglong.kit import clock

    before = len(receiver.ask())
    for number in range(200):
        sent = {"sent": {"type": "Property", "value": time.time()}}
        entity = {**lamp(number // 7 * 10 % 700, 200 + number), **sent}
        store.write([entity], mode="upsert", at=clock.now())
        time.sleep(0.01)
    time.sleep(1)
    spans = sorted(span for span in receiver.ask()[before:] if span < 3600)
    report("from write to receiver, median", median(spans) * 1000, "ms", told=len(spans))
    report("from write to receiver, 95 of 100", spans[len(spans) * 95 // 100] * 1000, "ms", told=len(spans))


if __name__ == "__main__":
    if "--receive" in sys.argv:
        receive()
    elif "--notify" in sys.argv:
        notify(sys.argv[sys.argv.index("--notify") + 1])
    else:
        main()
