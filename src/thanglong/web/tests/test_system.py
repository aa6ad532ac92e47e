"""The administrator's page: what it shows, who may see it, what can be done with work that was given up."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from thanglong.core.ledger import service as ledger
from thanglong.core.people import service as people
from thanglong.kit import clock, ports, registry
from thanglong.kit.errors import Denied, NotFound
from thanglong.kit.ids import new_id
from thanglong.kit.ports import ANONYMOUS, Actor
from thanglong.stores.jobs import queue
from thanglong.stores.jobs.models import Job
from thanglong.stores.running import disk, last
from thanglong.web import system

pytestmark = pytest.mark.django_db


@pytest.fixture
def data(tmp_path: Any) -> Iterator[Any]:
    """An own data folder, so that nobody's last backup is seen."""
    before = ports.plugged.data
    (tmp_path / "run").mkdir()
    ports.plug(data=tmp_path)
    yield tmp_path
    ports.plug(data=before)


@pytest.fixture
def admin() -> tuple[Client, Actor]:
    people.create_first_administrator("quantri", "a-long-password")
    client = Client()
    client.post("/signin/", {"username": "quantri", "password": "a-long-password"})
    return client, people.actor_of_session(client.session.session_key)


def given_up(task: str = "ledger.seal") -> int:
    error = "Traceback …\n  File x\nValueError: the disk is full"
    return Job.objects.create(
        task=task, arguments={}, run_at=clock.now(), attempts=queue.MAX_ATTEMPTS, failed=True, error=error
    ).pk


def test_the_page_tells_parts_queues_disk_and_versions(admin: tuple[Client, Actor], data: Any) -> None:
    given_up()
    client, _ = admin
    for language, words in (("en", "Work given up"), ("vi", "Việc đã bỏ dở")):
        page = client.get(f"/desk/system/?lang={language}")
        assert page.status_code == 200
        text = page.content.decode()
        assert words in text
        assert "ValueError: the disk is full" in text
        assert "Thăng Long" in text
        assert "SQLite" in text or "PostgreSQL" in text
    inside = client.get("/desk/system/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in inside
    assert "ledger.seal" in inside


def test_only_the_administrator_sees_it() -> None:
    assert Client().get("/desk/system/").status_code in (302, 401)
    for verb in (system.state, lambda a: system.try_again(a, 1), lambda a: system.drop(a, 1)):
        with pytest.raises(Denied):
            verb(ANONYMOUS)
    with pytest.raises(Denied):
        system.state(Actor("person", new_id()))


def test_work_is_tried_again_or_removed_and_the_ledger_knows(admin: tuple[Client, Actor]) -> None:
    client, actor = admin
    first, second = given_up(), given_up("cases.sweep")
    assert client.post(f"/desk/system/jobs/{first}/again/", follow=True).status_code == 200
    job = Job.objects.get(pk=first)
    assert (job.failed, job.attempts) == (False, 0)
    assert job.run_at <= clock.now()
    client.post(f"/desk/system/jobs/{second}/drop/")
    assert not Job.objects.filter(pk=second).exists()
    told = {entry.verb: entry for entry in ledger.latest(10)}
    assert told["job.retried"].facts == {"task": "ledger.seal"}
    assert told["job.dropped"].facts == {"task": "cases.sweep"}
    assert told["job.dropped"].actor_id == actor.id
    # a second click is no error, and writes nothing
    again = client.post(f"/desk/system/jobs/{second}/drop/?lang=en", follow=True)
    assert again.status_code == 200
    with pytest.raises(NotFound):
        system.try_again(actor, second)
    assert len([entry for entry in ledger.latest(20) if entry.verb.startswith("job.")]) == 2


def lines(actor: Actor) -> dict[str, system.Line]:
    return {line.key: line for line in system.state(actor).lines}


def test_a_backup_missing_old_or_broken_is_said(admin: tuple[Client, Actor], data: Any) -> None:
    _, actor = admin
    assert lines(actor)["backup"].level == "warn"
    last.remember(data, "backup", {"id": "x", "bytes": 10})
    last.remember(data, "drill", {"ok": False, "faults": ["the ledger is another one"]})
    found = lines(actor)
    assert found["backup"].level == "ok"
    assert (found["drill"].level, found["drill"].text) == ("bad", "the ledger is another one")
    path = data / "run" / "last-backup.json"
    facts = json.loads(path.read_text())
    path.write_text(json.dumps({**facts, "at": (clock.System().now() - timedelta(days=2)).isoformat()}))
    assert lines(actor)["backup"].level == "warn"
    assert system.state(actor).worst == "bad"


def test_silent_processes_late_work_and_a_filling_disk_are_said(
    admin: tuple[Client, Actor], data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, actor = admin
    assert lines(actor)["worker"].level == "bad"
    Job.objects.create(task="ledger.seal", arguments={}, run_at=clock.now() - timedelta(minutes=5))
    assert lines(actor)["late"].level == "warn"
    for days, level in ((3.0, "bad"), (40.0, "warn"), (400.0, "ok")):
        monkeypatch.setitem(registry.gauges._items, "disk_full_days", registry.Gauge("", lambda d=days: {"": d}))
        assert lines(actor)["disk"].level == level

    def broken() -> dict[str, float]:
        raise OSError

    monkeypatch.setitem(registry.gauges._items, "sessions", registry.Gauge("", broken))
    assert system.state(actor).figures["sessions"] == 0
    assert disk.forecast() is None


def test_queries_of_the_page_do_not_grow(admin: tuple[Client, Actor], data: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, _ = admin
    client.get("/desk/system/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get("/desk/system/")
    for _ in range(30):
        given_up()
    with CaptureQueriesContext(connection) as many:
        client.get("/desk/system/")
    assert abs(len(many) - len(few)) <= 1, "some figures are kept for a few seconds"
    assert len(many) < 40
