"""Links between cases, reopening, rungs."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thanglong.core.cases import service
from thanglong.core.cases.rules import links as rules
from thanglong.core.cases.tests.dossier_scene import PERMIT, paper, permit
from thanglong.core.cases.tests.helpers import opened, proof, step, verbs
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.types import Case
from thanglong.kit.errors import Conflict, Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ids import seeded_id
from thanglong.kit.ports import ANONYMOUS


@pytest.fixture
def city(city: City) -> City:
    service.register(PERMIT)
    return city


def now(city: City, case: Case) -> Case:
    return service.case(city.head, case.id).case


def test_both_ends_show_a_link(city: City) -> None:
    one, two = opened(city), opened(city)
    (link,) = service.link(city.officer, one.id, "duplicate", two.number, version=1)
    assert (link.number, link.outgoing, rules.TITLES[link.kind, link.outgoing]) == (two.number, True, "is the same as")
    (other,) = service.case(city.head, two.id).links
    assert (other.number, other.outgoing) == (one.number, False)
    assert verbs(one)[-1] == "case.linked"
    with pytest.raises(Invalid, match="already"):
        service.link(city.officer, one.id, "duplicate", two.id, version=2)
    assert service.unlink(city.officer, one.id, link.id, version=2) == []
    assert verbs(one)[-1] == "case.unlinked"
    with pytest.raises(Conflict):
        service.unlink(city.officer, one.id, link.id, version=3)


def test_who_may_link(city: City) -> None:
    one, two = opened(city), opened(city)
    far = opened(city, unit=city.other)
    for actor, error in ((city.leader, Denied), (city.stranger, NotFound), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(error):
            service.link(actor, one.id, "follows", two.id, version=1)
        with pytest.raises(error):
            service.unlink(actor, one.id, 1, version=1)
    with pytest.raises(NotFound):
        service.link(city.officer, one.id, "follows", far.id, version=1)
    service.link(city.officer, one.id, "follows", two.id, version=1)
    service.transfer(city.head, two.id, city.other, "Bên kia đường", version=1)
    (link,) = service.case(city.head, one.id).links
    assert (link.hidden, link.subject, link.number) == (True, "", two.number)


def test_no_circles(city: City) -> None:
    one, two, three = opened(city), opened(city), opened(city)
    service.link(city.officer, one.id, "blocks", two.id, version=1)
    service.link(city.officer, two.id, "blocks", three.id, version=1)
    with pytest.raises(Invalid, match="circle"):
        service.link(city.officer, three.id, "blocks", one.id, version=1)
    with pytest.raises(Invalid, match="itself"):
        service.link(city.officer, one.id, "blocks", one.id, version=2)
    service.link(city.officer, three.id, "follows", one.id, version=1)


def test_what_blocks_must_be_finished_first(city: City) -> None:
    one, two = opened(city), opened(city)
    service.link(city.officer, one.id, "blocks", two.id, version=1)
    two = step(city.officer, two, "take")
    assert service.case(city.officer, two.id).blocked["finish"] == [f"{one.number} phải xong trước."]
    with pytest.raises(Invalid, match="finished first"):
        step(city.officer, two, "finish", documents=proof(city.officer))
    one = step(city.officer, now(city, one), "take")
    step(city.officer, one, "finish", documents=proof(city.officer))
    assert step(city.officer, two, "finish", documents=proof(city.officer)).state == "done"


def test_reopening_in_time_goes_on_with_the_time_that_was_left(city: City, frozen: Any) -> None:
    case = step(city.officer, permit(city, documents=[paper("drawing").id]), "take")
    frozen.advance(days=1)
    case = step(city.officer, case, "grant")
    due = case.due_at
    frozen.advance(days=7)
    with pytest.raises(Denied):
        step(city.officer, case, "reopen")
    again = step(city.head, case, "reopen")
    assert (again.state, again.reopened, again.closed_at) == ("review", 1, None)
    assert due is not None
    assert again.due_at == due + timedelta(days=7)
    case = step(city.officer, again, "refuse")
    frozen.advance(days=31)
    with pytest.raises(Invalid, match="time for this step is over"):
        step(city.head, case, "reopen")
    assert service.case(city.head, case.id).blocked["reopen"][0].startswith("Đã hết thời gian")


def test_a_document_that_the_rules_ask_for(city: City) -> None:
    case = step(city.officer, permit(city, floors=9, documents=[paper("drawing").id]), "take")
    detail = service.case(city.officer, case.id)
    assert [(check.kind, check.state) for check in detail.checklist] == [("drawing", "present"), ("fire", "missing")]
    assert "Fire safety" in detail.blocked["grant"][0]
    with pytest.raises(Invalid) as error:
        step(city.officer, case, "grant")
    assert [fault.field for fault in error.value.faults] == ["fire"]
    low = step(city.officer, permit(city, documents=[paper("drawing").id]), "take")
    assert step(city.officer, low, "grant").state == "granted"


def test_each_rung_once(city: City, frozen: Any) -> None:
    case = permit(city)
    for _ in range(60):
        frozen.advance(days=1)
        service.sweep()
    assert verbs(case).count("case.escalated") == 3
    assert now(city, case).level == 3


ids = st.integers(0, 6).map(lambda n: seeded_id("link", n))


@given(st.lists(st.tuples(ids, ids), max_size=20))
def test_links_never_close_a_circle(wanted: list[tuple[UUID, UUID]]) -> None:
    onward: dict[UUID, list[UUID]] = {}
    for source, target in wanted:
        if source != target and not rules.circular(source, target, onward):
            onward.setdefault(source, []).append(target)

    def walk(node: UUID, seen: frozenset[UUID]) -> None:
        assert node not in seen
        for following in onward.get(node, ()):
            walk(following, seen | {node})

    for node in onward:
        walk(node, frozenset())
