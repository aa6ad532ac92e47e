"""The disk is full: writes are refused in words, reading goes on, nothing is harmed, and room heals it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from thanglong.cli import backup
from thanglong.stores.files.blobs import FileBlobs
from thanglong.stores.sqlite import driver
from thanglong.stores.sqlite.things import SqliteThings

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A real file system of two megabytes; needs the right to mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.getuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small file system (Linux, root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all the room there is."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as out:
        try:
            for size in (1 << 16, 1 << 12, 1):
                while True:
                    try:
                        out.write(b"x" * size)
                    except OSError:
                        break
        except OSError:
            pass
    return ballast


def lamp(number: int) -> dict[str, object]:
    return {"id": f"urn:x:{number}", "type": "Lamp", "note": {"type": "Property", "value": "x" * 400}}


def test_things_refuse_keep_and_go_on(small: Path) -> None:
    store = SqliteThings(small / "things.db")
    acknowledged: list[int] = []
    try:
        refused = None
        for number in range(20_000):
            try:
                store.write([lamp(number)], mode="create", at=NOW)
                acknowledged.append(number)
            except Exception as error:
                refused = error
                break
        assert refused is not None, "two megabytes were not enough to fill"
        assert "full" in str(refused)
        assert acknowledged
        assert len(store.get([f"urn:x:{n}" for n in acknowledged])) == len(acknowledged), "reading goes on"
        subprocess.run(["mount", "-o", "remount,size=8m", str(small)], check=True)
        store.write([lamp(20_001)], mode="create", at=NOW)
    finally:
        store.close()
    with closing(driver.module().connect(str(small / "things.db"))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        count = connection.execute("SELECT count(*) FROM entity WHERE alive = 1").fetchone()[0]
    # one that was refused is not there, unless it was the one on the edge that its writer could not hear of
    assert len(acknowledged) + 1 <= count <= len(acknowledged) + 2


def test_files_refuse_and_leave_nothing_behind(small: Path) -> None:
    blobs = FileBlobs(small / "files")
    kept = blobs.put(b"a" * 100_000)
    ballast = fill(small)
    with pytest.raises(OSError, match="No space left"):
        blobs.put(b"b" * 200_000)
    assert list((small / "files" / "incoming").iterdir()) == [], "no draft is left"
    with blobs.open(kept.digest) as stored:
        assert len(stored.read()) == 100_000
    ballast.unlink()
    assert blobs.has(blobs.put(b"b" * 200_000).digest)


@pytest.mark.django_db(transaction=True)
def test_a_backup_without_room_says_so_and_leaves_no_half_one(small: Path) -> None:
    ballast = fill(small)
    with pytest.raises(backup.Refused, match="free"):
        backup.make(small, quiet=True)
    ballast.unlink()
    assert not list(small.glob("*/manifest.json"))


def test_the_store_says_full_and_heals_where_nothing_can_be_mounted(tmp_path: Path) -> None:
    """The same through SQLite's own limit of pages, which needs no rights."""
    path = tmp_path / "small.db"
    with closing(driver.module().connect(str(path), isolation_level=None)) as connection:
        for statement in driver.pragmas().split(";"):
            connection.execute(statement)
        connection.execute("CREATE TABLE t(n INTEGER PRIMARY KEY, text TEXT)")
        connection.execute("PRAGMA max_page_count = 60")
        done = 0
        with pytest.raises(driver.module().OperationalError, match="full"):
            while done < 10_000:
                connection.execute("INSERT INTO t(text) VALUES (?)", ("x" * 400,))
                done += 1
        assert connection.execute("SELECT count(*) FROM t").fetchone()[0] == done
        connection.execute("PRAGMA max_page_count = 6000")
        connection.execute("INSERT INTO t(text) VALUES ('more')")
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
