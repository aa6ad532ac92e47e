"""What a running installation tells of itself: ids, log lines without people, metrics, spans, the disk forecast."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory

from thanglong.core.things.service import subscribing
from thanglong.kit import bus, clock, ports, registry, watch
from thanglong.site import gauges, logs, metrics, tracing
from thanglong.site.requests import Watch
from thanglong.stores.jobs import queue
from thanglong.stores.running import beat, disk
from thanglong.stores.sqlite.things import SqliteThings


class Heard:
    def __init__(self) -> None:
        self.seen: list[tuple[str, float, dict[str, str]]] = []

    def count(self, name: str, amount: float, labels: dict[str, str]) -> None:
        self.seen.append((name, amount, labels))

    observe = count

    def span(self, name: str, attributes: dict[str, str]) -> Any:
        self.seen.append((f"span {name}", 0, attributes))
        return logs_nothing()


def logs_nothing() -> Any:
    from contextlib import nullcontext

    return nullcontext()


@pytest.fixture
def heard() -> Iterator[Heard]:
    listener = Heard()
    watch.listen(listener)
    yield listener
    watch.unlisten(listener)


@pytest.mark.django_db
def test_a_request_has_an_id_and_is_told_by_its_route(heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "thanglong.requests"):
        answer = Client().get("/units/", headers={"X-Request-ID": "0123456789abcdef"})
    assert answer.headers["X-Request-ID"] == "0123456789abcdef"
    told = [labels for name, _, labels in heard.seen if name == "request_seconds"]
    assert told == [{"process": "web", "method": "GET", "route": "/units/", "status": "2xx"}]
    (record,) = [r for r in caplog.records if r.name == "thanglong.requests"]
    assert (record.status, record.method) == (200, "GET")
    assert Client().get("/units/", headers={"X-Request-ID": "x\ny"}).headers["X-Request-ID"] != "x\ny"
    assert Client().get("/no/such/page").status_code == 404
    assert heard.seen[-1][2]["route"] == "none", "unknown addresses do not make new labels"


def line(record: logging.LogRecord, formatter: logging.Formatter | None = None) -> str:
    return (formatter or logs.JsonLines()).format(record)


def record_of(message: str, *values: object, **extra: object) -> logging.LogRecord:
    return logging.getLogger("thanglong.x").makeRecord("thanglong.x", 30, "f", 1, message, values, None, extra=extra)


def test_log_lines_are_json_with_context_and_without_people() -> None:
    token = logs.current.set(logs.Context("abc", logs.hashed(uuid4()), "/my/<str:number>/<str:secret>/"))
    try:
        text = line(
            record_of(
                "%s wrote to %s or %s about %s",
                "lan.nguyen@example.vn",
                "0912 345 678",
                "+84912345678",
                "/my/PA-2026-001/geheim-xyz/sent/",
                status=200,
                ms=3.2,
            )  # fmt: skip
        )
    finally:
        logs.current.reset(token)
    found = json.loads(text)
    assert found["message"] == "… wrote to … or … about /my/PA-2026-001/…/sent/"
    assert (found["request"], found["status"], found["ms"], found["level"]) == ("abc", 200, 3.2, "warning")
    assert len(found["actor"]) == 12
    for secret in ("Bearer abc.def", "postgresql://city:pass@db/x", "?token=abc"):
        assert "abc" not in line(record_of(secret))
        assert "pass@" not in line(record_of(secret))
    # numbers of cases and moments are no telephone numbers
    assert "PA-2026-0912345678" in line(record_of("PA-2026-0912345678"))


def test_an_error_keeps_its_trace_and_the_plain_form_is_one_line() -> None:
    try:
        raise ValueError("an@example.vn")
    except ValueError:
        record = record_of("broken")
        record.exc_info = sys.exc_info()
    found = json.loads(line(record))
    assert "ValueError: …" in found["error"]
    assert "\n" not in line(record_of("well", route="/x"), logs.PlainLines())
    assert isinstance(logs.formatter("plain"), logs.PlainLines)
    assert isinstance(logs.formatter("json"), logs.JsonLines)


def test_an_actor_is_the_same_within_an_installation_only(settings: Any) -> None:
    someone = uuid4()
    one = logs.hashed(someone)
    assert one == logs.hashed(someone) != logs.hashed(uuid4())
    settings.SECRET_KEY = "another"
    assert logs.hashed(someone) != one
    assert logs.hashed(None) == ""


@pytest.mark.django_db
def test_a_broken_page_is_logged_once_with_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    keep = logs.OnlyFailures()
    with_trace, without = record_of("x"), record_of("x")
    with_trace.exc_info = (ValueError, ValueError("x"), None)
    assert keep.filter(with_trace)
    assert not keep.filter(without)


@pytest.mark.parametrize(
    ("client", "headers", "token", "may"),
    [
        ("127.0.0.1", {}, "", True),
        ("::1", {}, "", True),
        ("127.0.0.1", {"x-forwarded-for": "8.8.8.8"}, "", False),
        ("10.0.0.4", {}, "", False),
        ("10.0.0.4", {"authorization": "Bearer right"}, "right", True),
        ("10.0.0.4", {"authorization": "Bearer wrong"}, "right", False),
        ("10.0.0.4", {"authorization": "Bearer "}, "", False),
        ("unix", {}, "", False),
    ],
)
def test_who_may_read_the_metrics(client: str, headers: dict[str, str], token: str, may: bool) -> None:
    assert metrics.allowed(client, headers, token) is may


@pytest.mark.django_db
def test_metrics_add_up_and_hold_every_gauge() -> None:
    metrics.listen()
    try:
        watch.observe("request_seconds", 0.02, process="web", method="GET", route="/t/", status="2xx")
        watch.observe("things_group_size", 5)
        watch.count("jobs_failed_total", task="t")
        watch.observe("nobody_knows_this", 1)
    finally:
        watch.unlisten(metrics._counting)
    text = metrics.text().decode()
    assert 'thanglong_request_seconds_count{method="GET",process="web",route="/t/",status="2xx"} 1.0' in text
    assert 'thanglong_jobs_failed_total{task="t"} 1.0' in text
    for key, *_ in gauges.GAUGES:
        assert f"# TYPE thanglong_{key} gauge" in text, key
    assert 'thanglong_jobs{state="waiting"} 0.0' in text
    assert "thanglong_ledger_seal_lag_seconds 0.0" in text


@pytest.mark.django_db
def test_every_gauge_reads_and_is_documented() -> None:
    documented = (Path(__file__).parents[2] / "docs" / "look-up" / "metrics.md").read_text()
    for key, gauge in registry.gauges.items():
        assert all(isinstance(value, int | float) for value in gauge.read().values()), key
        assert f"`thanglong_{key}`" in documented, key
    for name in (*metrics.TIMES, *metrics.COUNTS, *metrics._sizes):
        assert f"`thanglong_{name}`" in documented, name


@pytest.mark.django_db
def test_the_slowest_subscription_says_how_far_notifications_are_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteThings(tmp_path / "things.db")
    monkeypatch.setattr(ports.plugged, "things", store)
    behind = registry.gauges["log_behind"].read
    assert set(behind()) == {"measures"}, "nobody waits for notifications"
    for n in range(5):
        entity = {"id": "urn:x:1", "type": "X", "n": {"type": "Property", "value": n}}
        store.write([entity], mode="upsert", at=clock.now())
    newest = store.last_seq()
    store.put_document("", subscribing.KIND, "urn:s:1", {}, create=True, cursor=newest - 3)
    store.put_document("", subscribing.KIND, "urn:s:2", {}, create=True)
    store.note(subscribing.KIND, [], newest)
    assert behind()["notifications"] == 3
    store.close()


def test_a_heartbeat_is_heard_and_goes_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = beat.start("worker", tmp_path)
    for _ in range(200):
        if (tmp_path / "run" / "city-time").is_file():
            break
        stop.wait(0.02)
    parts = {part.name: part for part in beat.parts(tmp_path)}
    stop.set()
    assert parts["worker"].alive
    assert parts["worker"].pid == os.getpid()
    assert parts["worker"].cpu > 0 < parts["worker"].resident
    assert parts["web"].heard is None
    (tmp_path / "run" / "worker.json").write_text(json.dumps({"beat": 1, "pid": 1, "started": "2026-01-01T00:00:00"}))
    assert not beat.parts(tmp_path)[2].alive
    (tmp_path / "run" / "worker.json").write_text("torn")
    assert beat.parts(tmp_path)[2].heard is None


def test_the_disk_forecast_takes_the_usual_growth() -> None:
    day = disk.DAY
    steady = [(at * day, 1000 + 100 * at) for at in range(10)]
    assert disk.growth(steady) == pytest.approx(100)
    jump = [(at, size + (50_000 if at > 8 * day else 0)) for at, size in steady]
    assert disk.growth(jump) == pytest.approx(100, rel=0.5), "one import does not bend it"
    assert disk.growth(steady[:3]) is None


@pytest.mark.django_db
def test_sizes_are_noted_and_bounded(tmp_path: Path, settings: Any) -> None:
    settings.DATA = tmp_path
    (tmp_path / "run").mkdir()
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a").write_bytes(b"x" * 1000)
    (tmp_path / "run" / "sizes.jsonl").write_text("torn\n" * (disk.KEPT + 50))
    disk.note()
    assert disk.sizes()["files"] == 1000
    assert len((tmp_path / "run" / "sizes.jsonl").read_text().splitlines()) == disk.KEPT + 1
    assert len(disk.notes()) == 1
    assert disk.forecast() is None


def test_tracing_is_not_even_imported_unless_asked_for() -> None:
    script = (
        "import django, sys; django.setup()\nfrom thanglong.site import compose, tracing; compose.plug()\n"
        "tracing.start('')\nprint(any(name.startswith('opentelemetry') for name in sys.modules), tracing.on)"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "thanglong.site.settings"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def test_spans_of_requests_and_jobs(db: None) -> None:
    exporting = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    exporter = exporting.InMemorySpanExporter()
    tracing.start("", "web", exporter)
    try:
        parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        Client().get("/units/", headers={"traceparent": parent})
        with watch.span("job", task="ledger.seal"):
            pass
        broken = Watch(lambda request: HttpResponse(status=500))
        broken(RequestFactory().get("/my/PA-1/secret/"))
    finally:
        tracing.stop()
    page, job, failed = exporter.get_finished_spans()
    assert page.name == page.attributes["http.route"] == "/units/"
    assert page.attributes["http.response.status_code"] == 200
    assert page.attributes["thanglong.queries"] >= 1
    assert f"{page.context.trace_id:032x}" == parent.split("-")[1]
    assert (job.name, dict(job.attributes)) == ("job", {"thanglong.task": "ledger.seal"})
    assert not failed.status.is_ok
    assert "secret" not in failed.to_json()


def test_tracing_without_its_libraries_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with pytest.raises(RuntimeError, match=r"install thanglong\[tracing\]"):
        tracing.start("http://collector:4318")
    assert not tracing.on


@pytest.mark.django_db(transaction=True)
def test_work_is_timed_and_failures_counted(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ValueError

    monkeypatch.setitem(bus.tasks._items, "test.broken", broken)
    monkeypatch.setitem(bus.tasks._items, "test.well", lambda: None)
    for task in ("test.well", "test.broken"):
        queue.TableQueue().put(task, {}, run_at=clock.now())
    assert queue.run_one()
    assert queue.run_one()
    names = [(name, labels["task"]) for name, _, labels in heard.seen if "task" in labels]
    assert names == [
        ("span job", "test.well"), ("job_seconds", "test.well"), ("span job", "test.broken"),
        ("jobs_failed_total", "test.broken"),
    ]  # fmt: skip


def test_data_folder_is_the_tests_own() -> None:
    assert metrics.FOLDER.is_relative_to(settings.DATA)
