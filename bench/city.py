"""A city at work: the workload model as real HTTP against a running platform, in the open loop.

Requests come when the model says (Poisson arrivals per kind), whether or not earlier ones were answered, and each is
timed from the moment at which it *should* have been sent: a platform that falls behind cannot hide it (no coordinated
omission).

Kinds: reports (half of them with a photo; one in twenty sent twice with the same key), notes of officers on cases,
pages of citizens and officers, device messages (batches of 50 as a gateway sends them), and live lines that stay open.
At the end everything acknowledged is looked up: lost and doubled are counted, and the ledger is checked.

    thanglong bench city --scale 0.1 --minutes 1

At a scale the machine cannot carry the figures say so: sent against offered, and the waiting times.
"""

import argparse
import asyncio
import io
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import _figures

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.conftest import Running  # noqa: E402

from thanglong.solve import workload  # noqa: E402

BATCH = 50
HTTP_MEAN = 321.0  # requests a second of pages at scale 1, mean of the day (derived: the model's visits and staff)
LINES = 2000
PAGES = ("/", "/reports/", "/figures/", "/units/", "/ledger/", "/search?q=ph", "/api/measures.json")
DESK = ("/desk/", "/desk/unit/", "/desk/?state=late", "/centre/alarms/", "/centre/tiles/")
MOST = 400
PATIENCE = 30.0
TOKEN = """
from thanglong.core.people import service
from thanglong.core.people.models import Account
print(service.issue_token(service.actor_for(Account.objects.get(username="admin")), "bench", ["things:write"])[0])
"""
COUNT = """
import json, sys
from collections import Counter
from thanglong.core.cases.models import Case
from thanglong.core.ledger.models import Entry
from thanglong.kit import ports
cases = {str(k): n for k, n in Case.objects.exclude(key=None).values_list("key", "number")}
keys = Counter(str(k) for k in Case.objects.exclude(key=None).values_list("key", flat=True))
doubled = [k for k, n in keys.items() if n > 1]
ids = [f"urn:ngsi-ld:BenchDevice:{n}" for n in range(DEVICES)]
found = {key: value["n"]["value"] for at in range(0, len(ids), 1000)
         for key, value in ports.plugged.things.get(ids[at:at + 1000]).items()}
print(json.dumps({"cases": cases, "doubled": len(doubled), "things": found, "rows": Case.objects.count(),
                  "opened": Entry.objects.filter(verb="case.opened").count()}))
"""


@dataclass(slots=True)
class Kind:
    """What is known of one kind of request."""

    rate: float
    offered: int = 0
    seconds: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def row(self, span: float) -> dict[str, Any]:
        times = sorted(self.seconds)

        def at(share: float) -> float | None:
            return round(times[min(len(times) - 1, int(share * len(times)))] * 1000, 1) if times else None

        return {
            "offered_per_s": round(self.offered / span, 2), "answered_per_s": round(len(times) / span, 2),
            "p50_ms": at(0.5), "p95_ms": at(0.95), "p99_ms": at(0.99), "errors": dict(self.errors),
        }  # fmt: skip


class Client:
    """As little of HTTP/1.1 as it takes: kept connections, one request at a time on each."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._slots = asyncio.Semaphore(MOST)

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """Status and body; OSError, TimeoutError or EOFError when there is none."""
        async with self._slots:
            async with asyncio.timeout(PATIENCE):
                reader, writer = (
                    self._free.pop() if self._free else await asyncio.open_connection("127.0.0.1", self._port)
                )
                try:
                    lines = [
                        f"{method} {path} HTTP/1.1",
                        f"Host: 127.0.0.1:{self._port}",
                        f"Content-Length: {len(body)}",
                    ]
                    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
                    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
                    answer = await self._read(reader)
                except BaseException:
                    writer.close()
                    raise
                self._free.append((reader, writer))
                return answer

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head.split(b" ", 2)[1])
        length = re.search(rb"\r\ncontent-length: *(\d+)", head)
        if length:
            return status, await reader.readexactly(int(length[1]))
        if b"transfer-encoding: chunked" not in head:
            return status, b""
        pieces = []
        while size := int((await reader.readline()).split(b";")[0], 16):
            pieces.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readexactly(2)
        return status, b"".join(pieces)


def photo(chance: random.Random) -> bytes:
    """A picture of a few hundred kilobytes, as a telephone sends it, no two alike."""
    from PIL import Image

    picture = Image.effect_noise((640, 480), 40 + chance.random() * 20).convert("RGB")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


class City:
    """The people and devices of the model, and what was acknowledged to them."""

    def __init__(self, running: Running, scale: float, seed: int, factor: float) -> None:
        self._running, self._scale = running, scale
        self._chance = random.Random(seed)
        self.client = Client(running.port)
        work = workload.WORK
        reports = work["request"].per_day * work["request"].worst_hour / 3600
        steps = sum(item.per_day * item.changes for item in work.values()) / 86_400
        rates = {
            "report": reports, "officer_note": steps - reports, "page": HTTP_MEAN * 0.6, "desk_page": HTTP_MEAN * 0.4,
            "device_batch": workload.messages_per_second() / BATCH,
        }  # fmt: skip
        self.kinds = {name: Kind(rate * scale * factor) for name, rate in rates.items()}
        self.devices = max(BATCH, round(20_000 * scale))
        self.reports: dict[str, str] = {}
        self.written: dict[str, int] = {}
        self.mismatched = 0
        self.counter = 0
        self.lines = 0
        self._photos = [photo(self._chance) for _ in range(8)]

    def sign_in(self) -> None:
        """Sessions of a citizen and an officer, a device's key, numbers of cases to work on."""
        citizen, officer = self._running.client(), self._running.client("canbo")
        page = citizen.get("/report/").text
        self.token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]  # type: ignore[index]
        self.citizen = "; ".join(f"{k}={v}" for k, v in citizen.cookies.items())
        desk = officer.get("/desk/").text
        self.officer = "; ".join(f"{k}={v}" for k, v in officer.cookies.items())
        self.desk_token = officer.cookies["thanglong_csrf"]
        self.cases = sorted(set(re.findall(r"/desk/cases/([A-Z0-9-]+)/", desk)))
        self.key = self._running.manage_script(TOKEN).split()[-1]
        assert self.cases, "the officer has no case to work on: choose a larger --demo"

    # -- one request of each kind; True: it was refused as such

    async def report(self) -> str:
        key = str(uuid4())
        fields = {
            "csrfmiddlewaretoken": self.token, "key": key, "text": f"Ổ gà lớn giữa đường, thử {key[:8]}",
            "category": "pothole", "lon": f"{105.80 + self._chance.random() / 10:.5f}",
            "lat": f"{21.00 + self._chance.random() / 20:.5f}", "address": "12 Tràng Tiền",
        }  # fmt: skip
        body, kind = form(fields, self._chance.choice(self._photos) if self._chance.random() < 0.5 else None)
        times = 2 if self._chance.random() < 0.05 else 1
        for _ in range(times):
            status, answer = await self.client.ask(
                "POST", "/report/", body, Accept="application/json", Content_Type=kind, Cookie=self.citizen
            )
            if status not in (200, 201):
                return str(status)
            number = json.loads(answer)["number"]
            if self.reports.setdefault(key, number) != number:
                self.mismatched += 1
        return ""

    async def officer_note(self) -> str:
        body = urlencode({"csrfmiddlewaretoken": self.desk_token, "text": "Đã xem tại chỗ", "to": "note"}).encode()
        path = f"/desk/cases/{self._chance.choice(self.cases)}/message/"
        status, _ = await self.client.ask(
            "POST", path, body, Cookie=self.officer, Content_Type="application/x-www-form-urlencoded"
        )
        return "" if status in (302, 303) else str(status)

    async def page(self) -> str:
        status, _ = await self.client.ask("GET", self._chance.choice(PAGES), Accept="text/html")
        return "" if status == 200 else str(status)

    async def desk_page(self) -> str:
        paths = (*DESK, f"/desk/cases/{self._chance.choice(self.cases)}/")
        status, _ = await self.client.ask("GET", self._chance.choice(paths), Accept="text/html", Cookie=self.officer)
        return "" if status in (200, 403, 404) else str(status)

    async def device_batch(self) -> str:
        start = self.counter * BATCH % self.devices
        self.counter += 1
        number = self.counter
        batch = [f"urn:ngsi-ld:BenchDevice:{(start + n) % self.devices}" for n in range(BATCH)]
        body = [
            {"id": key, "type": "BenchDevice", "n": {"type": "Property", "value": number},
             "level": {"type": "Property", "value": round(self._chance.random() * 100, 1)}}
            for key in batch
        ]  # fmt: skip
        status, _ = await self.client.ask(
            "POST", "/ngsi-ld/v1/entityOperations/upsert", json.dumps(body).encode(),
            Authorization=f"Bearer {self.key}", Content_Type="application/json",
        )  # fmt: skip
        if status not in (200, 201, 204):
            return str(status)
        for key in batch:
            self.written[key] = max(self.written.get(key, 0), number)
        return ""

    async def line(self, until: float) -> None:
        """A live map that stays open and reads."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._running.port)
            head = f"GET /live/things?types=BenchDevice HTTP/1.1\r\nHost: city\r\nCookie: {self.officer}\r\n"
            writer.write(f"{head}Accept: text/event-stream\r\n\r\n".encode())
            if b" 200 " in await reader.readuntil(b"\r\n\r\n"):
                self.lines += 1
                while time.monotonic() < until:
                    async with asyncio.timeout(until - time.monotonic() + 0.1):
                        if not await reader.read(1 << 16):
                            break
            writer.close()
        except (OSError, TimeoutError, EOFError, ValueError):
            return


def form(fields: dict[str, str], picture: bytes | None) -> tuple[bytes, str]:
    """A multipart body and its type."""
    border = uuid4().hex
    out = io.BytesIO()
    for name, value in fields.items():
        out.write(f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    if picture:
        head = f'--{border}\r\nContent-Disposition: form-data; name="photo"; filename="p.jpg"\r\n'
        out.write(f"{head}Content-Type: image/jpeg\r\n\r\n".encode() + picture + b"\r\n")
    out.write(f"--{border}--\r\n".encode())
    return out.getvalue(), f"multipart/form-data; boundary={border}"


async def arrivals(kind: Kind, send: Callable[[], Awaitable[str]], chance: random.Random, until: float) -> None:
    """Send at the moments of a Poisson process; time each from its moment."""
    waiting: set[asyncio.Task[None]] = set()

    async def one(due: float) -> None:
        try:
            fault = await send()
        except (OSError, TimeoutError, EOFError, ValueError) as error:
            fault = type(error).__name__
        if fault:
            kind.errors[fault] += 1
        else:
            kind.seconds.append(time.monotonic() - due)

    due = time.monotonic()
    while (due := due + chance.expovariate(kind.rate)) < until:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        kind.offered += 1
        task = asyncio.ensure_future(one(due))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
    if waiting:
        await asyncio.wait(waiting, timeout=PATIENCE + 5)


async def drive(city: City, seconds: float, scale: float, seed: int) -> None:
    until = time.monotonic() + seconds
    sources = [
        arrivals(kind, getattr(city, name), random.Random(f"{seed} {name}"), until)
        for name, kind in city.kinds.items()
        if kind.rate > 0
    ]
    await asyncio.gather(*sources, *(city.line(until) for _ in range(max(1, round(LINES * scale)))))


def cpu(running: Running) -> dict[str, float]:
    """Processor seconds of each part's processes so far."""
    from thanglong.stores.running.beat import usage

    found = {part: sum(usage(pid)[0] for pid in running.pids(part)) for part in ("web", "live", "worker")}
    return {**found, "generator": time.process_time()}


def check(running: Running, city: City) -> dict[str, Any]:
    """What of the acknowledged is there."""
    running.ledger_holds()
    found = json.loads(running.manage_script(COUNT.replace("DEVICES", str(city.devices))).splitlines()[-1])
    lost = sum(found["cases"].get(key) != number for key, number in city.reports.items())
    behind = sum(found["things"].get(key, 0) < number for key, number in city.written.items())
    return {
        "acknowledged_reports": len(city.reports), "acknowledged_devices": len(city.written), "lost": lost + behind,
        "doubled": found["doubled"] + city.mismatched, "without_ledger": abs(found["rows"] - found["opened"]),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.1, help="against a city of ten million")
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--factor", type=float, default=1.0, help="of the mean rate; the worst hour has about 4")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--demo",
        type=float,
        default=0.01,
        help="scale of the demo city underneath; in a smaller one the officer may have no case",
    )
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="thanglong-city-") as folder:
        running = Running(Path(folder) / "data", "--scale", str(chosen.demo))
        running.start(300)
        try:
            city = City(running, chosen.scale, chosen.seed, chosen.factor)
            city.sign_in()
            before, seconds = cpu(running), chosen.minutes * 60
            asyncio.run(drive(city, seconds, chosen.scale, chosen.seed))
            after = cpu(running)
            counted = check(running, city)
        finally:
            running.stop()
    show(chosen, city, {part: round(after[part] - before[part], 1) for part in after}, counted, seconds)


def show(chosen: Any, city: City, used: dict[str, float], counted: dict[str, Any], seconds: float) -> None:
    rows = {name: kind.row(seconds) for name, kind in city.kinds.items()}
    if chosen.json:
        document = {"scale": chosen.scale, "seconds": seconds, "kinds": rows, "cpu_seconds": used, "lines": city.lines}
        print(json.dumps({**document, **counted}))
    print(f"scale {chosen.scale}, {seconds:.0f} s, {city.lines} live lines open; processor seconds {used}")
    for name, row in rows.items():
        print(
            f"{name:<13} offered {row['offered_per_s']:>7}/s answered {row['answered_per_s']:>7}/s  "
            f"p50 {row['p50_ms']} p95 {row['p95_ms']} p99 {row['p99_ms']} ms  {row['errors'] or ''}"
        )
    print(counted)
    figures = [("acknowledged and lost", counted["lost"], "writes", "goal 0", None)]
    figures += [("acknowledged and doubled", counted["doubled"], "writes", "goal 0", None)]
    for name, goal in (("report", 300), ("page", 200), ("desk_page", 200), ("device_batch", 2000)):
        value = rows[name]["p99_ms"]
        if value is not None:
            figures.append((f"{name} p99", value, "ms", f"goal {goal} ms", round(value / goal, 2)))
    messages = rows["device_batch"]["answered_per_s"] * BATCH
    offered = rows["device_batch"]["offered_per_s"] * BATCH
    figures.append(
        ("device messages", round(messages), "1/s", f"offered {offered:.0f}/s", round(messages / max(offered, 1), 2))
    )
    work = sum(value for part, value in used.items() if part != "generator")
    figures.append(("processor time of the platform", round(work / seconds, 2), "cores", "", None))
    tell = _figures.of("city")
    for metric, value, unit, versus, ratio in figures:
        tell(f"{metric}, scale {chosen.scale}", value, unit, versus, ratio)


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
