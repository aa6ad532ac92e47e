"""Leave and deputies, delegated administration, second factors, sessions, other systems, readings, staff lists."""

import base64
import hashlib
from datetime import date, timedelta

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.people import models, rules, service
from thanglong.core.people.tests.conftest import PASSWORD, SmallCity
from thanglong.core.people.types import CodeWrong, Grant, OAuthFault, Role, SignInFailed
from thanglong.kit import clock
from thanglong.kit.errors import Conflict, Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS, SYSTEM

TODAY = date(2026, 7, 14)
WEEK = TODAY + timedelta(days=6)


def verbs(city: SmallCity, name: str) -> list[str]:
    return [entry.verb for entry in ledger.entries(ObjectRef("account", str(city.accounts[name])))]


# leave and stand-ins


def test_a_deputy_does_the_work_and_only_for_the_days(city: SmallCity) -> None:
    city.add("lender", "unit_head", city.ward)
    deputy = city.add("second", "viewer", city.ward)
    assert not service.access.allowed(city.actor("second"), "cases.act", city.ward)
    made = service.enter_absence(city.actor("head"), city.accounts["head"], TODAY, WEEK, deputy)
    second = city.actor("second")
    assert service.access.allowed(second, "cases.assign", city.ward)
    assert not service.access.allowed(second, "people.grant", city.ward), "rights to give rights are withheld"
    assert not service.access.allowed(second, "cases.act", city.sibling)
    assert service.absent([city.accounts["head"], city.accounts["officer"]]) == {city.accounts["head"]: deputy}
    assert "second" in [item.account.username for item in service.members(city.ward, action="cases.act")]
    assert {"absence.entered"} <= set(verbs(city, "head"))
    assert {"deputy.entered"} <= set(verbs(city, "second"))
    city.clock.advance(days=7)
    assert not service.access.allowed(second, "cases.act", city.ward)
    assert service.absent([city.accounts["head"]]) == {}
    assert service.end_absence(city.actor("head"), made.id).last_day == WEEK, "what is over stays as it was"


def test_a_deputy_loses_what_the_absent_one_loses(city: SmallCity) -> None:
    deputy = city.add("second", "viewer", city.ward)
    service.enter_absence(city.actor("officer"), city.accounts["officer"], TODAY, WEEK, deputy)
    assert service.access.allowed(city.actor("second"), "cases.act", city.ward)
    service.set_active(city.actor("admin"), city.accounts["officer"], False)
    assert not service.access.allowed(city.actor("second"), "cases.act", city.ward)


def test_faults_of_leave(city: SmallCity) -> None:
    officer, head = city.accounts["officer"], city.actor("head")
    for first, last, deputy, field in (
        (TODAY - timedelta(1), WEEK, None, "first_day"),
        (WEEK, TODAY, None, "last_day"),
        (TODAY, WEEK, officer, "deputy"),
        (TODAY, WEEK, city.accounts["viewer"], "deputy"),
    ):
        with pytest.raises(Invalid) as error:
            service.enter_absence(head, officer, first, last, deputy)
        assert field in {fault.field for fault in error.value.faults}
    made = service.enter_absence(head, officer, TODAY, WEEK)
    with pytest.raises(Invalid, match="entered already"):
        service.enter_absence(head, officer, WEEK, WEEK + timedelta(3))
    with pytest.raises(Invalid, match="on leave"):
        service.enter_absence(head, city.accounts["head"], TODAY, WEEK, officer)
    with pytest.raises(Denied):
        service.enter_absence(city.actor("viewer"), officer, TODAY, WEEK)
    with pytest.raises(NotSignedIn):
        service.enter_absence(ANONYMOUS, officer, TODAY, WEEK)
    with pytest.raises(NotFound):
        service.end_absence(city.actor("viewer"), made.id)
    service.end_absence(city.actor("officer"), made.id)
    assert service.absent([officer]) == {}
    assert verbs(city, "officer")[-1] == "absence.ended"


def test_posts_rest_during_a_full_time_secondment(city: SmallCity) -> None:
    service.grant(
        city.actor("admin"), city.accounts["officer"], "officer", city.sibling, TODAY, WEEK, "secondment", releases=True
    )
    officer = city.actor("officer")
    assert officer.unit == city.sibling
    assert service.access.allowed(officer, "cases.act", city.sibling)
    assert not service.access.allowed(officer, "cases.act", city.ward)
    assert "officer" not in [item.account.username for item in service.members(city.ward)]
    city.clock.advance(days=7)
    assert service.access.allowed(officer, "cases.act", city.ward)


def test_no_role_backwards_twice_or_lent_for_ever(city: SmallCity) -> None:
    head, nobody = city.actor("head"), city.accounts["nobody"]
    with pytest.raises(Invalid, match="not given backwards"):
        service.grant(head, nobody, "officer", city.ward, TODAY - timedelta(1))
    with pytest.raises(Invalid, match="last day"):
        service.grant(head, nobody, "officer", city.ward, kind="secondment")
    service.grant(head, nobody, "officer", city.ward, TODAY, WEEK)
    with pytest.raises(Invalid, match="holds this role"):
        service.grant(head, nobody, "officer", city.ward, WEEK)
    service.grant(head, nobody, "officer", city.ward, WEEK + timedelta(1))


# second factors


def code_of(secret: str, step: int = 0) -> str:
    now = int(clock.now().timestamp()) // rules.TOTP_STEP
    return rules.totp(base64.b32decode(secret), now + step)


@pytest.mark.parametrize(("at", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_totp_of_rfc_6238(at: int, code: str) -> None:
    assert rules.totp(b"12345678901234567890", at // 30) == code


def test_a_code_counts_once(city: SmallCity) -> None:
    officer, account = city.actor("officer"), city.accounts["officer"]
    secret = service.new_totp_secret()
    with pytest.raises(CodeWrong):
        service.add_totp(officer, secret, "000000")
    codes = service.add_totp(officer, secret, code_of(secret))
    assert len(codes) == 10
    assert secret not in str(list(models.Factor.objects.values()))
    with pytest.raises(CodeWrong):
        service.check_code(account, code_of(secret))
    city.clock.advance(seconds=30)
    assert service.check_code(account, code_of(secret)) == "totp"
    assert service.check_code(account, codes[0].upper()) == "recovery"
    with pytest.raises(CodeWrong):
        service.check_code(account, codes[0])
    with pytest.raises(Conflict):
        service.add_totp(officer, secret, code_of(secret))
    assert verbs(city, "officer").count("factor.added") == 2


def test_tries_of_codes_are_paused(city: SmallCity) -> None:
    secret, account = service.new_totp_secret(), city.accounts["officer"]
    service.add_totp(city.actor("officer"), secret, code_of(secret))
    city.clock.advance(seconds=60)
    for _ in range(6):
        with pytest.raises(CodeWrong):
            service.check_code(account, "12")
    with pytest.raises(CodeWrong):
        service.check_code(account, code_of(secret))
    city.clock.advance(minutes=15, seconds=1)
    assert service.check_code(account, code_of(secret)) == "totp"


def test_lost_factors_are_helped_from_above_only(city: SmallCity) -> None:
    secret, account = service.new_totp_secret(), city.accounts["officer"]
    service.add_totp(city.actor("officer"), secret, code_of(secret))
    for who in ("officer", "leader", "viewer"):
        with pytest.raises((Denied, NotFound)):
            service.reset_factors(city.actor(who), account)
    with pytest.raises((Denied, NotFound)):
        service.reset_factors(city.actor("head"), city.accounts["admin"])
    service.reset_factors(city.actor("head"), account)
    assert not service.has_factor(account)
    assert verbs(city, "officer")[-1] == "factor.reset"


def test_signing_in_with_a_second_factor(city: SmallCity) -> None:
    secret = service.new_totp_secret()
    service.add_totp(city.actor("officer"), secret, code_of(secret))
    city.clock.advance(seconds=60)
    client = Client()
    answer = client.post("/signin/", {"username": "officer", "password": PASSWORD, "next": "/me/"})
    assert answer.headers["Location"] == "/signin/second/"
    assert client.get("/me/").status_code == 302, "half signed in is not signed in"
    assert client.post("/signin/second/", {"code": "1"}).status_code == 401
    assert client.post("/signin/second/", {"code": code_of(secret)}).headers["Location"] == "/me/"
    assert client.get("/me/security/").status_code == 200


def test_a_role_can_demand_a_second_factor(city: SmallCity) -> None:
    officer = next(role for role in service.roles() if role.key == "officer")
    service.save_role(SYSTEM, Role("officer", officer.name_vi, officer.name_en, officer.actions, 50, True))
    client = Client()
    answer = client.post("/signin/", {"username": "officer", "password": PASSWORD})
    assert answer.headers["Location"] == "/me/security/"
    assert client.get("/desk/").headers["Location"] == "/me/security/"
    assert service.actor_of_session(client.cookies["thanglong_session"].value) == ANONYMOUS
    assert client.get("/me/security/app/").status_code == 200
    secret = client.session["totp"]
    assert client.post("/me/security/app/", {"code": code_of(secret)}).status_code == 200
    assert client.get("/desk/").status_code == 200
    factor = next(item for item in service.factors(city.accounts["officer"]) if item.kind == "totp")
    with pytest.raises(Conflict):
        service.remove_factor(city.actor("officer"), factor.id)


# sessions


def test_sessions_are_listed_and_ended(city: SmallCity) -> None:
    clients = [Client(), Client()]
    for client in clients:
        client.post(
            "/signin/", {"username": "officer", "password": PASSWORD}, headers={"User-Agent": "Firefox/1 Linux"}
        )
    officer = city.actor("officer")
    found = service.sessions(officer)
    assert [(item.device, item.address) for item in found] == [("Firefox, Linux", "127.0.0.0/24")] * 2
    with pytest.raises(NotFound):
        service.end_session(city.actor("viewer"), found[0].id)
    assert clients[0].post("/me/security/sessions/end/").status_code == 302
    assert clients[0].get("/me/").status_code == 200
    assert clients[1].get("/me/").status_code == 302
    service.end_sessions(city.actor("head"), city.accounts["officer"])
    assert clients[0].get("/me/").status_code == 302
    assert verbs(city, "officer").count("session.ended") == 2


# lock-outs


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["officer", "head", "x1", "x2"]), st.integers(0, 2)), max_size=60))
def test_an_attacker_shuts_out_nobody(city: SmallCity, tries: list[tuple[str, int]]) -> None:
    """From the ward's own address and others: who was not attacked gets in there; the owner's browser always does."""
    models.Throttle.objects.all().delete()
    addresses = ["203.0.113.9", "198.51.100.1", "198.51.100.2"]
    for name, where in tries:
        with pytest.raises(SignInFailed):
            service.authenticate(name, "guess", addresses[where])
    assert service.authenticate("viewer", PASSWORD, addresses[0]).id == city.accounts["viewer"]
    for name in ("officer", "head"):
        found = service.authenticate(name, PASSWORD, addresses[0], known_device=True, device="its own")
        assert found.id == city.accounts[name]


def test_an_address_that_tries_many_names_pauses_sooner(city: SmallCity) -> None:
    for number in range(100):
        with pytest.raises(SignInFailed):
            service.authenticate(f"name{number}", "guess", "203.0.113.9")
    for _ in range(2):
        with pytest.raises(SignInFailed):
            service.authenticate("officer", "guess", "203.0.113.9")
    with pytest.raises(SignInFailed):
        service.authenticate("officer", PASSWORD, "203.0.113.9")
    assert service.authenticate("head", PASSWORD, "203.0.113.9").id == city.accounts["head"]


# other systems


def test_a_machine_acts_within_its_scopes_until_withdrawn(city: SmallCity) -> None:
    with pytest.raises(Denied):
        service.add_client(city.actor("head"), "x", ["cases.view"])
    secret, made = service.add_client(city.actor("admin"), "Lamps", ["things.write", "cases:read"], unit=city.ward)
    with pytest.raises(OAuthFault):
        service.authenticated_client(str(made.id), "wrong")
    client = service.authenticated_client(str(made.id), secret)
    with pytest.raises(OAuthFault):
        service.machine_token(client, ["people.manage"])
    token, _ = service.machine_token(client, ["things.write"])
    actor = service.actor_of_token(token)
    assert service.access.allowed(actor, "things.write", city.ward)
    assert not service.access.allowed(actor, "things.write", city.sibling)
    assert not service.access.allowed(actor, "cases.view", city.ward)
    service.revoke_client(city.actor("admin"), made.id)
    assert not service.access.allowed(actor, "things.write", city.ward)
    with pytest.raises(NotSignedIn):
        service.actor_of_token(token)


def test_a_code_becomes_one_token_for_who_asked(city: SmallCity) -> None:
    back = "https://archive.example/back"
    _, made = service.add_client(city.actor("admin"), "Archive", ["cases:read"], [back], public=True)
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    now = clock.now()
    officer = city.accounts["officer"]
    wish = Grant(made.id, officer, back, challenge, "n", frozenset({"openid"}), now, now + timedelta(minutes=1))
    client = service.known_client(str(made.id))
    for redirect, proof in ((back + "x", verifier), (back, "w" * 50)):
        with pytest.raises(OAuthFault):
            service.redeem(client, service.authorize(city.actor("officer"), wish), redirect, proof)
    code = service.authorize(city.actor("officer"), wish)
    token, _, _ = service.redeem(client, code, back, verifier)
    assert service.account_of_token(token)[0] == officer
    with pytest.raises(OAuthFault):
        service.redeem(client, code, back, verifier)
    with pytest.raises(Denied):
        service.account_of_token(token)


# readings


def test_a_purpose_opens_for_an_hour_and_the_person_reads_of_it(city: SmallCity) -> None:
    leader, subject = city.actor("leader"), "case:7"
    with pytest.raises(Invalid):
        service.state_purpose(leader, subject, "handling", "because I can")
    with pytest.raises(Invalid):
        service.state_purpose(leader, subject, "complaint", "x")
    assert not service.purpose_stated(leader, subject)
    service.state_purpose(leader, subject, "complaint", "letter of 3 July")
    assert service.purpose_stated(leader, subject)
    found = service.readings([subject])
    assert [(item.role, item.purpose, item.note) for item in found] == [
        ("city_leader", "complaint", "letter of 3 July")
    ]
    assert ledger.entries(ObjectRef("case", "7"))[-1].verb == "personal.read"
    city.clock.advance(hours=1, seconds=1)
    assert not service.purpose_stated(leader, subject)
    for _ in range(3):
        service.note_reading(city.actor("officer"), subject)
    assert [item.purpose for item in service.readings([subject])] == ["handling", "complaint"]
    with pytest.raises(NotSignedIn):
        service.my_readings(ANONYMOUS, [])
    city.clock.advance(days=6 * 366)
    assert service.forget_old_readings() == 2


# staff lists


def test_a_staff_list_is_shown_then_brought_in_and_again_changes_nothing(city: SmallCity) -> None:
    head = city.actor("head")
    text = (
        "username;họ và tên;vai trò;đơn vị\nan.nv;Nguyễn Văn An;Cán bộ;00070\nofficer;Officer;officer;Phường Cửa Nam\n"
        "bad name;;mayor;00004\nan.nv;Nguyễn Văn An;Cán bộ;00070\n"
    ).encode()
    rows = service.read_staff(head, text)
    assert [row.does for row in rows] == ["new", "same", "", ""]
    assert {fault.field for fault in rows[2].faults} == {"username", "display_name", "role", "unit"}
    assert models.Account.objects.filter(username="an.nv").count() == 0
    _, links = service.import_staff(head, text)
    assert list(links) == ["an.nv"]
    client = Client()
    assert client.get(links["an.nv"]).status_code == 200
    assert client.post(links["an.nv"], {"password": "cầu Thê Húc 1865"}).status_code == 302
    assert client.get(links["an.nv"]).status_code == 404, "a link works once"
    assert client.post("/signin/", {"username": "an.nv", "password": "cầu Thê Húc 1865"}).status_code == 302
    assert service.import_staff(head, text)[1] == {}
    with pytest.raises(Denied):
        service.read_staff(city.actor("officer"), text)
    with pytest.raises(Invalid, match="missing"):
        service.read_staff(head, b"a,b\n1,2\n")
    with pytest.raises(Invalid, match="UTF-8"):
        service.read_staff(head, b"\xff\xfe\x00")


def test_pages_of_a_person(city: SmallCity) -> None:
    client = Client()
    client.post("/signin/", {"username": "head", "password": PASSWORD})
    page = f"/desk/people/{city.accounts['officer']}/"
    assert client.get(page).status_code == 200
    assert client.get(f"/desk/people/{city.accounts['viewer']}/").status_code == 404
    assert client.post(page + "leave/", {"first_day": "2026-07-15", "last_day": "2026-07-10"}).status_code == 400
    assert client.post(page + "leave/", {"first_day": "2026-07-15", "last_day": "2026-07-20"}).status_code == 302
    assert client.post(page + "look-after/", {"do": "link"}).status_code == 200
    assert client.post(page + "look-after/", {"do": "close"}).status_code == 302
    assert not service.account(city.accounts["officer"]).is_active
    assert client.get("/desk/people/roles/").status_code == 200
    assert client.get("/desk/people/roles/officer/").status_code == 403
    assert client.get("/me/readings/").status_code == 200
    admin = Client()
    admin.post("/signin/", {"username": "admin", "password": PASSWORD})
    form = {"name_vi": "Cán bộ", "name_en": "Officer", "actions": ["cases.view"], "second_factor": "on"}
    assert admin.post("/desk/people/roles/officer/", form).status_code == 302
    assert admin.get("/desk/people/import/").status_code == 200
