"""A dossier goes back once, with everything that is wrong; a second time only with a reason and the head's word."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thanglong.core.cases import service
from thanglong.core.cases.rules import returns
from thanglong.core.cases.tests.dossier_scene import PERMIT, paper, permit
from thanglong.core.cases.tests.helpers import step, verbs
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.types import Case, FaultAnswer, FaultItem, Return
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.kit.errors import Conflict, Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS, SYSTEM

DRAWING = FaultItem("document", "drawing", "Thiếu mặt cắt", "Nộp bản vẽ có mặt cắt A-A", "Law 50, article 95")
FLOORS = FaultItem("field", "floors", "Số tầng không khớp bản vẽ", "Ghi đúng số tầng")
OTHER = FaultItem("other", "", "Chưa rõ lối đi chung", "Cho biết lối đi chung ở đâu")


@pytest.fixture
def city(city: City) -> City:
    service.register(PERMIT)
    return city


def taken(city: City) -> Case:
    return step(city.officer, permit(city, documents=[paper("drawing").id]), "take")


def secret(case: Case) -> str:
    contact = service.reporter_contact(SYSTEM, case.id)
    assert contact is not None
    return contact[1]


def now(city: City, case: Case) -> Case:
    return service.case(city.head, case.id).case


def back(city: City, case: Case, *faults: FaultItem, **given: Any) -> Return:
    return service.return_case(
        given.pop("actor", city.officer), case.id, faults or (DRAWING, FLOORS, OTHER), version=case.version, **given
    )


def answered(city: City, case: Case, given: Return, value: Any = 5) -> Case:
    answers = {}
    for finding in given.findings:
        if finding.item.about == "document":
            answers[finding.id] = FaultAnswer(documents=[paper(finding.item.target, "new").id])
        elif finding.item.about == "field":
            answers[finding.id] = FaultAnswer(value=value)
        else:
            answers[finding.id] = FaultAnswer(text="Ngõ 32")
    return service.answer_return(ANONYMOUS, case.id, answers, version=case.version, secret=secret(case))


def test_one_list_answered_in_one_go(city: City, frozen: Any) -> None:
    case = taken(city)
    frozen.advance(days=1)
    given = back(city, case)
    assert (given.state, given.round, given.avoidable) == ("sent", 1, 0)
    waiting = now(city, case)
    assert (waiting.state, waiting.due_at, waiting.returned, waiting.avoidable) == ("returned", None, 1, 0)
    seen = service.public_case(case.number, secret=secret(case))
    assert [finding.item for finding in seen.returns[0].findings] == [DRAWING, FLOORS, OTHER]
    assert [check.state for check in service.case(city.head, case.id).checklist] == ["faulty"]
    frozen.advance(days=3)
    after = answered(city, waiting, given)
    assert (after.state, after.data["floors"]) == ("review", 5)
    assert after.due_at is not None
    assert [check.state for check in service.case(city.head, case.id).checklist] == ["present"]
    (kept,) = service.case(city.head, case.id).returns
    assert (kept.state, kept.answered_at, kept.findings[1].answer) == ("answered", frozen.at, "5")
    assert verbs(case) == ["case.opened", "case.moved", "case.moved", "case.moved"]
    entries = sorted(ledger.entries(ObjectRef("case", str(case.id))), key=lambda entry: entry.id)
    assert (entries[2].facts["faults"], entries[2].facts["round"]) == (3, 1)
    assert all("mặt cắt" not in str(entry) for entry in entries)  # the words stay out of the ledger
    assert service.public_case(case.number, secret=secret(case)).returns


def test_everything_missing_in_the_answer_is_said_at_once(city: City) -> None:
    case = taken(city)
    given = back(city, case)
    waiting = now(city, case)
    drawing, floors, other = (finding.id for finding in given.findings)
    with pytest.raises(Invalid) as error:
        service.answer_return(ANONYMOUS, case.id, {}, version=waiting.version, secret=secret(case))
    assert [fault.field for fault in error.value.faults] == [str(drawing), str(floors), str(other)]
    answers = {
        drawing: FaultAnswer(documents=[paper("drawing").id]), floors: FaultAnswer(value=99),
        other: FaultAnswer(text="Ngõ"),
    }  # fmt: skip
    with pytest.raises(Invalid) as error:
        service.answer_return(ANONYMOUS, case.id, answers, version=waiting.version, secret=secret(case))
    assert [fault.field for fault in error.value.faults] == [str(floors)]
    assert now(city, case).version == waiting.version
    for sign, wrong in (("", NotSignedIn), ("wrong", NotSignedIn)):
        with pytest.raises(wrong):
            service.answer_return(ANONYMOUS, case.id, answers, version=waiting.version, secret=sign)
    with pytest.raises(Denied):
        service.answer_return(city.officer, case.id, answers, version=waiting.version)
    with pytest.raises(Conflict):
        service.answer_return(ANONYMOUS, case.id, answers, version=waiting.version - 1, secret=secret(case))


def test_who_may_return(city: City) -> None:
    case = taken(city)
    for actor, error in ((city.stranger, NotFound), (city.leader, Denied), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(error):
            back(city, case, actor=actor)
    with pytest.raises(Invalid) as error:
        service.return_case(city.officer, case.id, [], version=case.version)
    assert error.value.faults[0].field == "faults"
    with pytest.raises(Invalid) as error:
        back(city, case, FaultItem("field", " ", "", "x"), FaultItem("other", "", "x", " "))
    assert [fault.field for fault in error.value.faults] == ["0.target", "0.wrong", "1.remedy"]
    with pytest.raises(Invalid, match="list of faults"):
        step(city.officer, case, "return")
    with pytest.raises(Conflict):
        service.return_case(city.officer, case.id, [OTHER], version=case.version + 1)


def test_a_second_return_of_something_new_needs_nobody(city: City) -> None:
    case = taken(city)
    after = answered(
        city, now(city, case) if back(city, case, DRAWING) else case, service.case(city.head, case.id).returns[0]
    )
    again = back(city, after, FaultItem("document", "drawing", "Mặt cắt sai tỷ lệ", "Vẽ tỷ lệ 1:100"))
    assert (again.state, again.round, again.avoidable) == ("sent", 2, 0)


def test_what_could_have_been_said_before_needs_a_reason_and_the_head(city: City) -> None:
    case = taken(city)
    first = back(city, case, DRAWING)
    after = answered(city, now(city, case), first)
    with pytest.raises(Invalid) as error:
        back(city, after, FLOORS)
    assert [fault.field for fault in error.value.faults] == ["reason"]
    proposed = back(city, after, FLOORS, reason="Bỏ sót khi xem lần đầu")
    assert (proposed.state, proposed.avoidable) == ("proposed", 1)
    waiting = now(city, case)
    assert (waiting.state, waiting.returned) == ("review", 1)
    assert not [
        item for item in service.public_case(case.number, secret=secret(case)).returns if item.state == "proposed"
    ]
    with pytest.raises(Conflict):
        back(city, waiting, FLOORS, reason="x")
    for actor, error_type in ((city.second, Denied), (city.stranger, NotFound), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(error_type):
            service.decide_return(actor, proposed.id, True, version=waiting.version)
    done = service.decide_return(city.head, proposed.id, True, version=waiting.version)
    assert (done.state, done.approved_by) == ("sent", "Head")
    waiting = now(city, case)
    assert (waiting.state, waiting.returned, waiting.avoidable) == ("returned", 2, 1)
    assert "case.return_proposed" in verbs(case)
    (fact,) = service.facts(["permit"], "opened_at", waiting.opened_at, waiting.state_since.replace(year=2030), None)
    assert (fact.returned, fact.avoidable) == (2, 1)


def test_the_head_may_refuse_and_returns_at_once(city: City) -> None:
    case = taken(city)
    after = answered(
        city, now(city, case) if back(city, case, DRAWING) else case, service.case(city.head, case.id).returns[0]
    )
    proposed = back(city, after, FLOORS, reason="Bỏ sót")
    refused = service.decide_return(city.head, proposed.id, False, version=now(city, case).version)
    assert refused.state == "refused"
    assert verbs(case)[-1] == "case.return_refused"
    with pytest.raises(Conflict):
        service.decide_return(city.head, proposed.id, True, version=now(city, case).version)
    own = back(city, now(city, case), FLOORS, actor=city.head, reason="Bỏ sót")
    assert (own.state, own.approved_by, own.round) == ("sent", "Head", 2)


def test_the_machine_finds_its_part(city: City) -> None:
    case = step(city.officer, permit(city, floors=9), "take")
    found = service.suggested_faults(city.officer, case.id)
    assert [(item.about, item.target, item.basis) for item in found] == [
        ("document", "drawing", "Law 50, article 95"), ("document", "fire", "Law 27, article 15"),
    ]  # fmt: skip
    with pytest.raises(Denied):
        service.suggested_faults(city.stranger, case.id)


items = st.builds(
    FaultItem, st.sampled_from(["field", "document"]), st.sampled_from("abcde"), st.just("x"), st.just("y")
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(items, max_size=6),
    st.integers(0, 3),
    st.sets(st.tuples(st.sampled_from(["field", "document"]), st.sampled_from("abcde"))),
)
def test_only_what_is_new_could_not_be_seen(given: list[FaultItem], rounds: int, changed: set[tuple[str, str]]) -> None:
    flags = returns.avoidable(given, rounds, changed)
    assert len(flags) == len(given)
    assert rounds or not any(flags)
    for item, flag in zip(given, flags, strict=True):
        if (item.about, item.target) in changed:
            assert not flag
