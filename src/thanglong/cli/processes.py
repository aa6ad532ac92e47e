"""The three processes, each as it also runs alone on a larger installation."""

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

from thanglong.cli.env import setup


def _granian(target: str, interface: str, **options: Any) -> None:
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    server = Server(
        target,
        interface=Interfaces(interface),
        workers=1,
        log_enabled=True,
        log_level=LogLevels.warning,
        log_access=False,
        websockets=False,
        respawn_failed_workers=True,
        process_name=None,
        **options,
    )
    server.serve()


def run_web(listen: str) -> None:
    """Django under WSGI on ``host:port`` or ``unix:PATH``."""
    where: dict[str, Any]
    if listen.startswith("unix:"):
        socket = Path(listen.removeprefix("unix:"))
        socket.unlink(missing_ok=True)
        where = {"uds": socket}
    else:
        host, _, port = listen.rpartition(":")
        where = {"address": host or "127.0.0.1", "port": int(port)}
    # one writing process, a few threads: SQLite's busy wait is unfair between processes
    _granian("thanglong.site.wsgi:application", "wsgi", blocking_threads=4, backpressure=64, **where)


def run_live(host: str, port: int) -> None:
    """The bare ASGI application on the public port."""
    _granian("thanglong.site.live:application", "asgi", address=host, port=port, backlog=2048)


def _beat(stop: threading.Event, path: Path) -> None:
    """Write a heartbeat that ``/healthz`` reads; the wall clock is right here, since another process compares it."""
    from thanglong.kit import clock

    while not stop.is_set():
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps({"beat": clock.System().now().timestamp(), "pid": os.getpid()}))
        temporary.replace(path)
        (path.parent / "city-time").write_text(clock.now().isoformat())
        stop.wait(2.0)


def run_worker() -> None:
    """Tasks as they fall due, periodic tasks, and the demo's running day."""
    setup()
    from thanglong.cli import demo
    from thanglong.kit import ports
    from thanglong.stores.jobs.queue import Worker

    demo.start_ticking()
    loop = Worker()
    stop = threading.Event()

    def on_signal(*_: object) -> None:
        stop.set()
        loop.stop()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    run = ports.plugged.data / "run"
    run.mkdir(exist_ok=True)
    beat = threading.Thread(target=_beat, args=(stop, run / "worker.json"), daemon=True)
    beat.start()
    try:
        loop.run()
    finally:
        stop.set()
        ports.plugged.things.close()
