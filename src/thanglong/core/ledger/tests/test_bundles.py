"""What auditors take away: bundles that are checked without the platform."""

import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from thanglong.core.ledger import service
from thanglong.core.ledger.tests.test_service import CASE, CITIZEN, fill
from thanglong.core.ledger.types import Wanted
from thanglong.formats import tlog_verify
from thanglong.kit import clock, ports
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import SYSTEM

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[clock.Frozen]:
    monkeypatch.setattr(ports.plugged, "data", tmp_path / "data")
    frozen = clock.Frozen(datetime(2026, 12, 20, 3, 0, tzinfo=UTC))
    with clock.use(frozen):
        yield frozen


def grow(at: clock.Frozen) -> None:
    """Two years: 700 entries over ten days, one of a citizen among them, and 100 in the new year."""
    for day in range(10):
        fill(70, 70 * day)
        if day == 4:
            service.append(CITIZEN, "case.opened", CASE, private={"phone": "0912345678"})
        service.seal()
        at.advance(days=1)
    at.advance(days=5)
    fill(100, 700)
    service.seal()


def test_the_whole_ledger(at: clock.Frozen, tmp_path: Path) -> None:
    grow(at)
    told: list[tuple[int, int]] = []
    target = tmp_path / "all.zip"
    count = service.export(target, Wanted(), lambda done, total: told.append((done, total)))
    assert count == 802
    assert tlog_verify.verify(target, service.public_key()) == ([], 802, 12)
    assert told[-1] == (len(told), len(told))
    again = tmp_path / "again.zip"
    service.export(again, Wanted())
    assert target.read_bytes() == again.read_bytes(), "equal ledgers give equal bytes"
    assert b"0912345678" not in b"".join(zipfile.ZipFile(target).read(n) for n in zipfile.ZipFile(target).namelist())


def test_a_period(at: clock.Frozen, tmp_path: Path) -> None:
    since = at.now() + timedelta(days=4)
    grow(at)
    target = tmp_path / "days.zip"
    service.export(target, Wanted(since, since + timedelta(days=1)))
    faults, count, _ = tlog_verify.verify(target, service.public_key())
    assert (faults, count) == ([], 256), "the block of 256 that holds the day"
    about = json.loads(zipfile.ZipFile(target).read("about.json"))
    assert about["whole"] == {"2026": [256, 512]}
    with pytest.raises(NotFound):
        service.export(target, Wanted(since + timedelta(days=900)))


def test_one_object(at: clock.Frozen, tmp_path: Path) -> None:
    grow(at)
    target = tmp_path / "case.zip"
    service.export(target, Wanted(ref=CASE))
    with zipfile.ZipFile(target) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".jsonl") and "/entries/" in name]
        lines = archive.read(name).splitlines()
    assert sum(json.loads(line)["object"]["id"] == CASE.id for line in lines) == 1
    assert tlog_verify.verify(target, service.public_key())[0] == []


def test_a_changed_bundle_is_found_and_the_place_is_told(at: clock.Frozen, tmp_path: Path) -> None:
    grow(at)
    target = tmp_path / "all.zip"
    service.export(target, Wanted())
    with zipfile.ZipFile(target) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    rng = random.Random(5)
    bundles = [name for name in files if "/entries/" in name]
    for _ in range(60):
        name = rng.choice(bundles)
        lines = files[name].split(b"\n")[:-1]
        spot = rng.randrange(len(lines))
        lines[spot] = lines[spot].replace(b'"n":', b'"n":1') if rng.random() < 0.5 else lines[spot][:-1]
        start = 256 * int(name.split("/")[-1].split(".")[0] if ".p" not in name else name.split("/")[-2][:3])
        wrong = {**files, name: b"".join(line + b"\n" for line in lines)}
        if wrong[name] == files[name]:
            continue
        found = tlog_verify.verify(wrong, service.public_key())[0]
        assert [fault[:4] for fault in found] == [(int(name[:4]), start + spot, start + spot, "changed")]


def test_the_bundle_brings_its_verifier(at: clock.Frozen, tmp_path: Path) -> None:
    grow(at)
    target = tmp_path / "all.zip"
    service.export(target, Wanted())
    with zipfile.ZipFile(target) as archive:
        archive.extractall(tmp_path / "open")
    command = [sys.executable, "-I", "verify.py", ".", "--key", service.public_key()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path / "open")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("0 faults, 802 entries, 12 heads")
    assert "verify.py" in (tmp_path / "open" / "README.md").read_text()


def test_an_entry_that_is_gone_is_missing_from_the_bundle_too(at: clock.Frozen, tmp_path: Path) -> None:
    from thanglong.core.ledger import models
    from thanglong.stores import guards

    entries = fill(5)
    service.seal()
    with guards.relaxed():
        models.Entry.objects.filter(pk=entries[2].id).delete()
    target = tmp_path / "all.zip"
    service.export(target, Wanted())
    assert tlog_verify.verify(target, service.public_key())[0][0][:4] == (2026, 2, 2, "changed")
    assert SYSTEM.kind == "system"
