"""The figures of the running installation: queues, lags, sizes, sessions, backups. Read when somebody asks."""

import shutil
from collections.abc import Callable, Mapping
from datetime import datetime

from django.conf import settings

from thanglong.kit import clock, ports, registry
from thanglong.stores.running import disk, last

Read = Callable[[], Mapping[str, float]]


def _jobs() -> Mapping[str, float]:
    from thanglong.stores.jobs import queue

    state = queue.state()
    return {"waiting": state.waiting, "failed": state.failed}


def _late() -> Mapping[str, float]:
    from thanglong.stores.jobs import queue

    return {"": queue.state().late_seconds}


def _ledger_waiting() -> Mapping[str, float]:
    from thanglong.core.ledger import repository

    return {"": repository.waiting()[0]}


def _seal_lag() -> Mapping[str, float]:
    """City seconds for which the oldest entry has waited for a signed head."""
    from thanglong.core.ledger import repository

    _, oldest = repository.waiting()
    return {"": max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0}


def _behind() -> Mapping[str, float]:
    """How far readers of a log are behind it, in entries."""
    from thanglong.core.cases import models as cases
    from thanglong.core.measures import repository as measures
    from thanglong.core.measures.service import computing
    from thanglong.core.things.service import subscribing

    newest = cases.Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    found = {"measures": max(0, newest - measures.cursor(computing.CURSOR))}
    subscriptions = ports.plugged.things.documents(subscribing.KIND)
    if subscriptions:
        together = subscribing.mark()
        slowest = min(together if one.cursor is None else one.cursor for one in subscriptions)
        found["notifications"] = max(0, ports.plugged.things.last_seq() - slowest)
    return found


def _sequence() -> Mapping[str, float]:
    return {"": ports.plugged.things.last_seq()}


def _sessions() -> Mapping[str, float]:
    from django.contrib.sessions.models import Session

    return {"": Session.objects.filter(expire_date__gt=clock.System().now()).count()}


def _sizes() -> Mapping[str, float]:
    return {name: float(size) for name, size in disk.sizes().items()}


def _disk() -> Mapping[str, float]:
    usage = shutil.disk_usage(settings.DATA)
    return {"free": usage.free, "total": usage.total}


def _full() -> Mapping[str, float]:
    days = disk.forecast()
    return {} if days is None else {"": days}


def _ages() -> Mapping[str, float]:
    now = clock.System().now()
    found = {what: last.read(settings.DATA, what) for what in ("backup", "drill")}
    return {
        what: (now - datetime.fromisoformat(str(facts["at"]))).total_seconds() for what, facts in found.items() if facts
    }


def _drill_ok() -> Mapping[str, float]:
    facts = last.read(settings.DATA, "drill")
    return {"": 1.0 if facts and facts.get("ok") else 0.0} if facts else {}


GAUGES: tuple[tuple[str, str, str, Read], ...] = (
    ("jobs", "Background work by state: waiting and due, or given up", "state", _jobs),
    ("job_late_seconds", "City seconds by which the first due work is late", "", _late),
    ("ledger_waiting", "Ledger entries without a signed head", "", _ledger_waiting),
    ("ledger_seal_lag_seconds", "City seconds the oldest entry has waited for a signed head", "", _seal_lag),
    ("log_behind", "Entries of a change log that a reader has not read", "reader", _behind),
    ("things_sequence", "Number of the newest change of a thing", "", _sequence),
    ("sessions", "Sessions that have not run out", "", _sessions),
    ("store_bytes", "Bytes of a part of the data", "part", _sizes),
    ("disk_bytes", "Bytes of the disk with the data: free and total", "kind", _disk),
    ("disk_full_days", "Days until the disk is full at the growth of the last days", "", _full),
    ("age_seconds", "Seconds since the last backup and the last drill", "of", _ages),
    ("drill_ok", "1 when the last drill restored everything", "", _drill_ok),
)


def register() -> None:
    """Enter the gauges once, before the registries are frozen."""
    for key, about, label, read in GAUGES:
        if key not in registry.gauges:
            registry.gauges.add(key, registry.Gauge(about, read, label))
