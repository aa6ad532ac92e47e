"""``thanglong up``: prepare the data folder, then run and watch the three processes on one public port."""

import hashlib
import http.client
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from thanglong.cli import processes
from thanglong.cli.env import load, prepare_environment
from thanglong.cli.output import say
from thanglong.cli.supervisor import METHOD, Child, Supervisor, launch
from thanglong.kit import clock
from thanglong.kit.errors import ThangLongError

DEMO_LOGINS = (
    ("lanhdao", "city leader: the centre, the figures"),
    ("truongphuong", "head of a ward"),
    ("canbo", "officer of the same ward: the desk"),
    ("dieuhanh", "operator of the centre"),
    ("kiemtoan", "auditor: the ledger"),
    ("admin", "administrator"),
)
DEMO_PASSWORD = "thanglong-demo"  # noqa: S105 - printed on purpose, demo data only


@dataclass(frozen=True, slots=True)
class Options:
    """What ``thanglong up`` was asked for."""

    host: str
    port: int
    city: str
    seed: int
    scale: float
    speed: float
    empty: bool
    data: Path


def _port_is_free(host: str, port: int) -> str | None:
    """None when the port can be taken, else the reason."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return error.strerror or str(error)
    return None


def take_lock(data: Path) -> int | None:
    """A lock that two ``up`` on one data folder cannot both hold; None when it is taken."""
    import fcntl

    handle = os.open(data / "run" / "up.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _city_clock(options: Options) -> clock.Scaled:
    """City time goes on where it was left, never backwards, and never before the wall."""
    wall = clock.System().now()
    start = wall
    left = options.data / "run" / "city-time"
    if left.is_file():
        try:
            start = max(wall, datetime.fromisoformat(left.read_text()))
        except ValueError:
            start = wall
    return clock.Scaled(wall, start, options.speed)


def _socket_path(data: Path) -> Path:
    """The web process's socket; a Unix socket's name holds at most 107 bytes, so a deep folder gets a short one."""
    path = data / "run" / "web.sock"
    if len(os.fsencode(path)) <= 100:
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"thanglong-{os.getuid()}-{name}.sock"


def _prepare(options: Options) -> None:
    from thanglong.cli import prepare

    try:
        sys.exit(prepare.run(options.city, options.seed, options.scale, options.empty))
    except ThangLongError as error:
        say(f"thanglong: {error}", error=True)
        sys.exit(2)


def _children(options: Options, web_socket: Path) -> list[Child]:
    return [
        Child("live", partial(processes.run_live, options.host, options.port)),
        Child("web", partial(processes.run_web, f"unix:{web_socket}")),
        Child("worker", processes.run_worker),
    ]


def _ready(options: Options) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(host, options.port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _address(options: Options) -> str:
    host = "localhost" if options.host in ("127.0.0.1", "0.0.0.0", "::") else options.host  # noqa: S104
    return f"http://{host}:{options.port}"


def _greet(options: Options) -> None:
    address = _address(options)
    say("")
    say(f"  Thăng Long is running at {address}/")
    say(f"    citizens   {address}/          officers  {address}/desk/")
    say(f"    operations {address}/centre/   health    {address}/healthz")
    if (options.data / "city.json").is_file():
        say("")
        say(f"  Demo logins, all with the password {DEMO_PASSWORD}:")
        for name, what in DEMO_LOGINS:
            say(f"    {name:<14}{what}")
    say("")
    say("  Ctrl-C stops it.")


def run(options: Options) -> int:
    """Run until stopped; the exit code."""
    prepare_environment(options.data)
    lock = take_lock(options.data)
    if lock is None:
        say(
            f"thanglong: another `thanglong up` already runs on {options.data}. Stop it, or choose another --data.",
            error=True,
        )
        return 1
    reason = _port_is_free(options.host, options.port)
    if reason:
        say(
            f"thanglong: port {options.port} on {options.host} cannot be used ({reason}). Choose another with --port.",
            error=True,
        )
        return 1
    web_socket = _socket_path(options.data)
    os.environ.setdefault("THANGLONG_ADDRESS", _address(options))
    os.environ["THANGLONG_WEB_SOCKET"] = str(web_socket)
    if METHOD == "fork":
        load()
    if code := _prepared(Child("prepare", partial(_prepare, options)), lock):
        return code
    # figures of processes that are no more; counters begin anew with every start
    shutil.rmtree(options.data / "run" / "metrics", ignore_errors=True)
    city_clock = _city_clock(options)
    os.environ["THANGLONG_CLOCK"] = city_clock.encode()
    clock.set_clock(city_clock)
    supervisor = Supervisor(_children(options, web_socket), lambda text: say(f"thanglong: {text}", error=True), [lock])
    signal.signal(signal.SIGTERM, supervisor.request_stop)
    signal.signal(signal.SIGINT, supervisor.request_stop)
    try:
        supervisor.start()
        supervisor.watch(_announcer(options))
    finally:
        say("thanglong: stopping …", error=True)
        supervisor.stop()
    return 0


def _prepared(child: Child, lock: int) -> int:
    """Bring the data folder up to date in a process of its own; its exit code."""
    process = launch(child, [lock])
    try:
        process.join()
    except KeyboardInterrupt:
        child.kill_group(signal.SIGTERM)
        process.join()
    return abs(process.exitcode or 0)


def _announcer(options: Options) -> Callable[[], None]:
    """Tells once when the platform is well, or that it is not after a minute. No thread: the supervisor forks."""
    deadline, done = clock.monotonic() + 60, False

    def look() -> None:
        nonlocal done
        if done:
            return
        if _ready(options):
            _greet(options)
            done = True
        elif clock.monotonic() > deadline:
            say("thanglong: not well after 60 s; see /healthz and the messages above", error=True)
            done = True

    return look
