from datetime import timedelta

import pytest

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.people import models, service
from thanglong.core.people.tests.conftest import PASSWORD, SmallCity
from thanglong.core.people.types import SignInFailed, TooManyTokens
from thanglong.kit.errors import Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS, SYSTEM, Actor


def attempt(name: str, password: str = "wrong", address: str = "203.0.113.9", *, known: bool = False) -> bool:
    try:
        service.authenticate(name, password, address, known_device=known)
    except SignInFailed:
        return False
    return True


def test_the_right_password_signs_in(city: SmallCity) -> None:
    actor = service.authenticate(" Officer ", PASSWORD, "203.0.113.9")
    assert (actor.kind, actor.id, actor.unit, actor.role) == ("person", city.accounts["officer"], city.ward, "officer")


def test_every_failure_reads_the_same(city: SmallCity) -> None:
    service.set_active(SYSTEM, city.accounts["viewer"], False)
    for _ in range(8):
        attempt("head")
    texts = set()
    for name, password in (("officer", "x"), ("no-one", "x"), ("viewer", PASSWORD), ("head", PASSWORD), ("", "")):
        with pytest.raises(SignInFailed) as error:
            service.authenticate(name, password, "203.0.113.9")
        texts.add((error.value.text, error.value.status, error.value.code))
    assert len(texts) == 1


def test_eight_failures_pause_the_pair_for_longer_and_longer(city: SmallCity) -> None:
    for minutes in (15, 30, 60):
        for _ in range(8):
            assert not attempt("officer")
        assert not attempt("officer", PASSWORD)
        city.clock.advance(minutes=minutes, seconds=-1)
        assert not attempt("officer", PASSWORD)
        city.clock.advance(seconds=2)
    assert attempt("officer", PASSWORD)
    assert attempt("officer", PASSWORD, "198.51.100.1")
    entries = ledger.entries(ObjectRef("account", str(city.accounts["officer"])))
    assert [e.facts["minutes"] for e in entries if e.verb == "account.locked"] == [15, 30, 60]


def test_tries_during_a_pause_do_not_lengthen_it(city: SmallCity) -> None:
    for _ in range(8):
        attempt("officer")
    for _ in range(50):
        attempt("officer")
    city.clock.advance(minutes=15, seconds=1)
    assert attempt("officer", PASSWORD)


def test_two_hundred_people_behind_one_address(city: SmallCity) -> None:
    """One attacker among them: the others sign in."""
    for number in range(20):
        for name in ("officer", "head", "leader"):
            attempt(name, f"guess {number}")
    for number in range(199):
        city.add(f"p{number}", "officer", city.ward)
    assert sum(attempt(f"p{number}", PASSWORD) for number in range(199)) == 199
    assert not attempt("officer", PASSWORD), "only the names the attacker tried are paused, and only from there"
    assert attempt("officer", PASSWORD, "198.51.100.7")


def test_a_whole_ipv6_network_is_one_address(city: SmallCity) -> None:
    for number in range(8):
        assert not attempt("officer", f"guess {number}", f"2001:db8:0:1::{number:x}")
    assert not attempt("officer", PASSWORD, "2001:db8:0:1:ffff::1")
    assert attempt("officer", PASSWORD, "2001:db8:0:2::1")


def test_a_thousand_addresses_on_one_account(city: SmallCity) -> None:
    for number in range(1000):
        assert not attempt("officer", f"guess {number}", f"198.51.{number // 250}.{number % 250}")
    assert not attempt("officer", PASSWORD, "192.0.2.50"), "the account is paused"
    assert attempt("officer", PASSWORD, "192.0.2.50", known=True), "its owner, at a known browser, is not shut out"
    city.clock.advance(hours=12, seconds=1)
    assert attempt("officer", PASSWORD, "192.0.2.50")


def test_a_known_browser_is_no_way_round_the_pair_lock(city: SmallCity) -> None:
    for _ in range(8):
        attempt("officer", known=True)
    assert not attempt("officer", PASSWORD, known=True)


def test_no_address_and_no_name_is_kept(city: SmallCity) -> None:
    attempt("officer", address="203.0.113.77")
    for row in models.Throttle.objects.all():
        assert "203" not in row.key or len(row.key) == 64
    city.clock.advance(days=3)
    assert service.forget_old_failures() == 3
    assert models.Throttle.objects.count() == 0


def test_unknown_names_are_counted_like_known_ones(city: SmallCity) -> None:
    for _ in range(8):
        attempt("no-one")
    states = models.Throttle.objects.exclude(until=None).count()
    for _ in range(8):
        attempt("officer")
    assert models.Throttle.objects.exclude(until=None).count() == 2 * states


def test_changing_a_password(city: SmallCity) -> None:
    officer = city.actor("officer")
    new = "hồ Gươm nước xanh 36"
    with pytest.raises(Invalid):
        service.set_password(officer, city.accounts["officer"], new, current="wrong")
    with pytest.raises(Invalid):
        service.set_password(officer, city.accounts["officer"], "12345678901", current=PASSWORD)
    with pytest.raises(Denied):
        service.set_password(city.actor("leader"), city.accounts["officer"], new)
    service.set_password(officer, city.accounts["officer"], new, current=PASSWORD)
    assert not attempt("officer", PASSWORD)
    assert attempt("officer", new)
    service.set_password(city.actor("admin"), city.accounts["officer"], PASSWORD)
    assert attempt("officer", PASSWORD)
    entries = ledger.entries(ObjectRef("account", str(city.accounts["officer"])))
    assert [e.verb for e in entries].count("account.password_changed") == 2


def test_language(city: SmallCity) -> None:
    officer = city.actor("officer")
    service.set_language(officer, "en")
    assert service.account(city.accounts["officer"]).language == "en"
    assert ledger.entries(ObjectRef("account", str(city.accounts["officer"])))[-1].verb == "account.changed"
    for who, language in ((officer, "fr"), (ANONYMOUS, "en")):
        with pytest.raises(Invalid):
            service.set_language(who, language)


# access keys


def test_a_key_acts_within_its_owners_rights_and_scopes(city: SmallCity) -> None:
    secret, token = service.issue_token(city.actor("head"), "báo cáo", ["cases:read"])
    client = service.actor_of_token(secret)
    assert (client.kind, client.id, client.scopes) == ("client", token.id, frozenset({"cases:read"}))
    assert service.access.allowed(client, "cases.view", city.ward)
    assert not service.access.allowed(client, "cases.view", city.sibling)
    assert not service.access.allowed(client, "cases.act", city.ward)
    assert not service.access.allowed(client, "people.grant", city.ward)
    assert secret not in str(models.Token.objects.values())
    entry = ledger.entries(ObjectRef("token", str(token.id)))[0]
    assert (entry.verb, entry.facts["scopes"]) == ("token.issued", ["cases:read"])


def test_a_key_can_be_bound_to_a_unit(city: SmallCity) -> None:
    secret, _ = service.issue_token(city.actor("admin"), "lamps", ["things:write"], unit=city.ward)
    client = service.actor_of_token(secret)
    assert service.access.allowed(client, "things.write", city.ward)
    assert not service.access.allowed(client, "things.write", city.sibling)


def test_a_key_ends(city: SmallCity) -> None:
    head = city.actor("head")
    secret, _ = service.issue_token(head, "short", ["cases:read"], expires=city.clock.now() + timedelta(hours=1))
    client = service.actor_of_token(secret)
    city.clock.advance(hours=1)
    with pytest.raises(NotSignedIn):
        service.actor_of_token(secret)
    assert not service.access.allowed(client, "cases.view", city.ward)


def test_a_withdrawn_key_bites_at_once(city: SmallCity) -> None:
    secret, token = service.issue_token(city.actor("head"), "k", ["cases:read"])
    client = service.actor_of_token(secret)
    assert service.access.allowed(client, "cases.view", city.ward)
    for who in ("officer", "auditor"):
        with pytest.raises(NotFound):
            service.revoke_token(city.actor(who), token.id)
    service.revoke_token(city.actor("head"), token.id)
    assert not service.access.allowed(client, "cases.view", city.ward)
    with pytest.raises(NotSignedIn):
        service.actor_of_token(secret)
    assert service.tokens(city.actor("head")) == []
    assert ledger.entries(ObjectRef("token", str(token.id)))[-1].verb == "token.revoked"


def test_a_key_of_a_closed_account_is_dead(city: SmallCity) -> None:
    secret, _ = service.issue_token(city.actor("head"), "k", ["cases:read"])
    client = service.actor_of_token(secret)
    service.set_active(city.actor("admin"), city.accounts["head"], False)
    assert not service.access.allowed(client, "cases.view", city.ward)
    with pytest.raises(NotSignedIn):
        service.actor_of_token(secret)


def test_what_is_no_key_is_refused(city: SmallCity) -> None:
    for secret in ("", "tlg_", "tlg_" + "A" * 43, "Bearer x"):
        with pytest.raises(NotSignedIn):
            service.actor_of_token(secret)


def test_faults_of_a_key_and_who_may_have_one(city: SmallCity) -> None:
    head = city.actor("head")
    with pytest.raises(Invalid) as error:
        service.issue_token(head, " ", ["everything"], expires=city.clock.now())
    assert {fault.field for fault in error.value.faults} == {"name", "scopes", "expires"}
    with pytest.raises(NotSignedIn):
        service.issue_token(ANONYMOUS, "k", ["cases:read"])
    secret, _ = service.issue_token(head, "k", ["cases:read"])
    with pytest.raises(Denied):
        service.issue_token(service.actor_of_token(secret), "child", ["cases:read"])
    for number in range(19):
        service.issue_token(head, f"k{number}", ["cases:read"])
    with pytest.raises(TooManyTokens):
        service.issue_token(head, "one more", ["cases:read"])


def test_last_use_is_remembered_but_not_at_each_use(city: SmallCity) -> None:
    secret, token = service.issue_token(city.actor("head"), "k", ["cases:read"])
    service.actor_of_token(secret)
    first = models.Token.objects.get(pk=token.id).last_used_at
    city.clock.advance(seconds=20)
    service.actor_of_token(secret)
    assert models.Token.objects.get(pk=token.id).last_used_at == first
    city.clock.advance(minutes=2)
    service.actor_of_token(secret)
    assert models.Token.objects.get(pk=token.id).last_used_at == city.clock.now()


def test_unknown_sessions_are_nobody(city: SmallCity) -> None:
    assert service.actor_of_session("nonsense") == ANONYMOUS
    assert service.access.reach(Actor("client", city.accounts["head"]), "cases.view").units == frozenset()
