"""Whoever rewrites the store is found out, and the first bad row is named."""

from collections.abc import Callable

import pytest
from django.db.models import F

from thanglong.core.ledger import models, repository, rules, service
from thanglong.core.ledger.service import tree
from thanglong.core.ledger.tests.test_service import fill
from thanglong.core.ledger.types import Damage
from thanglong.kit import ports
from thanglong.stores import guards
from thanglong.stores.keys import signing_key

pytestmark = pytest.mark.django_db


def damages_after(tamper: Callable[[int], object]) -> tuple[int, list[Damage]]:
    """The first entry's id, and what the check finds after ``tamper`` was let loose on 330 sealed entries."""
    entries = fill(300)
    service.seal()
    fill(30, 300)
    service.seal()
    assert service.check().ok
    first = entries[0].id
    with guards.relaxed():
        tamper(first)
    return first, list(service.check().damages)


def edit(first: int) -> None:
    row = models.Entry.objects.get(pk=first + 10)
    models.Entry.objects.filter(pk=row.pk).update(body=row.body.replace('"n":10', '"n":11'))


def test_an_edited_body() -> None:
    first, found = damages_after(edit)
    assert (found[0].kind, found[0].where) == ("entry", first + 10)
    assert len(found) == 1


def spoil(first: int) -> None:
    models.Entry.objects.filter(pk=first + 10).update(body="{")


def test_a_spoilt_body() -> None:
    first, found = damages_after(spoil)
    assert found[0].where == first + 10


def backdate(first: int) -> None:
    row = models.Entry.objects.get(pk=first + 5)
    models.Entry.objects.filter(pk=row.pk).update(at=row.at.replace(year=2020))


def test_a_changed_search_column() -> None:
    first, found = damages_after(backdate)
    assert [(item.kind, item.where) for item in found] == [("entry", first + 5)]


def delete(first: int) -> None:
    models.Entry.objects.filter(pk=first + 20).delete()


def test_a_deleted_entry() -> None:
    first, found = damages_after(delete)
    assert (found[0].kind, found[0].where) == ("entry", first + 20)


def delete_with_leaf(first: int) -> None:
    models.Entry.objects.filter(pk=first + 20).delete()
    models.Leaf.objects.filter(entry_id=first + 20).delete()


def test_a_deleted_entry_with_its_leaf() -> None:
    _, found = damages_after(delete_with_leaf)
    assert found[0].kind == "leaf"
    assert found[0].where == 20


def reorder(first: int) -> None:
    one, other = models.Leaf.objects.get(index=3), models.Leaf.objects.get(index=4)
    models.Leaf.objects.filter(index__in=(3, 4)).delete()
    models.Leaf.objects.create(index=3, entry_id=other.entry_id, hash=other.hash)
    models.Leaf.objects.create(index=4, entry_id=one.entry_id, hash=one.hash)


def test_reordered_leaves() -> None:
    _, found = damages_after(reorder)
    assert (found[0].kind, found[0].where) == ("head", 300)


def rewrite(first: int) -> None:
    edit(first)
    body = models.Entry.objects.get(pk=first + 10).body
    models.Leaf.objects.filter(entry_id=first + 10).update(hash=rules.leaf(first + 10, body))


def test_an_edit_with_a_matching_leaf() -> None:
    _, found = damages_after(rewrite)
    assert ("head", 300) in [(item.kind, item.where) for item in found]
    assert ("node", 0) in [(item.kind, item.where) for item in found]


def cut(first: int) -> None:
    models.Leaf.objects.filter(index__gte=320).delete()
    models.Entry.objects.filter(pk__gt=first + 319).delete()


def test_a_cut_tail() -> None:
    _, found = damages_after(cut)
    assert any("the end is cut" in item.text for item in found)


def insert_unseen(first: int) -> None:
    made = fill(1, 999)[0]
    models.Pending.objects.filter(pk=made.id).delete()


def test_an_entry_kept_out_of_the_tree() -> None:
    _, found = damages_after(insert_unseen)
    assert [item.kind for item in found] == ["entry"]
    assert "neither" in found[0].text


def resign(first: int) -> None:
    models.Head.objects.filter(size=300).update(signature=b"\x01" * 64)


def test_a_false_signature() -> None:
    _, found = damages_after(resign)
    assert [(item.kind, item.where) for item in found] == [("head", 300)]


def lose_node(first: int) -> None:
    models.Node.objects.all().delete()


def test_a_lost_node() -> None:
    assert [item.kind for item in damages_after(lose_node)[1]] == ["node"]


def move_leaf_id(first: int) -> None:
    models.Leaf.objects.filter(index=7).update(entry_id=F("entry_id") + 100_000)


def test_a_leaf_that_names_another_entry() -> None:
    first, found = damages_after(move_leaf_id)
    assert (found[0].kind, found[0].where) == ("entry", first + 7 + 100_000)


def test_a_store_rebuilt_with_its_own_key_is_found_by_a_witness() -> None:
    """The database's owner can forge everything but a head that somebody else has kept."""
    fill(10)
    kept = service.head_document(service.seal() or pytest.fail("no head"))
    with guards.relaxed():
        edit_first = models.Entry.objects.order_by("pk")[0]
        models.Entry.objects.filter(pk=edit_first.pk).update(body=edit_first.body.replace('"n":0', '"n":9'))
        for table in (models.Leaf, models.Node, models.Head):
            table.objects.all().delete()
        models.Pending.objects.bulk_create(
            models.Pending(entry_id=pk) for pk in models.Entry.objects.values_list("pk", flat=True)
        )
        tree.seal(signing_key(ports.plugged.data / "keys" / "ledger.ed25519"))
    assert service.check().ok, "from inside everything looks well"
    forged = service.head_document(repository.head() or pytest.fail("no head"))
    assert forged["size"] == kept["size"]
    assert forged["root"] != kept["root"], "the witness's copy shows the fork"
