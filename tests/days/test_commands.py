"""What an operator or an auditor types: bundles and proofs of the ledger, closed days of the city database."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from typer.testing import CliRunner, Result

from thanglong.cli import ledger as of_ledger
from thanglong.cli import things as of_things
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import NewEntry, ObjectRef
from thanglong.kit import clock, ports
from thanglong.kit.ports import SYSTEM
from thanglong.stores.parquet import DayFiles
from thanglong.stores.sqlite.things import SqliteThings

pytestmark = pytest.mark.django_db
T0 = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (of_ledger, of_things):
        monkeypatch.setattr(command, "prepare_environment", lambda data: None)
        monkeypatch.setattr(command, "setup", lambda: None)


def run(command: Any, *words: str) -> Result:
    return CliRunner().invoke(command.app, list(words))


@pytest.fixture
def entries() -> list[int]:
    rows = [NewEntry(SYSTEM, "case.moved", ObjectRef("case", f"c{n % 3}"), facts={"n": n}) for n in range(300)]
    with transaction.atomic():
        return [entry.id for entry in ledger.append_many(rows)]


def test_a_bundle_is_written_and_checked(entries: list[int], tmp_path: Path) -> None:
    bundle = tmp_path / "all.zip"
    told = json.loads(run(of_ledger, "export", str(bundle), "--json").stdout)
    assert (told["entries"], told["bytes"]) == (300, bundle.stat().st_size)
    checked = run(of_ledger, "verify", str(bundle), "--key", ledger.public_key(), "--json")
    assert checked.exit_code == 0
    assert json.loads(checked.stdout) == {"ok": True, "fault": None, "faults": [], "entries": 300, "heads": 1}
    foreign = run(of_ledger, "verify", str(bundle), "--key", "00" * 32)
    assert (foreign.exit_code, "no head is signed by this key" in foreign.output) == (1, True)
    assert "300 entries" in run(of_ledger, "export", str(bundle), "--ref", "case:c1").output


def test_a_bundle_of_nothing_and_wrong_words_are_explained(entries: list[int], tmp_path: Path) -> None:
    bundle = str(tmp_path / "some.zip")
    assert "KIND:ID" in run(of_ledger, "export", bundle, "--ref", "case").output
    assert "2026-01-31" in run(of_ledger, "export", bundle, "--from", "31.1.2026").output
    nowhere = run(of_ledger, "export", str(tmp_path / "no" / "b.zip"))
    assert (nowhere.exit_code, "The folder" in nowhere.output or "the folder" in nowhere.output) == (2, True)
    text = tmp_path / "text"
    text.write_text("nothing")
    assert "not a proof" in run(of_ledger, "verify", str(text)).output


def test_a_proof_is_printed_and_checked(entries: list[int], tmp_path: Path) -> None:
    proof = tmp_path / "proof.json"
    proof.write_text(run(of_ledger, "prove", str(entries[7]), "--json").stdout)
    assert run(of_ledger, "verify", str(proof), "--key", ledger.public_key()).exit_code == 0
    proof.write_text(proof.read_text().replace('"n":7', '"n":8').replace('"n": 7', '"n": 8'))
    changed = run(of_ledger, "verify", str(proof), "--json")
    assert (changed.exit_code, json.loads(changed.stdout)["ok"]) == (1, False)
    assert "signature" in run(of_ledger, "head").output
    whole = run(of_ledger, "verify", "--json")
    assert (whole.exit_code, json.loads(whole.stdout)["entries"]) == (0, 300)


def test_days_are_closed_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteThings(tmp_path / "things.db", days=DayFiles(tmp_path / "days"))
    monkeypatch.setattr(ports.plugged, "things", store)
    for n in range(40):
        lamp = {"id": "urn:lamp:1", "type": "Streetlight", "power": {"type": "Property", "value": n}}
        store.write([lamp], mode="upsert", at=T0 + timedelta(days=n // 10, minutes=n))
    with clock.use(clock.Frozen(T0 + timedelta(days=10))):
        closed = json.loads(run(of_things, "close-days", "--hot", "7", "--json").stdout)
        assert [(file["day"], file["rows"]) for file in closed] == [
            ("2026-03-02", 10),
            ("2026-03-03", 10),
            ("2026-03-04", 10),
        ]
        assert "0 days closed" in run(of_things, "close-days", "--hot", "7").output
        well = run(of_things, "verify-days", "--content", "--json")
        assert (well.exit_code, json.loads(well.stdout)["faults"]) == (0, [])
        (tmp_path / "days" / closed[1]["name"]).unlink()
        ill = run(of_things, "verify-days")
        assert (ill.exit_code, "2026-03-03" in ill.output, "1 faults" in ill.output) == (1, True, True)
    store.close()
