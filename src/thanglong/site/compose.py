"""The composition root: which adapter stands behind each port in this process."""

from pathlib import Path

from django.conf import settings

from thanglong.kit import bus, ports, registry
from thanglong.kit.stamping import Stamper
from thanglong.site import compose_things, gauges
from thanglong.stores.files.blobs import FileBlobs
from thanglong.stores.files.senders import ConsoleSender, FileSender


def _stamper() -> Stamper | None:
    if not settings.TSA:
        return None
    from thanglong.stores.stamps import HttpStamper

    return HttpStamper(settings.TSA, Path(settings.TSA_CERTIFICATE) if settings.TSA_CERTIFICATE else None)


def plug() -> None:
    """Plug the adapters in; called once Django is set up, by every process and by the tests."""
    from thanglong.core.people.service import access
    from thanglong.stores.jobs.queue import TableQueue

    data: Path = settings.DATA
    ports.plug(
        data=data,
        access=access,
        jobs=TableQueue(),
        blobs=FileBlobs(data / "files"),
        things=ports.lazy(compose_things.store),
        sender=ConsoleSender() if settings.SENDER == "console" else FileSender(data / "outbox.jsonl"),
    )
    gauges.register()
    for item in registry.ALL:
        item.freeze()


def observe(process: str) -> None:
    """Let a long-lived process be seen: heartbeat, metrics, and spans where a collector is named."""
    from thanglong.site import metrics, tracing
    from thanglong.stores.running import beat, disk

    beat.start(process, settings.DATA)
    metrics.listen()
    tracing.start(settings.TRACES, process)
    if process == "worker":
        bus.tasks.add("system.sizes", disk.note)
        bus.every(disk.EVERY, "system.sizes")
