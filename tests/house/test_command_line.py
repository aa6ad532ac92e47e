"""The command line: doctor says what to do, up refuses in clear words, the supervisor revives and stops its children."""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from thanglong.cli import checks, up
from thanglong.cli.main import app
from thanglong.cli.supervisor import Child, Supervisor
from thanglong.stores.sqlite import driver


@pytest.fixture(autouse=True)
def _environment_stays() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def options(tmp_path: Path, port: int) -> up.Options:
    return up.Options("127.0.0.1", port, "Hà Nội", 1, 0.01, 1.0, False, tmp_path)


def test_up_names_a_taken_port_and_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert up.run(options(tmp_path, taken.getsockname()[1])) == 1
    assert "Choose another with --port" in capsys.readouterr().err


def test_two_on_one_data_folder_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run").mkdir()
    first = up.take_lock(tmp_path)
    assert first is not None
    assert up.run(options(tmp_path, 1)) == 1
    assert "already runs" in capsys.readouterr().err
    os.close(first)


@pytest.mark.parametrize("arguments", [["--scale", "0"], ["--scale", "9"], ["--speed", "-1"], ["--speed", "9999"]])
def test_up_refuses_impossible_numbers(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, ["up", *arguments])
    assert result.exit_code == 2
    assert "choose a" in result.output


def test_city_time_never_runs_backwards(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "city-time").write_text("2999-01-01T00:00:00+00:00")
    assert up._city_clock(options(tmp_path, 1)).now().year == 2999
    (tmp_path / "run" / "city-time").write_text("torn")
    assert up._city_clock(options(tmp_path, 1)).now().year < 2999


def test_a_deep_data_folder_still_gets_a_socket(tmp_path: Path) -> None:
    assert len(os.fsencode(up._socket_path(tmp_path / ("a" * 120)))) <= 107


@pytest.mark.django_db
def test_doctor_answers_in_words_and_in_json(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "ledger.ed25519").write_text("secret")
    (tmp_path / "keys" / "ledger.ed25519").chmod(0o644)
    found = {finding.subject: finding for finding in checks.all_checks(tmp_path, 1)}
    assert {"Python", "SQLite", "Disk", "Writing", "Keys", "Clock", "Port", "Database"} <= set(found)
    assert found["Keys"].level == "bad"
    assert "chmod 600" in found["Keys"].advice
    assert all(finding.advice for finding in found.values() if finding.level != "ok")


@pytest.mark.parametrize(
    ("version", "safe"),
    [((3, 40, 1), False), ((3, 44, 6), True), ((3, 44, 5), False), ((3, 50, 7), True), ((3, 51, 2), False),
     ((3, 51, 3), True), ((3, 52, 0), True), ((3, 53, 4), True), ((3, 7, 0), False), ((3, 6, 23), True)],
)  # fmt: skip
def test_wal_is_used_only_where_it_is_safe(version: tuple[int, int, int], safe: bool) -> None:
    assert driver.wal_is_safe(version) is safe


def _sleep(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(60)


def test_the_supervisor_revives_the_dead_and_stops_all(tmp_path: Path) -> None:
    said: list[str] = []
    lock = os.open(tmp_path.parent / "lock", os.O_CREAT | os.O_RDWR)
    child = Child("sleeper", partial(_sleep, tmp_path))
    supervisor = Supervisor([child], said.append, [lock])
    supervisor.start()
    wait(lambda: len(list(tmp_path.iterdir())) == 1)
    assert child.process is not None
    assert child.process.pid is not None
    first = child.process.pid
    if sys.platform == "linux":
        assert Path(f"/proc/{first}/comm").read_text().strip() == "tl-sleeper"
        held = [str(item.readlink()) for item in Path(f"/proc/{first}/fd").iterdir() if item.is_symlink()]
        assert not [name for name in held if name.endswith("/lock")], "the lock stays with the supervisor"
    os.kill(first, signal.SIGKILL)
    child.process.join()
    wait(lambda: (supervisor._revive(child) or len(list(tmp_path.iterdir()))) == 2)
    assert child.process is not None
    assert child.process.pid != first
    assert any("starting it again" in line for line in said)
    process = child.process
    supervisor.stop()
    assert process.exitcode is not None
    os.close(lock)


def test_what_dies_as_it_starts_gets_more_and_more_time_and_what_had_come_up_none() -> None:
    child = Child("web", time.sleep)
    assert [child.after_death(0.2) for _ in range(9)] == [0, 0, 0.5, 1, 2, 4, 8, 15, 15]
    assert child.after_death(60) == 0
    assert child.after_death(0.2) == 0


def wait(true: object, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError("did not happen in time")


def test_json_where_a_program_reads(tmp_path: Path) -> None:
    (tmp_path / "proof.json").write_text("{}")
    result = CliRunner().invoke(app, ["ledger", "verify", str(tmp_path / "proof.json"), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["ok"] is False
