"""The three processes, each as it also runs alone on a larger installation."""

import importlib
import signal
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


WEB_CONNECTIONS = 320
"""More than the live process opens (256 at once, and health and metrics): one beyond would wait unheard for ever, since
the server counts connections, also kept ones that are silent."""


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
    _granian("thanglong.site.wsgi:application", "wsgi", blocking_threads=4, backpressure=WEB_CONNECTIONS, **where)


def run_live(host: str, port: int) -> None:
    """The bare ASGI application on the public port."""
    _granian("thanglong.site.live:application", "asgi", address=host, port=port, backlog=2048)


def run_worker() -> None:
    """Tasks as they fall due, periodic tasks, and the demo's running day."""
    setup()
    from thanglong.cli import demo
    from thanglong.kit import ports
    from thanglong.stores.jobs.queue import Worker
    from thanglong.surfaces.ngsild.notify import Notifier

    # by name: the composition root stands above the command line
    importlib.import_module("thanglong.site.compose").observe("worker")
    demo.start_ticking()
    notifier = Notifier()
    notifier.start()
    loop = Worker()
    signal.signal(signal.SIGTERM, loop.stop)
    signal.signal(signal.SIGINT, loop.stop)
    try:
        loop.run()
    finally:
        notifier.stop()
        ports.plugged.things.close()
