import json
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from thanglong.core.ledger import models, repository, rules, service
from thanglong.core.ledger.types import Entry, NewEntry, ObjectRef
from thanglong.formats.jcs import NotCanonical
from thanglong.kit import clock, ports
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import SYSTEM, Actor
from thanglong.solve import merkle
from thanglong.stores import guards

pytestmark = pytest.mark.django_db
OFFICER = Actor("person", uuid4(), "Trần Thị B", unit=uuid4(), role="officer", purpose="kiểm tra")
CITIZEN = Actor("citizen", label="Nguyễn Văn A")
CASE = ObjectRef("case", "PA-26-000001")


def fill(count: int, start: int = 0) -> list[Entry]:
    rows = [
        NewEntry(SYSTEM, "case.opened", ObjectRef("case", str(n)), after={"n": n}, facts={"n": n})
        for n in range(start, start + count)
    ]
    return service.append_many(rows)


def test_an_entry_says_what_happened() -> None:
    at = datetime(2026, 7, 14, 1, 2, 3, 456789, tzinfo=UTC)
    made = service.append(
        OFFICER,
        "case.moved",
        CASE,
        unit=OFFICER.unit,
        before={"state": "new"},
        after={"state": "done"},
        facts={"from": "new", "to": "done", "share": 0.5},
        at=at,
    )
    entry = service.entry(made.id)
    assert entry == made
    assert (entry.at, entry.verb, entry.object, entry.unit) == (at, "case.moved", CASE, OFFICER.unit)
    assert (entry.actor_kind, entry.actor_id, entry.role, entry.purpose) == (
        "person",
        OFFICER.id,
        "officer",
        "kiểm tra",
    )
    assert entry.before == rules.state_digest({"state": "new"}) != entry.after
    assert entry.facts == {"from": "new", "to": "done", "share": 0.5}
    assert service.entries(CASE) == [entry]


def test_unknown_entries_are_not_found() -> None:
    for ask in (service.entry, service.prove, service.export_proof):
        with pytest.raises(NotFound):
            ask(10**9)


@pytest.mark.django_db(transaction=True)
def test_an_entry_needs_the_transaction_of_its_change() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        service.append(SYSTEM, "case.opened", CASE)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        service.append(SYSTEM, "case.opened", CASE)
        raise ZeroDivisionError
    assert service.entries(CASE) == []
    assert service.seal() is None


def test_personal_values_are_committed_not_kept() -> None:
    entry = service.append(CITIZEN, "case.opened", CASE, private={"phone": "0912345678"})
    body = models.Entry.objects.get(pk=entry.id).body
    assert set(entry.commitments) == {"actor", "phone"}
    for secret in ("Nguyễn", "0912345678"):
        assert secret not in body
    again = service.append(CITIZEN, "case.opened", CASE, private={"phone": "0912345678"})
    assert again.commitments["phone"] != entry.commitments["phone"], "each commitment has its own salt"
    assert service.holds(entry.id, "phone", "0912345678")
    assert not service.holds(entry.id, "phone", "0912345679")
    assert not service.holds(entry.id, "name", "0912345678")


def test_forgetting_leaves_the_proof_valid() -> None:
    entry = service.append(CITIZEN, "case.opened", CASE, private={"phone": "0912345678"})
    before = service.export_proof(entry.id)
    assert service.forget([entry.id]) == 2
    assert not service.holds(entry.id, "phone", "0912345678")
    assert service.export_proof(entry.id) == before
    assert rules.verify_bundle(before) is None
    assert service.check().ok


def test_an_officials_name_is_not_in_the_ledger() -> None:
    entry = service.append(OFFICER, "case.moved", CASE)
    assert "Trần" not in models.Entry.objects.get(pk=entry.id).body


def test_equal_texts_have_equal_digests() -> None:
    composed, decomposed = "Hoà", "Hoa\u0300"
    assert rules.state_digest({"name": composed}) == rules.state_digest({"name": decomposed})


def test_what_cannot_be_written_canonically_is_refused() -> None:
    for wrong in ({"n": 2**60}, {"n": float("nan")}, {"n": b"x"}):
        with pytest.raises(NotCanonical):
            service.append(SYSTEM, "case.opened", CASE, facts=wrong)


@pytest.mark.parametrize("batches", [[1], [2, 1], [255, 1, 1], [300, 212, 1, 600]])
def test_sealing_builds_the_tree_of_the_standard(batches: list[int]) -> None:
    for size in batches:
        fill(size)
        head = service.seal()
        assert head is not None
        leaves = [bytes(row) for row in models.Leaf.objects.order_by("index").values_list("hash", flat=True)]
        assert head.size == len(leaves)
        assert head.root == merkle.root(leaves).hex()
        assert rules.signed(head)
    assert service.seal() == head, "nothing new, no new head"
    assert models.Head.objects.count() == len(batches)
    assert service.check().ok


def test_leaves_stand_in_id_order() -> None:
    ids = [entry.id for entry in fill(40)]
    service.seal()
    assert list(models.Leaf.objects.order_by("index").values_list("entry_id", flat=True)) == ids


def test_a_late_committer_gets_its_place_behind() -> None:
    first, late, last = fill(3)
    models.Pending.objects.filter(pk=late.id).delete()
    service.seal()
    # a slower transaction with a smaller id commits now
    models.Pending.objects.create(pk=late.id)
    service.seal()
    assert repository.place_of(first.id) == 0
    assert repository.place_of(last.id) == 1
    assert repository.place_of(late.id) == 2
    assert service.check().ok


def test_large_backlogs_are_sealed_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "SEALED", 100)
    fill(250)
    head = service.seal()
    assert head is not None
    assert head.size == 250
    assert list(models.Head.objects.order_by("size").values_list("size", flat=True)) == [100, 200, 250]
    assert service.check().ok


def test_every_proof_verifies_and_is_short(django_assert_max_num_queries: Callable[..., object]) -> None:
    entries = fill(700)
    service.seal()
    for entry in entries[::37]:
        with django_assert_max_num_queries(8):
            proof = service.prove(entry.id)
        assert service.verify(proof) is None
        assert len(proof.path) <= 10


def test_a_waiting_entry_is_sealed_when_its_proof_is_asked_for() -> None:
    entry = fill(1)[0]
    assert rules.verify_bundle(service.export_proof(entry.id), service.public_key()) is None


def test_a_proof_file_can_be_checked_without_the_platform() -> None:
    entry = service.append(OFFICER, "case.moved", CASE, facts={"text": "Đã sửa ổ gà", "n": 1.5})
    fill(20)
    document = json.loads(json.dumps(service.export_proof(entry.id), ensure_ascii=False))
    assert rules.verify_bundle(document) is None
    assert rules.verify_bundle(document, service.public_key()) is None
    assert rules.verify_bundle(document, "00" * 32) is not None


def changes(document: dict[str, object]) -> list[dict[str, object]]:
    """The document with each single value changed."""

    def other(value: object) -> object:
        if isinstance(value, str):
            return (("0" if value[0] != "0" else "1") + value[1:]) if value else "x"
        return value + 1 if isinstance(value, int) else "x" if value is None else {"x": 1}

    result = []
    for key, value in document.items():
        if isinstance(value, dict):
            result += [{**document, key: inner} for inner in changes(value)]
            result.append({**document, key: {**value, "more": 1}})
        elif isinstance(value, list):
            result += [{**document, key: [*value[:i], other(value[i]), *value[i + 1 :]]} for i in range(len(value))]
            result.append({**document, key: [*value, value[0]] if value else ["00" * 32]})
        else:
            result.append({**document, key: other(value)})
        result.append({name: kept for name, kept in document.items() if name != key})
    return result


def test_no_changed_proof_file_verifies() -> None:
    entry = service.append(OFFICER, "case.moved", CASE, unit=OFFICER.unit, facts={"to": "done"}, private={"a": "b"})
    fill(5)
    document = service.export_proof(entry.id)
    key = service.public_key()
    verifying = [changed for changed in changes(document) if rules.verify_bundle(changed, key) is None]
    harmless = [{k: v for k, v in changed.items() if document.get(k) != v} for changed in verifying]
    # only the head's own copies of what is checked elsewhere, and additions outside the hashed entry, do not count
    assert all("head" in item for item in harmless), harmless
    assert rules.verify_bundle({}) is not None
    assert rules.verify_bundle([]) is not None
    assert rules.verify_bundle(None) is not None


def test_sealing_is_registered_with_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from thanglong.kit import bus

    monkeypatch.setattr(ports.plugged, "data", tmp_path)

    fill(1)
    bus.tasks["ledger.seal"]()
    assert service.head() is not None
    assert bus.periodic["ledger.seal"].seconds == 1.0


def test_the_key_is_private_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports.plugged, "data", tmp_path)
    public = service.public_key()
    path = tmp_path / "keys" / "ledger.ed25519"
    assert path.stat().st_mode & 0o777 == 0o600
    script = (
        "from pathlib import Path; from thanglong.stores.keys import SigningKey;"
        f"print(SigningKey(Path({str(path)!r})).public.hex())"
    )
    other = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == public


def test_backlog_says_when_sealing_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_WAITING", 3)
    fill(3)
    assert service.backlog() is None
    fill(1)
    assert "worker" in (service.backlog() or "")
    with clock.use(clock.Frozen(clock.now() + timedelta(minutes=5))):
        report = service.check()
    assert [item.kind for item in report.damages] == ["pending"]


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_leaf", "ledger_node", "ledger_head"])
@pytest.mark.parametrize("text", ["UPDATE {} SET hash = hash", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_refuses_changes(table: str, text: str) -> None:
    if "TRUNCATE" in text and connection.vendor == "sqlite":
        text = "DELETE FROM {} WHERE 1 = 1"
    fill(300)
    service.seal()
    column = {"ledger_entry": "body", "ledger_head": "root"}.get(table, "hash")
    refusal = pytest.raises(DatabaseError, match="never changed or removed")
    with refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(text.format(table).replace("hash", column))
    assert service.check().ok


def test_guards_stand_and_their_absence_is_noticed() -> None:
    assert guards.missing() == []
    fill(1)
    service.seal()
    guards.remove(names=[name for name in guards.every() if "head" in name])
    report = service.check()
    assert {item.kind for item in report.damages} == {"guard"}
    guards.install()
    assert service.check().ok


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_sealing_does_not_wait_for_writers() -> None:
    """An open transaction with an entry neither holds up the seal nor is lost by it."""
    written, sealed = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            service.append(SYSTEM, "case.opened", ObjectRef("case", "late"))
            written.set()
            assert sealed.wait(20)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(20)
    with transaction.atomic():
        fill(3)
    head = service.seal()
    sealed.set()
    writer.join(20)
    assert head is not None
    assert head.size == 3
    newest = service.seal()
    assert newest is not None
    assert newest.size == 4
    assert service.check().ok
