"""Who gets a case, and why: the least work, whoever had it before, nobody who is away."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thanglong.core.cases import service
from thanglong.core.cases.rules import assigning as rules
from thanglong.core.cases.service import assigning, catalogue
from thanglong.core.cases.tests.dossier_scene import PERMIT, permit
from thanglong.core.cases.tests.helpers import opened, proof, step, verbs
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.types import AssignRule, Ranked
from thanglong.core.people import service as people
from thanglong.kit.errors import Conflict, Denied, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS


@pytest.fixture
def city(city: City) -> City:
    service.register(PERMIT)
    return city


def test_the_least_work_by_weight(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    heavy = replace(PERMIT, version=2, assign=AssignRule(weight=3))
    monkeypatch.setitem(catalogue._registered, ("permit", 2), heavy)
    monkeypatch.setitem(catalogue._newest, "permit", heavy)
    one = permit(city)
    service.assign(city.head, one.id, city.officer.id, version=1)
    for _ in range(2):
        service.assign(city.head, opened(city).id, city.second.id, version=1)
    service.assign(city.head, opened(city).id, city.head.id, version=1)
    service.assign(city.head, opened(city).id, city.head.id, version=1)
    service.assign(city.head, opened(city).id, city.head.id, version=1)
    found = service.propose_assignee(city.officer, opened(city).id)
    assert found.account == city.second.id  # two lamps weigh less than one permit
    assert [(person.name, person.work, person.cases) for person in found.ranked] == [
        ("Second", 2.0, 2), ("Head", 3.0, 3), ("Officer", 3.0, 1),
    ]  # fmt: skip


def test_given_with_the_reason_in_the_timeline(city: City) -> None:
    case = opened(city)
    given_case = service.assign_fairly(city.head, case.id, version=1)
    assert given_case.assignee_label == "Head"
    assert verbs(case)[-1] == "case.assigned"
    event = service.timeline(case.id)[-1]
    assert service.fill(event.data["why"], event.data) == "Head đang có ít việc nhất: 0."
    for actor, error in ((city.officer, Denied), (city.stranger, NotFound), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(error):
            service.assign_fairly(actor, case.id, version=2)
    with pytest.raises(Conflict):
        service.assign_fairly(city.head, case.id, version=1)
    for actor, error in ((city.leader, Denied), (city.stranger, NotFound), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(error):
            service.propose_assignee(actor, case.id)


def test_whoever_had_it_before(city: City) -> None:
    case = opened(city)
    secret = case.secret
    case = step(city.second, case, "take")
    case = step(city.second, case, "finish", documents=proof(city.second))
    case = step(ANONYMOUS, case, "not_fixed", secret=secret)
    found = service.propose_assignee(city.head, case.id)
    assert (found.account, found.why) == (city.second.id, "%(name)s had to do with it before and has %(work)s in hand.")
    for _ in range(6):
        service.assign(city.head, opened(city).id, city.second.id, version=1)
    assert service.propose_assignee(city.head, case.id).account != city.second.id  # that would not be fair any more


def test_nobody_who_is_away(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    case = opened(city)
    away = {city.head.id: city.second.id}
    monkeypatch.setattr(people, "absent", lambda accounts, day: away, raising=False)
    found = service.propose_assignee(city.head, case.id)
    assert found.name == "Officer"
    assert [(person.absent, person.deputy) for person in found.ranked][-1] == (True, "Second")
    away |= {city.officer.id: None, city.second.id: None}
    assert service.propose_assignee(city.head, case.id).account is None
    with pytest.raises(Conflict):
        service.assign_fairly(city.head, case.id, version=1)


def test_a_whole_pile_is_shared_out(city: City) -> None:
    cases = [opened(city) for _ in range(7)]
    done = service.share_out(city.head, city.ward)
    assert len(done) == 7
    counts = [
        sum(case.assignee == account for case in done) for account in (city.head.id, city.officer.id, city.second.id)
    ]
    assert sorted(counts) == [2, 2, 3]
    assert all(verbs(case)[-1] == "case.assigned" for case in cases)
    assert service.share_out(city.head, city.ward) == []
    with pytest.raises(Denied):
        service.share_out(city.officer, city.ward)


def test_at_the_opening(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    automatic = replace(PERMIT, version=2, assign=AssignRule(automatic=True))
    monkeypatch.setitem(catalogue._registered, ("permit", 2), automatic)
    monkeypatch.setitem(catalogue._newest, "permit", automatic)
    case = permit(city)
    assert case.assignee is not None
    assert verbs(case) == ["case.opened", "case.assigned"]
    monkeypatch.setattr(assigning, "_absent", lambda accounts, day: dict.fromkeys(accounts))
    assert permit(city).assignee is None


people_in = st.lists(
    st.builds(
        Ranked,
        st.builds(uuid4),
        st.sampled_from("abcd"),
        st.floats(0, 50),
        st.integers(0, 9),
        st.booleans(),
        st.booleans(),
    ),
    max_size=8,
)


@given(people_in)
def test_a_proposal_is_fair(given_people: list[Any]) -> None:
    rule = AssignRule()
    found = rules.propose(rule, given_people)
    able = [person for person in given_people if not person.absent]
    assert (found.account is None) == (not able)
    if able:
        chosen = next(person for person in able if person.account == found.account)
        assert chosen.work <= min(person.work for person in able) + (rule.slack if chosen.sticky else 0)
    assert {person.account for person in found.ranked} == {person.account for person in given_people}
    assert isinstance(found.account, UUID | None)
