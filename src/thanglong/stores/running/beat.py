"""The heartbeat of each process: a small file that says since when it runs and that it still does."""

import json
import os
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from thanglong.kit import clock

EVERY = 2.0
SILENT = 15.0
"""Seconds after which a silent process counts as gone."""
NAMES = ("live", "web", "worker")


@dataclass(frozen=True, slots=True)
class Part:
    """A process as its heartbeat tells: processor seconds and resident bytes from the system, 0 where unknown."""

    name: str
    alive: bool
    heard: float | None
    pid: int = 0
    started: datetime | None = None
    cpu: float = 0.0
    resident: int = 0


def start(name: str, data: Path) -> threading.Event:
    """Beat from a thread until the event is set."""
    stop = threading.Event()
    path = data / "run" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    # the wall clock is right here, since other processes compare it
    begun = clock.System().now()

    def beat() -> None:
        while not stop.is_set():
            draft = path.with_suffix(".tmp")
            now = clock.System().now()
            try:
                draft.write_text(
                    json.dumps({"beat": now.timestamp(), "pid": os.getpid(), "started": begun.isoformat()})
                )
                draft.replace(path)
                if name == "worker":
                    (path.parent / "city-time").write_text(clock.now().isoformat())
            except OSError:
                # a full disk must not end the process; the silence is seen by the health check
                stop.wait(EVERY)
                continue
            stop.wait(EVERY)

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()
    return stop


def parts(data: Path) -> list[Part]:
    """The processes of this machine."""
    return [_part(name, data / "run" / f"{name}.json") for name in NAMES]


def _part(name: str, path: Path) -> Part:
    try:
        found = json.loads(path.read_bytes())
        heard = clock.System().now().timestamp() - float(found["beat"])
        pid = int(found["pid"])
        started = datetime.fromisoformat(found["started"])
    except (OSError, ValueError, KeyError):
        return Part(name, False, None)
    cpu, resident = usage(pid)
    return Part(name, heard < SILENT, heard, pid, started, cpu, resident)


def usage(pid: int) -> tuple[float, int]:
    """Processor seconds and resident bytes of a process, zeros where the system does not tell (``proc(5)``)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks = os.sysconf("SC_CLK_TCK")
        return (int(fields[11]) + int(fields[12])) / ticks, int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0.0, 0
