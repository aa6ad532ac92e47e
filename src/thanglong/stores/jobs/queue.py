"""The job queue and the loop that empties it."""

import logging
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import close_old_connections, connection, transaction

from thanglong.kit import bus, clock, watch
from thanglong.stores.jobs.models import Job

log = logging.getLogger(__name__)
MAX_ATTEMPTS = 12
MAX_PAUSE = timedelta(hours=1)
STEP = timedelta(seconds=2)
"""A clock that goes back by less is only corrected."""


class TableQueue:
    """``kit.ports.JobQueue`` over the job table."""

    def put(
        self, task: str, arguments: Mapping[str, Any], *, key: str | None = None, run_at: datetime | None = None
    ) -> None:
        if task not in bus.tasks:
            raise ValueError(f"no task is called {task!r}")
        job = Job(task=task, arguments=dict(arguments), key=key, run_at=run_at or clock.now())
        if key is None:
            job.save(force_insert=True)
        else:
            Job.objects.bulk_create([job], ignore_conflicts=True)


@dataclass(frozen=True, slots=True)
class QueueState:
    """What the administrator wants to know of the queue."""

    waiting: int
    late_seconds: float
    failed: int


def state() -> QueueState:
    now = clock.now()
    due = Job.objects.filter(failed=False, run_at__lte=now).order_by("run_at")
    first = due.values_list("run_at", flat=True).first()
    return QueueState(
        due.count(), (now - first).total_seconds() if first else 0.0, Job.objects.filter(failed=True).count()
    )


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Work that failed too often: nothing happens to it until somebody decides."""

    id: int
    task: str
    attempts: int
    last_tried: datetime
    error: str


def given_up(limit: int = 100) -> list[GivenUp]:
    """Work that was given up, newest first; ``error`` is the last line of what went wrong."""
    rows = Job.objects.filter(failed=True).order_by("-run_at", "-id")[:limit]
    pause = min(timedelta(seconds=2**MAX_ATTEMPTS), MAX_PAUSE)
    return [
        GivenUp(row.pk, row.task, row.attempts, row.run_at - pause, (row.error.strip().splitlines() or [""])[-1])
        for row in rows
    ]


def try_again(job_id: int) -> str | None:
    """Let given-up work be done again, from now, in the caller's transaction; its task, None when it is gone."""
    row = Job.objects.filter(pk=job_id, failed=True).first()
    if row is not None:
        Job.objects.filter(pk=job_id).update(failed=False, attempts=0, run_at=clock.now())
    return row.task if row else None


def drop(job_id: int) -> str | None:
    """Remove given-up work for good, in the caller's transaction; its task, None when it is gone."""
    row = Job.objects.filter(pk=job_id, failed=True).first()
    if row is not None:
        row.delete()
    return row.task if row else None


def run_one() -> bool:
    """Do the next due job; False when there is none.

    The work and the deletion of its row commit together, so a crash in the midst leaves the job to be done again.
    """
    lock = connection.features.has_select_for_update_skip_locked
    job: Job | None = None
    try:
        with transaction.atomic():
            due = Job.objects.filter(failed=False, run_at__lte=clock.now()).order_by("run_at", "id")
            job = (due.select_for_update(skip_locked=True) if lock else due).first()
            if job is None:
                return False
            begun = clock.monotonic()
            with watch.span("job", task=job.task), bus.block():
                bus.tasks[job.task](**job.arguments)
            watch.observe("job_seconds", clock.monotonic() - begun, task=job.task)
            Job.objects.filter(pk=job.pk).delete()
    except Exception:
        if job is None:
            raise
        _record_failure(job, traceback.format_exc(limit=8))
    return True


def _record_failure(job: Job, error: str) -> None:
    watch.count("jobs_failed_total", task=job.task)
    attempts = job.attempts + 1
    pause = min(timedelta(seconds=2**attempts), MAX_PAUSE)
    log.warning("job %s (%s) failed, attempt %d: %s", job.pk, job.task, attempts, error.strip().splitlines()[-1])
    Job.objects.filter(pk=job.pk).update(
        attempts=attempts, error=error[-4000:], run_at=clock.now() + pause, failed=attempts >= MAX_ATTEMPTS
    )


def drain(limit: int = 10_000) -> int:
    """Do due jobs until none is left (tests, command line); the number done."""
    done = 0
    while done < limit and run_one():
        done += 1
    return done


class Worker:
    """The worker process: jobs as they fall due, and the periodic tasks."""

    def __init__(self, idle_pause: float = 0.2) -> None:
        self._stop = threading.Event()
        self._pause = idle_pause
        self._latest = clock.now()

    def stop(self, *_: object) -> None:
        self._stop.set()

    def run(self) -> None:
        alone = [threading.Thread(target=self._run_apart, args=(item,)) for item in bus.periodic if item.apart]
        for thread in alone:
            thread.start()
        try:
            self._run_jobs()
        finally:
            self._stop.set()
            for thread in alone:
                thread.join(10.0)

    def _run_apart(self, item: bus.Periodic) -> None:
        """A periodic task in its own thread, with its own connection."""
        due = clock.monotonic()
        while not self._stop.wait(max(0.0, due - clock.monotonic())):
            due = clock.monotonic() + item.seconds
            close_old_connections()
            _run_one_periodic(item)
        connection.close()

    def _mind_the_clock(self) -> None:
        """When the clock was set back, what had been due stays due and does not wait until the clock is there again."""
        now = clock.now()
        if now < self._latest - STEP:
            Job.objects.filter(failed=False, run_at__lte=self._latest, run_at__gt=now).update(run_at=now)
            log.warning("the clock was set back by %.0f s", (self._latest - now).total_seconds())
            self._latest = now
        self._latest = max(self._latest, now)

    def _run_jobs(self) -> None:
        next_run = {item.task: clock.monotonic() for item in bus.periodic if not item.apart}
        while not self._stop.is_set():
            close_old_connections()
            busy = self._run_periodic(next_run)
            try:
                self._mind_the_clock()
                busy = run_one() or busy
            except Exception:
                log.exception("the job table could not be read; trying again")
                self._stop.wait(1.0)
            if not busy:
                self._stop.wait(self._pause)

    def _run_periodic(self, next_run: dict[str, float]) -> bool:
        busy = False
        for item in bus.periodic:
            if item.apart or clock.monotonic() < next_run[item.task] or self._stop.is_set():
                continue
            next_run[item.task] = clock.monotonic() + item.seconds
            _run_one_periodic(item)
            busy = True
        return busy


def _run_one_periodic(item: bus.Periodic) -> None:
    begun = clock.monotonic()
    try:
        with bus.block():
            bus.tasks[item.task]()
    except Exception:
        log.exception("periodic task %s failed", item.task)
        watch.count("jobs_failed_total", task=item.task)
    watch.observe("job_seconds", clock.monotonic() - begun, task=item.task)
