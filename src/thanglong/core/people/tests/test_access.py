from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.people import models, service
from thanglong.core.people.tests.conftest import NOW, SINCE, SmallCity
from thanglong.core.people.types import CITY, Kind, NotYours, Role
from thanglong.kit.errors import Conflict, Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS, SYSTEM, Actor, Reach

TODAY = NOW.date()


def test_roles_reach_their_subtree(city: SmallCity) -> None:
    access, head = service.access, city.actor("head")
    assert access.allowed(head, "cases.assign", city.ward)
    assert not access.allowed(head, "cases.assign", city.sibling)
    assert not access.allowed(head, "cases.assign", city.root)
    assert access.reach(head, "cases.view") == Reach(False, frozenset({city.ward}))
    assert access.reach(city.actor("leader"), "cases.view").everywhere
    assert access.allowed(city.actor("leader"), "cases.view", uuid4()), "a unit of the past too"
    assert not access.allowed(city.actor("leader"), "cases.act", city.ward)
    assert not access.reach(city.actor("nobody"), "cases.view")


def test_without_a_unit_the_question_is_whether_anywhere(city: SmallCity) -> None:
    service.access.require(city.actor("officer"), "cases.view")
    with pytest.raises(Denied) as error:
        service.access.require(city.actor("officer"), "people.grant")
    assert not isinstance(error.value, NotSignedIn)
    with pytest.raises(NotSignedIn):
        service.access.require(ANONYMOUS, "cases.view")


def test_the_platform_itself_may_and_citizens_may_not(city: SmallCity) -> None:
    assert service.access.reach(SYSTEM, "people.manage").everywhere
    assert not service.access.reach(Actor("citizen", uuid4(), "A"), "cases.view")


def test_a_typing_mistake_in_an_action_is_loud(city: SmallCity) -> None:
    with pytest.raises(ValueError, match="no action"):
        service.access.allowed(city.actor("admin"), "cases.veiw")


def test_memberships_count_on_their_days_only(city: SmallCity) -> None:
    city.add("lent", "officer", city.sibling, TODAY + timedelta(2), TODAY + timedelta(4))
    lent = city.actor("lent")
    verdicts = []
    for _ in range(7):
        verdicts.append(service.access.allowed(lent, "cases.act", city.sibling))
        city.clock.advance(days=1)
    assert verdicts == [False, False, True, True, True, False, False]
    on = [service.access.allowed(lent, "cases.act", city.sibling, on=TODAY + timedelta(n)) for n in range(7)]
    assert on == verdicts


def test_a_withdrawn_role_bites_at_once(city: SmallCity) -> None:
    officer = city.actor("officer")
    post = service.memberships(officer.id or CITY)[0]
    with service.access.pinned():
        assert service.access.allowed(officer, "cases.view", city.ward)
        service.end(city.actor("head"), post.id)
        assert not service.access.allowed(officer, "cases.view", city.ward)
    assert not service.access.allowed(officer, "cases.view", city.ward)


def test_a_change_of_another_process_is_seen_on_the_next_request(city: SmallCity) -> None:
    officer = city.actor("officer")
    assert service.access.allowed(officer, "cases.view", city.ward)
    # what another process does: other memory, same tables
    other = service.TableAccess()
    with service.access.pinned():
        assert service.access.allowed(officer, "cases.view", city.ward)
        models.Membership.objects.filter(account_id=officer.id).update(valid_to=TODAY - timedelta(1))
        models.Version.objects.filter(pk=1).update(stamp=uuid4())
        assert service.access.allowed(officer, "cases.view", city.ward), "once per request"
    assert not other.allowed(officer, "cases.view", city.ward)
    assert not service.access.allowed(officer, "cases.view", city.ward)


def test_a_decision_is_one_small_query_outside_and_none_inside_a_request(city: SmallCity) -> None:
    officer = city.actor("officer")
    service.access.allowed(officer, "cases.view", city.ward)

    def asked() -> int:
        with CaptureQueriesContext(connection) as context:
            for action in ("cases.view", "cases.act", "people.grant"):
                service.access.allowed(officer, action, city.ward)
        # the places keep their own version
        return sum("people_" in query["sql"] for query in context.captured_queries)

    assert asked() == 3
    with service.access.pinned():
        assert asked() == 1
        assert asked() == 0


def test_grant_gives_the_role_and_is_in_the_ledger(city: SmallCity) -> None:
    made = service.grant(
        city.actor("head"),
        city.accounts["nobody"],
        "officer",
        city.ward,
        None,
        TODAY + timedelta(30),
        kind="secondment",
    )
    assert made.kind is Kind.SECONDMENT
    assert made.granted_by == city.accounts["head"]
    assert service.access.allowed(city.actor("nobody"), "cases.act", city.ward)
    entry = ledger.entries(ref(city, "nobody"))[-1]
    assert (entry.verb, entry.unit, entry.actor_id) == ("membership.granted", city.ward, city.accounts["head"])
    assert entry.facts["role"] == "officer"


def ref(city: SmallCity, name: str) -> ObjectRef:
    return ObjectRef("account", str(city.accounts[name]))


@pytest.mark.parametrize(
    ("who", "role", "where", "error"),
    [
        ("head", "officer", "sibling", Denied),
        ("head", "officer", "root", Denied),
        ("head", "city_leader", "ward", NotYours),
        ("head", "operator", "ward", NotYours),
        ("head", "city_admin", "ward", NotYours),
        ("officer", "officer", "ward", Denied),
        ("leader", "officer", "ward", Denied),
        ("nobody", "viewer", "ward", Denied),
        ("admin", "no_such_role", "ward", Invalid),
    ],
)
def test_nobody_grants_more_than_they_hold(
    city: SmallCity, who: str, role: str, where: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        service.grant(city.actor(who), city.accounts["nobody"], role, getattr(city, where))
    assert service.memberships(city.accounts["nobody"]) == []


def test_nobody_grants_beyond_their_own_term(city: SmallCity) -> None:
    city.add("deputy", "unit_head", city.ward, SINCE, TODAY + timedelta(30))
    deputy, nobody = city.actor("deputy"), city.accounts["nobody"]
    with pytest.raises(NotYours):
        service.grant(deputy, nobody, "officer", city.ward)
    with pytest.raises(NotYours):
        service.grant(deputy, nobody, "officer", city.ward, TODAY, TODAY + timedelta(31))
    service.grant(deputy, nobody, "officer", city.ward, TODAY, TODAY + timedelta(30))


def test_the_administrator_grants_anything_anywhere(city: SmallCity) -> None:
    for role in service.roles():
        service.grant(city.actor("admin"), city.accounts["nobody"], role.key, city.sibling)
    assert len(service.memberships(city.accounts["nobody"])) == len(service.roles())


def test_faults_of_a_grant_are_listed_together(city: SmallCity) -> None:
    with pytest.raises(Invalid) as error:
        service.grant(SYSTEM, uuid4(), "nothing", uuid4(), TODAY, TODAY - timedelta(1))
    assert {fault.field for fault in error.value.faults} == {"account", "role", "unit", "valid_to"}


def test_ending(city: SmallCity) -> None:
    head, officer = city.actor("head"), city.accounts["officer"]
    post = service.memberships(officer)[0]
    ended = service.end(head, post.id, TODAY + timedelta(5))
    assert ended.valid_to == TODAY + timedelta(5)
    assert service.access.allowed(city.actor("officer"), "cases.view", city.ward)
    entry = ledger.entries(ref(city, "officer"))[-1]
    assert entry.verb == "membership.ended"
    assert entry.before != entry.after
    # not longer again by ending later
    assert service.end(head, post.id, TODAY + timedelta(9)).valid_to == TODAY + timedelta(5)
    service.end(head, post.id)
    assert not service.access.allowed(city.actor("officer"), "cases.view", city.ward)


def test_a_grant_taken_back_the_same_day_never_held(city: SmallCity) -> None:
    head = city.actor("head")
    made = service.grant(head, city.accounts["nobody"], "officer", city.ward)
    service.end(head, made.id)
    assert service.history(city.accounts["nobody"]) == []
    assert [entry.verb for entry in ledger.entries(ref(city, "nobody"))][-2:] == [
        "membership.granted",
        "membership.ended",
    ]


def test_only_who_could_grant_may_end(city: SmallCity) -> None:
    post = service.memberships(city.accounts["viewer"])[0]
    for who in ("head", "officer", "auditor"):
        with pytest.raises(NotFound):
            service.end(city.actor(who), post.id)
    with pytest.raises(NotFound):
        service.end(city.actor("admin"), uuid4())
    city.add("boss", "city_leader", city.ward)
    higher = service.memberships(city.accounts["boss"])[0]
    with pytest.raises(NotYours):
        service.end(city.actor("head"), higher.id)


def test_members(city: SmallCity) -> None:
    names = [member.account.username for member in service.members(city.ward)]
    assert names == ["head", "officer"]
    assert [member.role.key for member in service.members(city.ward, action="people.grant")] == ["unit_head"]
    assert [member.account.username for member in service.members(city.ward, role="officer")] == ["officer"]
    assert service.members(city.ward, on=date(2025, 1, 1)) == []
    assert len(service.members_of(None)) == 7
    assert {item.username for item in service.accounts(city.accounts.values()).values()} == set(city.accounts)


def test_closing_an_account(city: SmallCity) -> None:
    officer = city.actor("officer")
    with pytest.raises(Denied):
        service.set_active(city.actor("leader"), city.accounts["officer"], False)
    with pytest.raises(Denied):
        service.set_active(city.actor("head"), city.accounts["head"], False)
    with pytest.raises(NotFound):
        service.set_active(city.actor("head"), city.accounts["viewer"], False)
    service.set_active(city.actor("head"), city.accounts["officer"], False)
    service.set_active(city.actor("head"), city.accounts["officer"], True)
    service.set_active(city.actor("admin"), city.accounts["officer"], False)
    assert not service.access.allowed(officer, "cases.view", city.ward)
    assert [member.account.username for member in service.members(city.ward)] == ["head"]
    service.set_active(city.actor("admin"), city.accounts["officer"], True)
    assert service.access.allowed(officer, "cases.view", city.ward)
    verbs = [entry.verb for entry in ledger.entries(ref(city, "officer"))]
    assert verbs[-2:] == ["account.closed", "account.reopened"]


def test_making_an_account(city: SmallCity) -> None:
    for who in ("officer", "leader"):
        with pytest.raises(Denied):
            service.create_account(city.actor(who), "moi", "Người Mới")
    with pytest.raises(Denied):
        service.create_account(city.actor("head"), "moi", "Người Mới", unit=city.sibling)
    own = service.create_account(city.actor("head"), "cuanam.moi", "Người Mới")
    service.set_active(city.actor("head"), own.id, False)
    made = service.create_account(city.actor("admin"), "Moi.NV", "Nguyễn Văn Mới", "một câu thật dài 2026")
    assert made.username == "moi.nv"
    entry = ledger.entries(ObjectRef("account", str(made.id)))[0]
    assert entry.verb == "account.created"
    assert set(entry.commitments) == {"username", "display_name"}
    with pytest.raises(Conflict):
        service.create_account(city.actor("admin"), "MOI.nv", "Ai Đó")
    with pytest.raises(Invalid) as error:
        service.create_account(city.actor("admin"), "có dấu cách", " ", "ngắn")
    assert {fault.field for fault in error.value.faults} == {"username", "display_name", "password"}


def test_saving_a_role(city: SmallCity) -> None:
    role = Role("inspector", "Thanh tra", "Inspector", frozenset({"cases.view"}), 45)
    with pytest.raises(Denied):
        service.save_role(city.actor("head"), role)
    service.save_role(city.actor("admin"), role)
    service.grant(city.actor("admin"), city.accounts["nobody"], "inspector", city.ward)
    assert service.access.allowed(city.actor("nobody"), "cases.view", city.ward)
    assert service.role_name("inspector", "en") == "Inspector"
    entry = ledger.entries(ObjectRef("role", "inspector"))[0]
    assert entry.facts["actions"] == ["cases.view"]
    with pytest.raises(Invalid):
        service.save_role(city.actor("admin"), Role("x y", "", "", frozenset({"no.such"}), 1))


@pytest.mark.django_db
def test_the_first_administrator_may_everything_before_and_after_units_come() -> None:
    made = service.create_first_administrator("admin", "một câu thật dài 2026")
    actor = service.actor(made.id)
    assert service.access.reach(actor, "places.manage").everywhere
    with pytest.raises(Conflict):
        service.create_first_administrator("again", "một câu thật dài 2026")
    assert service.has_accounts()
