"""A witness of another installation's ledger: agrees while it grows, and is loud when it was rewritten."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from thanglong.cli import ledger_witness
from thanglong.core.ledger import models, service
from thanglong.core.ledger.types import NewEntry, ObjectRef
from thanglong.formats import tlog
from thanglong.kit import clock, ports
from thanglong.kit.errors import Unavailable
from thanglong.kit.ports import SYSTEM
from thanglong.stores import guards
from thanglong.stores.keys import SigningKey

pytestmark = pytest.mark.django_db
CITY = "http://city.test"


@pytest.fixture(autouse=True)
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[clock.Frozen]:
    """The witness reads from the test client instead of the network."""

    def fetch(address: str) -> bytes:
        parts = urlsplit(address)
        answer = Client().get(f"{parts.path}?{parts.query}")
        if answer.status_code != 200:
            raise Unavailable()
        return bytes(answer.content)

    monkeypatch.setattr(ports.plugged, "data", tmp_path / "data")
    monkeypatch.setattr(ledger_witness, "fetch", fetch)
    frozen = clock.Frozen(datetime(2026, 12, 31, 10, tzinfo=UTC))
    with clock.use(frozen):
        yield frozen


def grow(count: int, word: str = "x") -> None:
    ref = ObjectRef("case", word)
    service.append_many([NewEntry(SYSTEM, "case.opened", ref, facts={"n": n}) for n in range(count)])
    service.seal()


def forge() -> None:
    """The owner of key and database writes the first entry anew and signs everything again."""
    with guards.relaxed():
        row = models.Entry.objects.order_by("pk")[0]
        models.Entry.objects.filter(pk=row.pk).update(body=row.body.replace('"n":0', '"n":9'))
        for table in (models.Leaf, models.Node, models.Head, models.Tree):
            table.objects.all().delete()
        ids = models.Entry.objects.values_list("pk", flat=True)
        models.Pending.objects.bulk_create(models.Pending(entry_id=pk) for pk in ids)
    service.seal()


def visit(keep: Path, **more: Any) -> ledger_witness.Seen:
    return ledger_witness.visit(CITY, keep, **more)


def test_it_agrees_while_the_ledger_grows_even_over_the_year(tmp_path: Path, at: clock.Frozen) -> None:
    keep = tmp_path / "heads"
    grow(3)
    assert (visit(keep).new, visit(keep).new) == (True, False)
    for _ in range(3):
        grow(200)
        seen = visit(keep)
        assert (seen.fault, seen.new) == (None, True)
    at.advance(days=1)
    grow(5)
    seen = visit(keep)
    assert (seen.fault, seen.head.year) == (None, 2027)
    assert len(list(keep.glob("*.note"))) == 5


def test_a_rewritten_ledger_is_told_and_the_evidence_is_kept(tmp_path: Path) -> None:
    keep = tmp_path / "heads"
    grow(3)
    visit(keep)
    forge()
    assert "two heads" in (visit(keep).fault or "")
    grow(4)
    assert visit(keep).fault
    assert len(list(keep.glob("forked-*.json"))) == 2
    assert (ledger_witness.newest(keep) or pytest.fail("nothing kept")).size == 3, "the kept head stays"


def test_a_shorter_ledger_and_another_key_are_told(tmp_path: Path) -> None:
    keep = tmp_path / "heads"
    grow(3)
    grow(4)
    visit(keep)
    with guards.relaxed():
        models.Head.objects.order_by("-size")[0].delete()
    assert "shorter" in (visit(keep).fault or "")
    ports.plugged.data = tmp_path / "other"
    grow(9)
    assert "not signed by the key" in (visit(keep).fault or "")


def test_it_can_sign_what_it_keeps(tmp_path: Path) -> None:
    keep, key = tmp_path / "heads", tmp_path / "keys" / "own"
    grow(3)
    seen = visit(keep, sign=key)
    note = tlog.parse_note(next(keep.glob("*.note")).read_bytes())
    public = SigningKey(key).public
    (name, hint, signature) = note.signatures[-1]
    assert (name, hint) == ("witness", tlog.key_hash("witness", public, tlog.COSIGNATURE))
    at = int.from_bytes(signature[:8], "big")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    Ed25519PublicKey.from_public_bytes(public).verify(signature[8:], tlog.cosigned_text(note.text, at))
    assert json.loads(next(keep.glob("2026-*.json")).read_text())["root"] == seen.head.root
