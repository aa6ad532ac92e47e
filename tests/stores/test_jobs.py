"""The job table: in the caller's transaction, once per key, done at least once, retried with growing pauses, seen when failed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from thanglong.kit import bus, clock, ports
from thanglong.kit.registry import Registry
from thanglong.stores.jobs import queue
from thanglong.stores.jobs.models import Job

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """A fresh registry of tasks: ``note`` writes down what it was given, ``fail`` raises, ``half`` writes and raises."""
    seen: list[Any] = []
    fresh: Registry[bus.Task] = Registry("task")
    monkeypatch.setattr(bus, "tasks", fresh)

    def fail() -> None:
        raise RuntimeError("the provider does not answer")

    def half() -> None:
        ports.plugged.jobs.put("note", {"value": "from half"})
        raise RuntimeError("and then it broke")

    fresh.add("note", lambda value: seen.append(value))
    fresh.add("fail", fail)
    fresh.add("half", half)
    with clock.use(clock.Frozen(NOW)):
        yield seen


@pytest.mark.django_db
def test_jobs_are_done_in_order_and_leave_no_row(done: list[Any]) -> None:
    for value in (1, 2, 3):
        ports.plugged.jobs.put("note", {"value": value})
    assert queue.drain() == 3
    assert done == [1, 2, 3]
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_no_commit_no_job(done: list[Any]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ports.plugged.jobs.put("note", {"value": 1})
        raise ZeroDivisionError
    assert queue.drain() == 0
    assert done == []


@pytest.mark.django_db
def test_a_waiting_key_is_not_queued_twice(done: list[Any]) -> None:
    for value in (1, 2):
        ports.plugged.jobs.put("note", {"value": value}, key="same")
    assert queue.drain() == 1
    ports.plugged.jobs.put("note", {"value": 3}, key="same")
    assert queue.drain() == 1
    assert done == [1, 3]


@pytest.mark.django_db
def test_a_later_job_waits_for_its_time(done: list[Any]) -> None:
    ports.plugged.jobs.put("note", {"value": 1}, run_at=NOW + timedelta(minutes=5))
    assert queue.drain() == 0
    with clock.use(clock.Frozen(NOW + timedelta(minutes=6))):
        assert queue.drain() == 1
    assert done == [1]


@pytest.mark.django_db
def test_an_unknown_task_is_refused_at_once(done: list[Any]) -> None:
    with pytest.raises(ValueError, match="no task is called"):
        ports.plugged.jobs.put("nobody", {})


@pytest.mark.django_db(transaction=True)
def test_a_failing_job_is_retried_with_growing_pauses_and_kept_where_it_is_seen(done: list[Any]) -> None:
    ports.plugged.jobs.put("fail", {})
    moment, pauses = NOW, []
    for _ in range(queue.MAX_ATTEMPTS):
        with clock.use(clock.Frozen(moment)):
            assert queue.run_one()
            assert not queue.run_one(), "not before its pause is over"
        job = Job.objects.get()
        pauses.append(job.run_at - moment)
        moment = job.run_at
    assert pauses == sorted(pauses)
    assert max(pauses) == queue.MAX_PAUSE
    assert job.failed
    assert "the provider does not answer" in job.error
    assert queue.state().failed == 1


@pytest.mark.django_db(transaction=True)
def test_what_a_failing_job_wrote_is_undone(done: list[Any]) -> None:
    ports.plugged.jobs.put("half", {})
    queue.drain()
    assert done == []
    assert [job.task for job in Job.objects.all()] == ["half"]


@pytest.mark.django_db
def test_events_reach_every_listener_as_a_job(done: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from thanglong.core.places.types import PlacesChanged

    monkeypatch.setattr(bus, "_listeners", {})
    heard: list[PlacesChanged] = []
    bus.listen(PlacesChanged, "first.hears", heard.append)
    bus.listen(PlacesChanged, "second.hears", heard.append)
    bus.publish(PlacesChanged("v1"))
    assert heard == [], "nothing happens before the commit"
    assert queue.drain() == 2
    assert heard == [PlacesChanged("v1")] * 2
