"""Reporters and followers: personal data, kept apart and erased in time."""

from datetime import timedelta
from typing import Any

import pytest

from thanglong.core.cases import models, service
from thanglong.core.cases.tests.helpers import opened, step, verbs
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.types import Contact
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.kit.errors import Invalid, NotFound
from thanglong.kit.ports import ANONYMOUS, SYSTEM, Actor


def test_following(city: City) -> None:
    case = opened(city)
    follow = service.follow(ANONYMOUS, case.id, "email", "hai@example.org")
    assert service.followers(case.id) == []
    assert service.follow(ANONYMOUS, case.id, "email", " hai@example.org ").id == follow.id
    assert service.confirm_follower(follow.secret).confirmed
    assert service.confirm_follower(follow.secret).confirmed
    assert [item.address for item in service.followers(case.id)] == ["hai@example.org"]
    assert service.case(city.officer, case.id).followers == 1
    assert service.unfollow(follow.secret) == case.id
    assert service.followers(case.id) == []
    assert verbs(case) == ["case.opened", "case.followed", "case.follow_confirmed", "case.unfollowed"]
    assert "hai@example.org" not in str(ledger.entries(ObjectRef("case", str(case.id))))
    for secret in (follow.secret, ""):
        with pytest.raises(NotFound):
            service.confirm_follower(secret)
        with pytest.raises(NotFound):
            service.unfollow(secret)


@pytest.mark.parametrize(("channel", "address"), [("email", "no"), ("sms", "a@b.c"), ("pigeon", "x"), ("email", " ")])
def test_addresses_that_are_none(city: City, channel: str, address: str) -> None:
    with pytest.raises(Invalid):
        service.follow(ANONYMOUS, opened(city).id, channel, address)


def test_a_confirmed_contact(city: City) -> None:
    case = opened(city, contact=None)
    service.confirm_reporter(ANONYMOUS, case.id, Contact("Lan", "lan@example.org"))
    found = service.reporter_contact(SYSTEM, case.id)
    assert found is not None
    assert found[0].confirmed
    assert verbs(case)[-1] == "case.reporter_confirmed"


def test_my_cases(city: City) -> None:
    me = Actor("person", city.stranger.id, "Me")
    mine = opened(city, actor=me, contact=Contact("Me", account=city.stranger.id))
    opened(city)
    assert [case.id for case in service.cases_of_account(me)] == [mine.id]
    assert service.cases_of_account(ANONYMOUS) == []
    assert service.public_case(mine.number, actor=me).mine


def test_personal_data_go_when_their_time_is_over(city: City, frozen: Any) -> None:
    case = opened(city)
    follow = service.follow(ANONYMOUS, case.id, "sms", "0987654321", confirmed=True)
    service.message(ANONYMOUS, case.id, "Nhà tôi số 5", public=True, secret=case.secret)
    closed = step(city.officer, case, "refuse", {"reason": "Không"})
    (entry, *_) = sorted(ledger.entries(ObjectRef("case", str(case.id))), key=lambda item: item.id)
    assert ledger.holds(entry.id, "phone", "0912345678")
    frozen.advance(days=364)
    assert service.erase_personal() == 0
    frozen.at += timedelta(days=1)
    assert service.erase_personal() == 1
    assert service.erase_personal() == 0
    row = models.Reporter.objects.get(pk=case.id)
    assert (row.name, row.phone, row.email, row.secret) == ("", "", "", "")
    with pytest.raises(NotFound):
        service.case_by_secret(case.number, case.secret)
    with pytest.raises(NotFound):
        service.unfollow(follow.secret)
    assert verbs(closed)[-1] == "case.personal_erased"
    assert not ledger.holds(entry.id, "phone", "0912345678")
    assert not models.Message.objects.exists()
