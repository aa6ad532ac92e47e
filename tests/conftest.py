"""A real running city for the stories in ``days/`` and ``browser/``: ``thanglong up`` in its own folder and port."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[1]
PASSWORD = "thanglong-demo"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Running:
    """One ``thanglong up``: start, stop, sign in, find and kill its processes."""

    def __init__(self, data: Path, *arguments: str, **variables: str) -> None:
        self.data, self.arguments = data, arguments
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = data.parent / f"{data.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("THANGLONG_")}
        self.environment = {**inherited, **variables}

    def start(self, seconds: float = 120) -> "Running":
        command = [
            sys.executable,
            "-P",
            "-m",
            "thanglong.cli.main",
            "up",
            "--port",
            str(self.port),
            "--data",
            str(self.data),
        ]
        out = self.log.open("ab")
        self.process = subprocess.Popen([*command, *self.arguments], stdout=out, stderr=out, env=self.environment)
        self.wait_well(seconds)
        return self

    def wait_well(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        last = ""
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                raise AssertionError(f"thanglong up ended: {self.tail()}")
            try:
                answer = httpx.get(f"{self.address}/healthz", timeout=5)
                last = answer.text
                if answer.status_code == 200:
                    return
            except httpx.HTTPError as error:
                last = repr(error)
            time.sleep(0.2)
        raise AssertionError(f"not well after {seconds} s: {last}\n{self.tail()}")

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.is_file() else ""

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        try:
            code = self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.process = None
        return code

    def pids(self, part: str) -> list[int]:
        """Processes of ``live``, ``web`` or ``worker``, their own children included."""
        assert self.process is not None
        children: dict[int, list[int]] = {}
        names = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(folder.name))
                names[int(folder.name)] = (folder / "comm").read_text().strip()
        tops = [p for p in children.get(self.process.pid, []) if names.get(p) == f"tl-{part}"]
        found, queue = [], list(tops)
        while queue:
            pid = queue.pop()
            found.append(pid)
            queue += children.get(pid, [])
        return found

    def client(self, username: str = "") -> httpx.Client:
        """An HTTP client, signed in when a demo login is named."""
        client = httpx.Client(base_url=self.address, follow_redirects=True, timeout=30)
        if username:
            page = client.get("/signin/")
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
            assert token, page.text[:500]
            answer = client.post(
                "/signin/", data={"username": username, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
            )
            assert "thanglong_session" in client.cookies, answer.text[:800]
        return client

    def manage(self, *arguments: str) -> str:
        """Run a ``thanglong`` command on the same data folder."""
        command = [sys.executable, "-P", "-m", "thanglong.cli.main", *arguments, "--data", str(self.data)]
        result = subprocess.run(command, capture_output=True, text=True, env=self.environment, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def manage_script(self, script: str) -> str:
        """Run Python with Django set up on the same data folder; its output."""
        setup = "import django; django.setup()\nfrom thanglong.site import compose; compose.plug()\n"
        variables = {"THANGLONG_DATA": str(self.data), "DJANGO_SETTINGS_MODULE": "thanglong.site.settings"}
        result = subprocess.run(
            [sys.executable, "-P", "-c", setup + script],
            capture_output=True,
            text=True,
            env={**self.environment, **variables},
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    def ledger_holds(self) -> dict[str, object]:
        document: dict[str, object] = json.loads(self.manage("ledger", "verify", "--json"))
        assert document["ok"], document
        return document


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A demo city that runs for the whole test session; ``THANGLONG_CITY=port:data`` takes one that already runs."""
    given = os.environ.get("THANGLONG_CITY", "")
    if given:
        port, _, data = given.partition(":")
        running = Running(Path(data))
        running.port, running.address = int(port), f"http://127.0.0.1:{port}"
        yield running
        return
    running = Running(tmp_path_factory.mktemp("city") / "data")
    running.start()
    yield running
    code = running.stop()
    assert code == 0, running.tail()


@pytest.fixture
def start_city(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts further cities with own arguments; all are stopped at the end."""
    started: list[Running] = []

    def start(*arguments: str, name: str = "data", **variables: str) -> Running:
        running = Running(tmp_path / name, *arguments, **variables)
        started.append(running)
        return running.start()

    yield start
    for running in started:
        running.stop()
