"""The ledger as public files: whole, self-healing, read by any client of the C2SP layout."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from thanglong.core.ledger import models, rules, service
from thanglong.core.ledger.service import tiles
from thanglong.core.ledger.tests.test_service import fill
from thanglong.core.ledger.types import Head
from thanglong.formats import tlog, tlog_verify
from thanglong.kit import clock, ports
from thanglong.kit.errors import Conflict, NotFound
from thanglong.stores import guards
from thanglong.stores.files.tiles import FileTree

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ports.plugged, "data", tmp_path)
    yield


def ledger() -> Path:
    return ports.plugged.data / "ledger"


def sealed() -> Head:
    return service.seal_and_publish() or pytest.fail("nothing was sealed")


def files(of: Path) -> dict[str, bytes]:
    return {str(path.relative_to(of)): path.read_bytes() for path in of.rglob("*") if path.is_file()}


def test_the_files_verify_by_themselves_at_every_size() -> None:
    for more in (1, 254, 1, 1, 300, 512, 3):
        fill(more)
        head = sealed()
        assert tlog_verify.verify(ledger(), service.public_key()) == ([], head.size, 1)


def test_the_layout_is_that_of_the_standard() -> None:
    fill(600)
    head = sealed()
    year = head.year
    assert set(files(ledger())) == {
        "checkpoint",
        "key.txt",
        *(f"{year}/{name}" for name in ("checkpoint", "tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2")),
        *(f"{year}/tile/entries/{name}" for name in ("000", "001", "002.p/88")),
    }
    note = tlog.parse_note((ledger() / "checkpoint").read_bytes())
    assert tlog.parse_checkpoint(note.text).size == 600
    assert note.signature(head.origin, bytes.fromhex(head.key)) == bytes.fromhex(head.signature)
    entries = list(tlog.unbundle((ledger() / f"{year}/tile/entries/002.p/88").read_bytes()))
    assert json.loads(entries[-1])["facts"] == {"n": 599}


def test_partial_tiles_go_when_the_full_one_stands_and_are_still_served() -> None:
    fill(100)
    year = sealed().year
    early = service.published(year, "tile/0/000.p/100"), service.published(year, "tile/entries/000.p/100")
    fill(200)
    sealed()
    assert not (ledger() / f"{year}/tile/0/000.p").exists()
    assert (service.published(year, "tile/0/000.p/100"), service.published(year, "tile/entries/000.p/100")) == early
    for name in ("tile/0/000.p/300", "tile/0/../../checkpoint", "tile/7/000", "tile//0", "tile/0/000.p/x", "key"):
        with pytest.raises(NotFound):
            service.published(year, name)


def test_a_kill_between_two_files_is_mended_by_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(300)
    sealed()
    before = files(ledger())
    fill(500)
    service.seal()
    put, left = FileTree.put, 0

    def dies(self: FileTree, name: str, content: bytes) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        put(self, name, content)

    for allowed in range(8):
        left = allowed
        monkeypatch.setattr(FileTree, "put", dies)
        with pytest.raises(KeyboardInterrupt):
            tiles.publish(FileTree(ledger()))
        monkeypatch.setattr(FileTree, "put", put)
        assert tlog_verify.verify(ledger(), service.public_key())[:2] == ([], 300), "what was published stays whole"
        assert before["checkpoint"] == (ledger() / "checkpoint").read_bytes()
    tiles.publish(FileTree(ledger()))
    assert tlog_verify.verify(ledger(), service.public_key())[:2] == ([], 800)


def test_lost_files_are_made_anew() -> None:
    fill(700)
    sealed()
    whole = files(ledger())
    for path in sorted(ledger().rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    sealed()
    assert files(ledger()) == whole


def test_an_older_database_under_newer_files_stops_signing() -> None:
    fill(10)
    sealed()
    with guards.relaxed():
        for table in (models.Leaf, models.Node, models.Head, models.Entry, models.Tree):
            table.objects.all().delete()
    fill(3)
    with pytest.raises(Conflict, match="backup"):
        service.seal_and_publish()
    assert service.head() is None
    assert models.Pending.objects.count() == 3, "writers are not stopped"


def test_a_changed_entry_is_not_published() -> None:
    entry = fill(3)[1]
    service.seal()
    with guards.relaxed():
        body = models.Entry.objects.get(pk=entry.id).body
        models.Entry.objects.filter(pk=entry.id).update(body=body.replace('"n":1', '"n":7'))
    with pytest.raises(Conflict, match=str(entry.id)):
        service.seal_and_publish()
    assert not (ledger() / "checkpoint").exists()


def test_every_year_has_its_folder_and_its_final_checkpoint() -> None:
    with clock.use(clock.Frozen(datetime(2026, 12, 31, 16, 59, tzinfo=UTC))) as at:
        fill(300)
        assert sealed().year == 2026
        fill(5)
        at.advance(minutes=2)  # midnight in the city
        fill(7)
        last = sealed()
    assert (last.year, last.size) == (2027, 8)
    final = service.head_in(2026) or pytest.fail("no head")
    assert final.size == 305
    assert (ledger() / "2026/checkpoint").read_bytes() == rules.checkpoint(final)
    assert (ledger() / "checkpoint").read_bytes() == rules.checkpoint(last)
    assert tlog_verify.verify(ledger(), service.public_key()) == ([], 313, 2)
