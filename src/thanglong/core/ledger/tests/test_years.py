"""The turn of the year: the old tree is closed, the new one begins with its final head, old proofs stay valid."""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from thanglong.core.ledger import models, repository, rules, service
from thanglong.core.ledger.tests.test_service import fill
from thanglong.core.ledger.types import Head
from thanglong.kit import clock, ports
from thanglong.kit.errors import NotFound
from thanglong.stores import guards

pytestmark = pytest.mark.django_db
BEFORE = datetime(2026, 12, 31, 16, 59, 30, tzinfo=UTC)  # half a minute to midnight in the city


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[clock.Frozen]:
    monkeypatch.setattr(ports.plugged, "data", tmp_path)
    frozen = clock.Frozen(BEFORE)
    with clock.use(frozen):
        yield frozen


def sealed() -> Head:
    return service.seal() or pytest.fail("nothing was sealed")


def test_the_new_year_begins_with_the_end_of_the_old(at: clock.Frozen) -> None:
    fill(300)
    sealed()
    late = fill(4)  # written before midnight, sealed after it: they belong to the old year
    at.advance(minutes=1)
    new = fill(5)
    head = sealed()
    final = service.head_in(2026) or pytest.fail("no head")
    assert (final.size, head.year, head.size) == (304, 2027, 6)
    assert head.origin.endswith("/2027")
    assert final.origin.endswith("/2026")
    assert service.prove(late[0].id).index == 300
    opened = service.entry(service.latest(1)[0].id)
    assert opened.verb == "ledger.year_opened"
    assert rules.opens_after(opened, final)
    assert service.prove(opened.id).index == 0
    assert [service.prove(entry.id).index for entry in new] == [1, 2, 3, 4, 5]
    assert service.check().ok


def test_a_year_in_which_nothing_happens_at_midnight_is_closed_too(at: clock.Frozen) -> None:
    fill(3)
    sealed()
    at.advance(minutes=1)
    head = sealed()
    assert (head.year, head.size) == (2027, 1)
    assert sealed() == head, "only once"
    at.advance(days=800)
    assert sealed().year == 2029, "years without the platform are passed over"
    assert service.check().ok


def test_a_clock_that_steps_back_opens_no_second_year(at: clock.Frozen) -> None:
    fill(3)
    sealed()
    at.advance(minutes=1)
    sealed()
    at.advance(minutes=-2)
    fill(2)
    assert (sealed().year, sealed().size) == (2027, 3)


def test_proofs_of_earlier_years_hold_for_ever(at: clock.Frozen) -> None:
    entries = fill(300)
    sealed()
    kept = service.export_proof(entries[7].id)
    for _ in range(3):
        at.advance(days=366)
        fill(40)
        sealed()
    assert rules.verify_bundle(kept, service.public_key()) is None
    now = service.prove(entries[7].id)
    assert service.verify(now) is None
    assert now.head.year == 2026
    assert service.check().ok


def test_any_two_heads_are_joined_by_a_proof_within_and_over_years(at: clock.Frozen) -> None:
    for year in range(3):
        for size in (1, 255, 60):
            fill(size)
            sealed()
        at.advance(days=366 if year < 2 else 0)
    heads = [head for tree in repository.trees() for head in repository.heads(tree)]
    assert len(heads) >= 9
    for position, old in enumerate(heads):
        for new in heads[position:]:
            document = service.consistency(old.size, new.size, new.year, old.year)
            assert rules.grown(document, old, new) is None, (old, new)
    old, new = heads[0], heads[-1]
    document = service.consistency(old.size, new.size, new.year, old.year)
    for wrong in broken(document):
        assert rules.grown(wrong, old, new) is not None
    assert rules.grown(document, heads[1], new) is not None
    assert rules.grown(document, old, heads[-2]) is not None
    with pytest.raises(NotFound):
        service.consistency(new.size, old.size, old.year, new.year)


def broken(document: Any) -> Iterator[Any]:
    """The document without each step, and with each step's parts changed."""
    for at, step in enumerate(document["steps"]):
        yield {**document, "steps": document["steps"][:at] + document["steps"][at + 1 :]}
        for key in step:
            wrong = copy.deepcopy(document)
            part = wrong["steps"][at]
            if key == "path":
                part["path"] = [*part["path"], "00" * 32]
            elif key == "entry":
                part["entry"]["entry"]["facts"]["previous"]["size"] += 1
            else:
                part[key]["root"] = "00" * 32
            yield wrong
    yield {}
    yield {"steps": [{}]}


def test_a_year_that_was_exchanged_is_found(at: clock.Frozen) -> None:
    fill(3)
    sealed()
    at.advance(minutes=1)
    fill(3)
    sealed()
    with guards.relaxed():
        models.Head.objects.filter(tree=2026).update(root=b"\x00" * 32)
    kinds = {item.kind for item in service.check().damages}
    assert kinds == {"head", "year"}


@pytest.mark.django_db(transaction=True)
def test_a_ledger_of_before_yearly_trees_keeps_its_name_and_proofs(at: clock.Frozen) -> None:
    """Back to the tables of 0002, with the heads as they were signed then, and forward again."""
    with clock.use(clock.Frozen(BEFORE)):
        with transaction.atomic():
            entries = fill(300)
            repository.add_tree(repository.Tree(2026, rules.FORMAT, 0))
        sealed()
        kept = service.export_proof(entries[8].id)
        assert kept["head"]["origin"] == rules.FORMAT
        targets = [("ledger", "0002_guards")]
        executor = MigrationExecutor(connection)
        executor.migrate(targets)
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
        assert guards.missing() == []
        assert [(item.year, item.origin) for item in repository.trees()] == [(2026, rules.FORMAT)]
        assert service.check().ok
        assert service.export_proof(entries[8].id) == kept
        assert rules.verify_bundle(kept, service.public_key()) is None
