"""``thanglong doctor``: what an administrator must know of a machine before trusting it with a city."""

import os
import platform
import shutil
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from thanglong.cli.output import Finding
from thanglong.kit import clock
from thanglong.stores.sqlite import driver

GIB = 1 << 30


def _runtime(data: Path, port: int) -> Iterator[Finding]:
    yield Finding("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    import django
    import granian

    yield Finding("Packages", "ok", f"Django {django.get_version()}, Granian {granian.__version__}")
    version = ".".join(map(str, driver.version()))
    if driver.wal_is_safe():
        yield Finding("SQLite", "ok", f"{version}, WAL journal")
    else:
        yield Finding(
            "SQLite",
            "warn",
            f"{version} can lose data in WAL mode, so the slower DELETE journal is used",
            "install the pysqlite3 wheel (it carries a fixed SQLite), or use PostgreSQL",
        )


def _disk(data: Path, port: int) -> Iterator[Finding]:
    usage = shutil.disk_usage(data)
    free = usage.free / GIB
    text = f"{free:.1f} GiB free of {usage.total / GIB:.0f} at {data}"
    if free < 1:
        yield Finding("Disk", "bad", text, "free some space: below 1 GiB writes may soon be refused")
    elif free < 5:
        yield Finding("Disk", "warn", text, "plan for more space")
    else:
        yield Finding("Disk", "ok", text)
    yield from _durable(data)


def _durable(data: Path) -> Iterator[Finding]:
    probe = data / "run" / "doctor.tmp"
    started = clock.monotonic()
    try:
        with probe.open("wb") as out:
            out.write(b"x" * 4096)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        yield Finding("Writing", "bad", f"{data} cannot be written: {error.strerror}", "check owner and mount options")
        return
    finally:
        probe.unlink(missing_ok=True)
    milliseconds = (clock.monotonic() - started) * 1000
    level: Literal["ok", "warn"] = "ok" if milliseconds < 50 else "warn"
    advice = "" if level == "ok" else "a slow fsync slows every write: use a local disk with power-loss protection"
    yield Finding("Writing", level, f"a durable write takes {milliseconds:.1f} ms", advice)


def _permissions(data: Path, port: int) -> Iterator[Finding]:
    keys = data / "keys"
    open_to_others = [
        path.name
        for path in (keys.iterdir() if keys.is_dir() else ())
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    if open_to_others:
        yield Finding("Keys", "bad", f"readable by others: {', '.join(open_to_others)}", f"chmod 600 {keys}/*")
    else:
        yield Finding("Keys", "ok", "private" if keys.is_dir() else "none yet; made at the first start")
    if hasattr(os, "getuid") and os.getuid() == 0:
        yield Finding("User", "warn", "running as root", "use an account of its own; no right of root is needed")
    else:
        yield Finding("User", "ok", "an ordinary account")


def _clock(data: Path, port: int) -> Iterator[Finding]:
    now = clock.System().now()
    newest = max((path.stat().st_mtime for path in data.rglob("*.db")), default=0.0)
    if newest - now.timestamp() > 60:
        yield Finding("Clock", "bad", f"{now:%Y-%m-%d %H:%M} UTC is before the newest data", "set the clock, use NTP")
        return
    try:
        state = subprocess.run(
            ["timedatectl", "show", "-p", "NTPSynchronized", "--value"],  # noqa: S607 - absent on many machines
            capture_output=True,
            text=True,
            timeout=3,
            check=False,
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        state = ""
    if state == "no":
        yield Finding("Clock", "warn", f"{now:%Y-%m-%d %H:%M} UTC, not synchronised", "switch NTP on")
    else:
        yield Finding("Clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC{', synchronised' if state == 'yes' else ''}")


def _port(data: Path, port: int) -> Iterator[Finding]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            yield Finding(
                "Port", "warn", f"{port} is taken ({error.strerror})", "is the platform running? else use --port"
            )
            return
    yield Finding("Port", "ok", f"{port} is free")


def _database(data: Path, port: int) -> Iterator[Finding]:
    from thanglong.cli.env import setup

    setup()
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Exception as error:
        yield Finding("Database", "bad", f"cannot be reached: {error}", "check THANGLONG_DATABASE and the server")
        return
    kind = "SQLite" if connection.vendor == "sqlite" else f"PostgreSQL {getattr(connection, 'pg_version', 0) // 10000}"
    if plan:
        yield Finding("Database", "warn", f"{kind}, {len(plan)} migrations to run", "`thanglong up` runs them")
        return
    yield Finding("Database", "ok", f"{kind}, up to date")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            result = cursor.execute("PRAGMA quick_check(5)").fetchall()
        intact = result == [("ok",)]
        yield Finding(
            "Integrity",
            "ok" if intact else "bad",
            "quick_check: " + "; ".join(str(row[0]) for row in result),
            "" if intact else "stop the platform and restore the last backup",
        )


CHECKS: tuple[Callable[[Path, int], Iterator[Finding]], ...] = (
    _runtime,
    _disk,
    _permissions,
    _clock,
    _port,
    _database,
)


def all_checks(data: Path, port: int) -> list[Finding]:
    """Every finding, worst things named with what to do."""
    return [finding for check in CHECKS for finding in check(data, port)]
