import json
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client

from thanglong.core.ledger import models, rules, service
from thanglong.core.ledger.tests.test_service import CASE, CITIZEN, fill
from thanglong.formats import tlog
from thanglong.kit import ports
from thanglong.kit.ports import Actor
from thanglong.solve import merkle
from thanglong.stores import guards

pytestmark = pytest.mark.django_db


def test_the_overview_of_an_empty_and_of_a_full_ledger(client: Client) -> None:
    empty = client.get("/ledger/?lang=en").content.decode()
    assert "Nothing has happened yet" in empty
    entries = fill(40)
    service.seal()
    page = client.get("/ledger/?lang=en").content.decode()
    assert f"/ledger/entry/{entries[-1].id}/" in page
    older = client.get(f"/ledger/?before={entries[20].id}&lang=en").content.decode()
    assert f"/ledger/entry/{entries[19].id}/" in older
    assert f"/ledger/entry/{entries[-1].id}/" not in older
    assert client.get("/ledger/?entry=no. 1 234").headers["Location"] == "/ledger/entry/1234/"
    assert client.get("/ledger/?before=x&entry=abc").status_code == 200


def test_numbers_in_links_carry_no_separators(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [replace(entry, id=51_000 + entry.id) for entry in fill(20)]
    monkeypatch.setattr(service, "latest", lambda limit, before: items[:limit])
    page = client.get("/ledger/?lang=vi").content.decode()
    assert f"?before={items[14].id}" in page


def test_an_entry_tells_what_happened_and_that_the_proof_holds(client: Client) -> None:
    official = Actor("person", uuid4(), "Trần Thị Bảo Ngọc", role="officer")
    with transaction.atomic():
        entry = service.append(
            official, "membership.granted", CASE, facts={"role": "officer", "done": True, "n": [1, 2]}
        )
        secret = service.append(CITIZEN, "case.opened", CASE, private={"phone": "0912345678"})
    fill(5)
    page = client.get(f"/ledger/entry/{entry.id}/?lang=en").content.decode()
    assert "the proof holds" in page
    assert "An official was given a role" in page
    assert "Officer" in page
    assert "Bảo Ngọc" not in page
    vi = client.get(f"/ledger/entry/{secret.id}/?lang=vi").content.decode()
    for hidden in ("0912345678", "Nguyễn Văn A"):
        assert hidden not in vi
    assert client.get("/ledger/entry/999999/").status_code == 404


def test_a_broken_entry_is_shown_as_broken(client: Client) -> None:
    entry = fill(3)[1]
    service.seal()
    with guards.relaxed():
        body = models.Entry.objects.get(pk=entry.id).body
        models.Entry.objects.filter(pk=entry.id).update(body=body.replace('"n":1', '"n":7'))
    page = client.get(f"/ledger/entry/{entry.id}/?lang=en").content.decode()
    assert "This proof does not hold" in page
    assert "the proof holds" not in page


def test_the_json_twin_verifies_by_itself(client: Client) -> None:
    entry = service.append(CITIZEN, "case.opened", CASE, facts={"text": "Đèn ngõ"})
    document = json.loads(client.get(f"/ledger/entry/{entry.id}.json").content)
    assert rules.verify_bundle(document, service.public_key()) is None


def test_the_files_are_served_and_may_be_kept_for_ever(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports.plugged, "data", tmp_path)
    assert client.get("/ledger/checkpoint").status_code == 404
    assert client.get("/ledger/tile/0/000").status_code == 404
    fill(300)
    head = service.seal_and_publish() or pytest.fail("no head")
    note = client.get("/ledger/checkpoint")
    assert (note.content, note["Cache-Control"]) == (rules.checkpoint(head), "no-cache")
    assert client.get(f"/ledger/{head.year}/checkpoint").content == note.content
    tile = client.get("/ledger/tile/0/000", follow=True)
    assert tile.request["PATH_INFO"] == f"/ledger/{head.year}/tile/0/000"
    assert (len(tile.content), tile["Cache-Control"]) == (256 * 32, "public, max-age=31536000, immutable")
    bundle = client.get(f"/ledger/{head.year}/tile/entries/001.p/44").content
    assert len(list(tlog.unbundle(bundle))) == 44
    for name in ("0/001", "0/001.p/45", "9/000", "entries/..", "x"):
        assert client.get(f"/ledger/{head.year}/tile/{name}").status_code == 404
    assert client.get("/ledger/1999/checkpoint").status_code == 404


def test_anybody_can_see_that_the_ledger_only_grew(client: Client) -> None:
    assert "Nothing has happened yet" in client.get("/ledger/growth/?lang=en").content.decode()
    fill(300)
    old = service.seal() or pytest.fail("no head")
    fill(20)
    service.seal()
    page = client.get(f"/ledger/growth/?old={old.size}&lang=en").content.decode()
    assert "the ledger has only grown" in page
    assert old.root[:4] in page
    assert f"old={old.size}" in client.get("/ledger/growth/?lang=en").content.decode()
    for wrong, text in (("old=7", "no signed head"), ("old=x", "Give the sizes"), ("new=320", "Give the sizes")):
        answer = client.get(f"/ledger/growth/?{wrong}&lang=en")
        assert answer.status_code == 200
        assert text in answer.content.decode()


def test_witnesses_can_ask_for_heads_and_consistency(client: Client) -> None:
    assert client.get("/ledger/head.json").status_code == 404
    fill(300)
    service.seal()
    old = client.get("/ledger/head.json").json()
    fill(77)
    service.seal()
    new = client.get("/ledger/head.json").json()
    proof = client.get(f"/ledger/consistency.json?old={old['size']}&new={new['size']}").json()
    assert (proof["old"], proof["new"]) == (old, new)
    path = [bytes.fromhex(item) for item in proof["path"]]
    roots = bytes.fromhex(old["root"]), bytes.fromhex(new["root"])
    assert merkle.verify_consistency(old["size"], new["size"], *roots, path)
    assert client.get("/ledger/consistency.json?old=1&new=2").status_code == 404
    assert client.get("/ledger/consistency.json?old=x").status_code == 400
