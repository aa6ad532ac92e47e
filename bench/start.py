"""Start and size: `thanglong up` on an empty folder to the first page, the second start, memory of all processes.

There is no named reference for a whole city platform; the published minimum of a JVM-based NGSI-LD broker with its
database (2 to 4 GB before it holds anything) stands beside the memory figure.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import _figures


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(data: Path, port: int) -> tuple[subprocess.Popen[bytes], float]:
    """Start the platform; the process and the seconds until the first page answered with 200."""
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "thanglong.cli.main", "up", "--port", str(port), "--data", str(data)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while time.monotonic() - begun < 300:
        if process.poll() is not None:
            raise SystemExit("thanglong up ended")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
                if page.status == 200:
                    return process, time.monotonic() - begun
        except OSError:
            time.sleep(0.05)
    raise SystemExit("no first page within 300 s")


def tree(root: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            parents.setdefault(parent, []).append(int(folder.name))
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue += parents.get(pid, [])
    return found


def memory(root: int) -> float:
    """Proportional set size of the process tree in MB (shared pages counted once)."""
    total = 0
    for pid in tree(root):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


result = _figures.of("start")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        port = free_port()
        process, first = start(data, port)
        print(f"empty folder to first page: {first:.1f} s")
        for _ in range(40):
            for path in ("/", "/reports/", "/centre/", "/signin/", "/healthz"):
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30).read()
        time.sleep(20)
        used = memory(process.pid)
        print(f"memory of all processes after 200 pages: {used:.0f} MB")
        process.send_signal(signal.SIGTERM)
        stopped = time.monotonic()
        assert process.wait(60) == 0, "a clean stop exits with 0"
        print(f"clean stop: {time.monotonic() - stopped:.1f} s")
        process, second = start(data, port)
        print(f"second start to first page: {second:.1f} s")
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    result("empty folder to first page", first, "s", "goal 30 s", round(first / 30, 3))
    versus = "published minimum of a JVM broker stack, 2048 MB"
    result("second start to first page", second, "s", "goal 8 s", round(second / 8, 3))
    result("memory of all processes", used, "MB", versus, round(used / 2048, 3))


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[1])
    main()
