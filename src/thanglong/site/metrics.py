"""Figures for Prometheus at ``/metrics``.

Every process counts into its own memory-mapped file in ``DATA/run/metrics`` (the client library's multi-process mode);
``live`` adds them up when it is asked, and reads the gauges of the installation at that moment. A scrape is answered to
this machine, and to who knows the token in ``THANGLONG_METRICS``.
"""

import hmac
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from django.conf import settings

from thanglong.kit import clock, registry, watch
from thanglong.stores.running import beat

FOLDER = Path(settings.DATA) / "run" / "metrics"
FOLDER.mkdir(parents=True, exist_ok=True)
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(FOLDER))

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest  # noqa: E402
from prometheus_client.core import GaugeMetricFamily, Metric  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402

from thanglong.surfaces.asgi import Request  # noqa: E402

KIND = b"text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 10.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
# a private registry: the default one would also be asked in each process alone
OWN = CollectorRegistry()
TIMES = {
    "request_seconds": ("Requests answered, by route and class of status", ("process", "method", "route", "status")),
    "job_seconds": ("Background work done, by task", ("task",)),
}  # fmt: skip
COUNTS = {"jobs_failed_total": ("Background work that failed and will be tried again, by task", ("task",))}


def _sized(name: str, about: str) -> Histogram:
    return Histogram(f"thanglong_{name}", about, registry=OWN, buckets=SIZES)


_times = {
    name: Histogram(f"thanglong_{name}", about, labels, registry=OWN, buckets=SECONDS)
    for name, (about, labels) in TIMES.items()
}
_counts = {name: Counter(f"thanglong_{name}", about, labels, registry=OWN) for name, (about, labels) in COUNTS.items()}
_sizes = {"things_group_size": _sized("things_group_size", "Requests written to the things store by one commit")}


class Counting:
    """``kit.watch.Listener`` that counts for Prometheus; a name it does not know is passed over."""

    def count(self, name: str, amount: float, labels: dict[str, str]) -> None:
        if name in _counts:
            _counts[name].labels(**labels).inc(amount)

    def observe(self, name: str, value: float, labels: dict[str, str]) -> None:
        if name in _times:
            _times[name].labels(**labels).observe(value)
        elif name in _sizes:
            _sizes[name].observe(value)

    def span(self, name: str, attributes: dict[str, str]) -> AbstractContextManager[None]:
        return nullcontext()


_counting = Counting()


def listen() -> None:
    """Count from now on in this process."""
    watch.listen(_counting)


class Gauges:
    """Reads the registered gauges when it is asked; one that fails is left out, for the others still count."""

    def collect(self) -> Iterator[Metric]:
        for key, gauge in registry.gauges.items():
            try:
                found = gauge.read()
            except Exception:
                found = {}
            family = GaugeMetricFamily(f"thanglong_{key}", gauge.about, labels=[gauge.label] if gauge.label else None)
            for label, value in found.items():
                family.add_metric([label] if gauge.label else [], value)
            yield family
        parts = GaugeMetricFamily("thanglong_part_up", "1 when a process was heard of lately", labels=["part"])
        memory = GaugeMetricFamily("thanglong_resident_bytes", "Memory of a process", labels=["part"])
        cpu = GaugeMetricFamily("thanglong_cpu_seconds", "Processor time of a process since its start", labels=["part"])
        for part in beat.parts(Path(settings.DATA)):
            parts.add_metric([part.name], 1.0 if part.alive else 0.0)
            if part.alive:
                memory.add_metric([part.name], part.resident)
                cpu.add_metric([part.name], part.cpu)
        yield from (parts, memory, cpu)


_turn = threading.Lock()


def text() -> bytes:
    """Everything in the exposition format."""
    with _turn:
        whole = CollectorRegistry()
        # the library's classes carry no types for their constructors
        collector: Any = MultiProcessCollector
        collector(whole, path=os.environ["PROMETHEUS_MULTIPROC_DIR"])
        whole.register(Gauges())
        found: bytes = generate_latest(whole)
        return found


def allowed(client: str, headers: dict[str, str], token: str) -> bool:
    """Whether a scrape may be answered: the token, or a caller on this machine that no proxy speaks for."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if token and scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()):
        return True
    if "x-forwarded-for" in headers or "forwarded" in headers:
        return False
    try:
        return ip_address(client).is_loopback
    except ValueError:
        return False


async def answer(request: Request) -> None:
    """``GET /metrics``."""
    import asyncio

    client = (request.scope.get("client") or ("", 0))[0]
    if not allowed(client, dict(request.headers), settings.METRICS_TOKEN):
        await request.respond(403, b"Give the token of THANGLONG_METRICS as a bearer token.\n", kind=KIND)
        return
    begun = clock.monotonic()
    body = await asyncio.to_thread(text)
    await request.respond(200, body, [(b"cache-control", b"no-store")], KIND)
    watch.observe(
        "request_seconds", clock.monotonic() - begun, process="live", method="GET", route="/metrics", status="2xx"
    )
