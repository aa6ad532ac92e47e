"""``thanglong things serve``: the city database alone, in one process."""

import asyncio
import importlib
import os
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thanglong.cli.env import prepare_environment

LOOPBACK = ("127.0.0.1", "::1", "localhost")
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the memory file system of Linux


@dataclass(frozen=True, slots=True)
class Serving:
    """How the broker is to run."""

    host: str
    port: int
    memory: bool
    context_map: Path | None
    no_auth: bool
    tenants: tuple[str, ...]
    data: Path


def run(serving: Serving) -> int:
    """Serve until told to stop; the exit code."""
    alone = serving.no_auth or serving.memory
    if alone and not serving.no_auth and serving.host not in LOOPBACK:
        sys.exit("thanglong: a broker in memory has no access keys. Say --no-auth if every network may reach it.")
    folder = _memory() if serving.memory else serving.data
    try:
        return _serve(serving, folder, alone)
    finally:
        if serving.memory:
            shutil.rmtree(folder, ignore_errors=True)


def _memory() -> Path:
    where = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix="thanglong-things-", dir=where))


def _serve(serving: Serving, folder: Path, alone: bool) -> int:
    prepare_environment(folder)
    os.environ["THANGLONG_THINGS_TENANTS"] = ",".join(serving.tenants)
    if serving.context_map is not None:
        os.environ["THANGLONG_THINGS_CONTEXT_MAP"] = str(serving.context_map.resolve())
    if serving.memory:
        os.environ.update(THANGLONG_THINGS=str(folder / "things.db"), THANGLONG_DATABASE="")
    if alone:
        os.environ["THANGLONG_THINGS_ALONE"] = "1"
    else:
        from thanglong.cli import prepare

        if code := prepare.run("", 0, 0, True):
            return code
    # by name: the composition root stands above the command line, which only starts it
    application = importlib.import_module("thanglong.site.broker").application
    asyncio.run(_listen(application, serving.host, serving.port))
    return 0


async def _listen(application: Any, host: str, port: int) -> None:
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server.embed import Server

    server = Server(
        application, address=host, port=port, interface=Interfaces.ASGI, log_access=False,
        log_enabled=False, log_level=LogLevels.error, websockets=False,
    )  # fmt: skip
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.serve()
