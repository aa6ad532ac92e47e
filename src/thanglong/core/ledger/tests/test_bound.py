"""Entries wait a second at most for a signed head, also while the worker is busy with something long."""

import threading
import time
from pathlib import Path

import pytest
from django.db import connection, transaction

from thanglong.core.ledger import repository, service
from thanglong.core.ledger.tests.test_service import fill
from thanglong.kit import bus, clock, ports
from thanglong.kit.registry import Registry
from thanglong.stores.jobs.queue import Worker


@pytest.mark.django_db(transaction=True)
def test_a_busy_worker_seals_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    busy = threading.Event()

    def long() -> None:
        busy.set()
        time.sleep(3.0)

    tasks: Registry[bus.Task] = Registry("task")
    tasks.add("ledger.seal", bus.tasks["ledger.seal"])
    tasks.add("long", long)
    periodic: Registry[bus.Periodic] = Registry("periodic task")
    periodic.add("ledger.seal", bus.periodic["ledger.seal"])
    periodic.add("long", bus.Periodic("long", 0.01))
    monkeypatch.setattr(bus, "tasks", tasks)
    monkeypatch.setattr(bus, "periodic", periodic)
    monkeypatch.setattr(ports.plugged, "data", tmp_path)

    def work() -> None:
        worker.run()
        connection.close()

    worker = Worker()
    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert busy.wait(10)
        waits = []
        for _ in range(3):
            with transaction.atomic():
                entry = fill(1)[0]
            written = clock.monotonic()
            while repository.place_of(entry.id) is None and clock.monotonic() < written + 20:
                time.sleep(0.02)
            waits.append(clock.monotonic() - written)
        # a second between two looks, and what a loaded test machine adds
        assert max(waits) < 2.5, waits
    finally:
        worker.stop()
        thread.join(20)
    assert service.check().ok
    assert (tmp_path / "ledger" / "checkpoint").is_file()
