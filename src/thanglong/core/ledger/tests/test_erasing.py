"""Erasure on purpose: who may, what is entered about it, and that the value can not be confirmed any more."""

from uuid import uuid4

import pytest

from thanglong.core.ledger import models, rules, service
from thanglong.core.ledger.tests.test_service import CASE, CITIZEN, OFFICER, fill
from thanglong.core.ledger.types import ObjectRef
from thanglong.kit.errors import Denied
from thanglong.kit.ports import SYSTEM, Actor

pytestmark = pytest.mark.django_db


def test_after_erasure_nothing_confirms_the_value_and_every_proof_holds() -> None:
    entry = service.append(CITIZEN, "case.opened", CASE, private={"phone": "0912345678", "email": "a@example.org"})
    other = service.append(CITIZEN, "case.opened", ObjectRef("case", "other"), private={"phone": "0912345678"})
    fill(5)
    before = service.export_proof(entry.id)
    assert service.erase_values(SYSTEM, CASE, "phone") == 1
    assert not service.holds(entry.id, "phone", "0912345678")
    assert service.holds(entry.id, "email", "a@example.org"), "only what was asked for"
    assert service.holds(other.id, "phone", "0912345678"), "only of this object"
    # whoever knows all that is left cannot tell the right number from a wrong one: no salt, no commitment
    assert not models.Salt.objects.filter(entry_id=entry.id, name="phone").exists()
    assert entry.commitments["phone"] not in {rules.commitment(b"", "phone", text) for text in ("0912345678", "0")}
    assert rules.verify_bundle(before, service.public_key()) is None
    assert service.export_proof(entry.id)["entry"] == before["entry"]
    assert service.check().ok


def test_that_it_was_done_is_entered_and_only_when_it_was() -> None:
    service.append(CITIZEN, "case.opened", CASE, private={"phone": "0912345678"})
    assert service.erase_values(SYSTEM, CASE) == 2
    last = service.entries(CASE)[-1]
    assert (last.verb, dict(last.facts)) == ("ledger.values_erased", {"values": 2})
    assert service.erase_values(SYSTEM, CASE) == 0
    assert service.entries(CASE)[-1] == last, "a log must not report an erasure that did not happen"


def test_it_needs_the_right_to() -> None:
    service.append(CITIZEN, "case.opened", CASE, private={"phone": "0912345678"})
    for actor in (OFFICER, Actor("citizen"), Actor("client", uuid4(), scopes=frozenset())):
        with pytest.raises(Denied):
            service.erase_values(actor, CASE)
    assert [entry.verb for entry in service.entries(CASE)] == ["case.opened"]
