"""What somebody tries who wants in without the right: codes, tokens, keys, addresses."""

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.test import Client
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.people import service as people
from thanglong.core.people.models import Account
from thanglong.core.people.types import TOKENS_A_MINUTE, OAuthFault
from thanglong.core.places import service as places
from thanglong.core.places.types import NewState, UnitKind
from thanglong.kit import clock
from thanglong.kit.errors import Conflict, Denied, Invalid, NotSignedIn, Unavailable
from thanglong.kit.ports import SYSTEM, Actor
from thanglong.surfaces.oidc import incoming

BACK = "https://archive.example/back"
VERIFIER = "v" * 50
NOW = datetime(2026, 7, 14, 2, 0, tzinfo=UTC)


@pytest.fixture
def time(db: None) -> Iterator[clock.Frozen]:
    with clock.use(clock.Frozen(NOW)) as frozen:
        assert isinstance(frozen, clock.Frozen)
        places.create_unit(SYSTEM, NewState(UnitKind.CITY, "01", "Thành phố Hà Nội", date(2020, 1, 1)))
        yield frozen


@pytest.fixture
def admin(time: clock.Frozen) -> Actor:
    return people.actor(people.create_first_administrator("admin", "cầu Long Biên 1902").id)


def challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def ask(admin: Actor, system: UUID, **more: str) -> Any:
    """The answer to an official who agrees."""
    browser = Client()
    browser.force_login(Account.objects.get(pk=admin.id))
    session = browser.session
    session["fresh"] = clock.now().timestamp()
    session.save()
    form = {"response_type": "code", "client_id": str(system), "redirect_uri": BACK, "scope": "openid profile"}
    form |= {"code_challenge": challenge(VERIFIER), "code_challenge_method": "S256", "agree": "yes"}
    return browser.post("/oidc/authorize", form | more)


def code_of(answer: Any) -> str:
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def redeem(system: UUID, secret: str, code: str, **more: str) -> Any:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return Client().post("/oidc/token", form | {"client_id": str(system), "client_secret": secret} | more)


@pytest.mark.parametrize(
    "more",
    [
        {"code_verifier": "w" * 50},
        {"code_verifier": ""},
        {"code_verifier": challenge(VERIFIER)},  # as if the method had been plain
        {"redirect_uri": BACK + "/"},
    ],
)
def test_a_code_that_comes_wrongly_is_used_up(admin: Actor, more: dict[str, str]) -> None:
    secret, made = people.add_client(admin, "Archive", [], [BACK])
    code = code_of(ask(admin, made.id))
    assert redeem(made.id, secret, code, **more).json() == {"error": "invalid_grant"}
    assert redeem(made.id, secret, code).json() == {"error": "invalid_grant"}


def test_a_code_belongs_to_its_system_and_to_its_minute(admin: Actor, time: clock.Frozen) -> None:
    secret, made = people.add_client(admin, "Archive", [], [BACK])
    other_secret, other = people.add_client(admin, "Other", [], [BACK])
    code = code_of(ask(admin, made.id))
    assert redeem(other.id, other_secret, code).json() == {"error": "invalid_grant"}
    code = code_of(ask(admin, made.id))
    time.advance(minutes=1)
    assert redeem(made.id, secret, code).json() == {"error": "invalid_grant"}
    short, code = "s" * 42, code_of(ask(admin, made.id, code_challenge=challenge("s" * 42)))
    assert redeem(made.id, secret, code, code_verifier=short).json() == {"error": "invalid_grant"}


def test_a_token_lives_an_hour_and_dies_with_its_system(admin: Actor, time: clock.Frozen) -> None:
    secret, made = people.add_client(admin, "Archive", ["cases:read"], [BACK])
    first = redeem(made.id, secret, code_of(ask(admin, made.id))).json()["access_token"]
    assert people.account_of_token(first)[0] == admin.id
    time.advance(hours=1)
    with pytest.raises(Denied):
        people.account_of_token(first)
    second, _ = people.machine_token(made)
    people.revoke_client(admin, made.id)
    with pytest.raises(NotSignedIn):
        people.actor_of_token(second)
    assert redeem(made.id, secret, "x").status_code == 401


def test_wrong_secrets_are_slowed_down_and_the_right_one_still_gets_in(admin: Actor) -> None:
    secret, made = people.add_client(admin, "Archive", ["cases:read"])
    form = {"grant_type": "client_credentials", "client_id": str(made.id)}
    found = [Client().post("/oidc/token", form | {"client_secret": "guess"}) for _ in range(21)]
    assert [item.status_code for item in found[-2:]] == [401, 429]
    assert found[-1].headers["Retry-After"]
    assert Client(REMOTE_ADDR="203.0.113.9").post("/oidc/token", form | {"client_secret": "x"}).status_code == 401
    assert Client().post("/oidc/token", form | {"client_secret": secret}).status_code == 200
    unknown = [Client().post("/oidc/token", {"client_id": f"no-{n}"}).status_code for n in range(21)]
    assert unknown[-2:] == [401, 429], "names that nobody has share one count"


def test_a_system_cannot_fill_the_ledger_with_tokens(admin: Actor, time: clock.Frozen) -> None:
    _, made = people.add_client(admin, "Loop", ["cases:read"])
    for _ in range(TOKENS_A_MINUTE):
        people.machine_token(made)
    with pytest.raises(OAuthFault):
        people.machine_token(made)
    time.advance(minutes=1, seconds=1)
    people.machine_token(made)


def test_one_proof_at_a_time(admin: Actor) -> None:
    secret, made = people.add_client(admin, "Archive", ["cases:read"])
    basic = {"Authorization": "Basic " + base64.b64encode(f"{made.id}:{secret}".encode()).decode()}
    form = {"grant_type": "client_credentials"}
    assert Client().post("/oidc/token", form, headers=basic).status_code == 200
    for more in ({"client_secret": secret}, {"client_id": "other"}):
        assert Client().post("/oidc/token", form | more, headers=basic).json() == {"error": "invalid_request"}
    for broken in ("Basic ###", "Basic /w==", "Basic"):
        answer = Client().post("/oidc/token", form, headers={"Authorization": broken})
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_a_public_system_gets_nothing_as_a_machine(admin: Actor) -> None:
    _, made = people.add_client(admin, "Phone", ["cases:read"], [BACK], public=True)
    form = {"grant_type": "client_credentials", "client_id": str(made.id)}
    assert Client().post("/oidc/token", form).json() == {"error": "unauthorized_client"}
    assert redeem(made.id, "", code_of(ask(admin, made.id))).status_code == 200


def test_a_new_secret_and_a_changed_system_end_what_was_given(admin: Actor) -> None:
    secret, made = people.add_client(admin, "Archive", ["cases:read", "things:read"], [BACK])
    token, _ = people.machine_token(made)
    fresh = people.new_client_secret(admin, made.id)
    with pytest.raises(NotSignedIn):
        people.actor_of_token(token)
    with pytest.raises(OAuthFault):
        people.authenticated_client(str(made.id), secret)
    token, _ = people.machine_token(people.authenticated_client(str(made.id), fresh))
    changed = people.change_client(admin, made.id, "Archive 2", ["cases:read"], [BACK])
    assert people.client(admin, made.id) == changed
    with pytest.raises(NotSignedIn):
        people.actor_of_token(token)
    verbs = [item.verb for item in ledger.entries(ObjectRef("client", str(made.id)))]
    assert sorted(verbs) == ["client.added", "client.changed", "client.secret_changed"]
    _, phone = people.add_client(admin, "Phone", [], [BACK], public=True)
    with pytest.raises(Conflict):
        people.new_client_secret(admin, phone.id)


def test_only_the_citys_keeper_of_keys_connects_systems(admin: Actor) -> None:
    _, made = people.add_client(admin, "Archive", ["cases:read"])
    nobody = people.actor(people.create_account(SYSTEM, "nobody", "Nobody").id)
    for act in (
        lambda: people.add_client(nobody, "x", ["cases:read"]),
        lambda: people.clients(nobody),
        lambda: people.client(nobody, made.id),
        lambda: people.change_client(nobody, made.id, "x", ["cases:read"], []),
        lambda: people.new_client_secret(nobody, made.id),
        lambda: people.revoke_client(nobody, made.id),
    ):
        with pytest.raises(Denied):
            act()


@pytest.mark.parametrize(
    "address",
    [
        "http://archive.example/back", "javascript:alert(1)", "https://a.example/#x", "https:///back", "https://a b/",
        "https://a.example/\r\nX: y", "https://a.example;script-src */", "https://user@a.example/", "/back",
        "https://a.example/" + "x" * 500, "data:text/html,x", "https://ví.example/",
    ],
)  # fmt: skip
def test_return_addresses_that_are_not_taken(admin: Actor, address: str) -> None:
    with pytest.raises(Invalid):
        people.add_client(admin, "Archive", [], [address])


def test_consent_is_asked_each_time_says_what_for_and_needs_a_form_of_ours(admin: Actor, time: clock.Frozen) -> None:
    _, made = people.add_client(admin, "Archive", ["cases:read"], [BACK])
    browser = Client(enforce_csrf_checks=True, headers={"Accept-Language": "en"})
    browser.force_login(Account.objects.get(pk=admin.id))
    asked = {"response_type": "code", "client_id": str(made.id), "redirect_uri": BACK, "code_challenge_method": "S256"}
    asked |= {"scope": "openid cases:read", "code_challenge": challenge(VERIFIER)}
    page = browser.get("/oidc/authorize", asked)
    text = page.content.decode()
    assert "read cases" in text
    assert "archive.example" in text
    assert "form-action 'self' https://archive.example" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"
    assert browser.post("/oidc/authorize", asked | {"agree": "yes"}).status_code == 403
    silent = browser.get("/oidc/authorize", asked | {"prompt": "none"})
    assert "error=login_required" in silent.headers["Location"] or "error=interaction" in silent.headers["Location"]


def test_a_newer_proof_is_asked_for(admin: Actor, time: clock.Frozen) -> None:
    _, made = people.add_client(admin, "Archive", [], [BACK])
    assert "code=" in ask(admin, made.id, prompt="login").headers["Location"], "they have only just signed in"
    browser = Client()
    browser.force_login(Account.objects.get(pk=admin.id))
    session = browser.session
    session["fresh"] = clock.now().timestamp()
    session.save()
    time.advance(minutes=5)
    asked = {"response_type": "code", "client_id": str(made.id), "redirect_uri": BACK, "code_challenge_method": "S256"}
    asked |= {"scope": "openid", "code_challenge": challenge(VERIFIER)}
    for more in ({"prompt": "login"}, {"max_age": "120"}, {"max_age": "0"}):
        assert browser.get("/oidc/authorize", asked | more).headers["Location"].startswith("/me/security/again/?next=")
    assert browser.get("/oidc/authorize", asked | {"max_age": "3600"}).status_code == 200


# -- what a provider that signs people in here might be sent or say


@pytest.fixture
def provider(settings: Any) -> tuple[ec.EllipticCurvePrivateKey, dict[str, Any]]:
    settings.OIDC_ISSUER, settings.OIDC_CLIENT = "https://id.example", "us"
    key = ec.generate_private_key(ec.SECP256R1())
    return key, ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "1", "use": "sig"}


def claims(**more: Any) -> dict[str, Any]:
    exp = (clock.now() + timedelta(minutes=5)).timestamp()
    return {"iss": "https://id.example", "aud": "us", "sub": "7", "nonce": "n", "exp": exp} | more


def test_a_sound_token_counts(time: clock.Frozen, provider: Any) -> None:
    key, public = provider
    text = jwt.encode(claims(), key, "ES256", {"kid": "1"})
    assert incoming.verified(text, [public], "n")["sub"] == "7"
    both = jwt.encode(claims(aud=["us", "them"], azp="us"), key, "ES256", {"kid": "1"})
    assert incoming.verified(both, [public], "n")["sub"] == "7"


@pytest.mark.parametrize(
    "more",
    [
        {"aud": "them"}, {"aud": ["us", "them"]}, {"azp": "them"}, {"iss": "https://evil.example"}, {"nonce": "other"},
        {"nonce": None}, {"exp": 1}, {"exp": "soon"}, {"sub": None},
    ],
)  # fmt: skip
def test_a_token_for_somebody_else_or_over(time: clock.Frozen, provider: Any, more: dict[str, Any]) -> None:
    key, public = provider
    given = {name: value for name, value in claims(**more).items() if value is not None}
    with pytest.raises(Invalid):
        incoming.verified(jwt.encode(given, key, "ES256", {"kid": "1"}), [public], "n")


def _forged(kind: str, key: ec.EllipticCurvePrivateKey, public: dict[str, Any]) -> str:
    head = {"alg": {"none": "none", "confused": "HS256"}[kind], "typ": "JWT", "kid": "1"}
    parts = [base64.urlsafe_b64encode(json.dumps(item).encode()).rstrip(b"=") for item in (head, claims())]
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # what HS256 would be signed with if the public key were taken for a shared secret
    import hmac

    mark = hmac.digest(pem, b".".join(parts), "sha256") if kind == "confused" else b""
    return b".".join([*parts, base64.urlsafe_b64encode(mark).rstrip(b"=")]).decode()


@pytest.mark.parametrize("kind", ["none", "confused"])
def test_algorithms_are_not_confused(time: clock.Frozen, provider: Any, kind: str) -> None:
    key, public = provider
    with pytest.raises(Invalid):
        incoming.verified(_forged(kind, key, public), [public], "n")


def test_other_keys_do_not_count(time: clock.Frozen, provider: Any) -> None:
    key, public = provider
    other = ec.generate_private_key(ec.SECP256R1())
    rsa_key = rsa.generate_private_key(65537, 2048)
    shared = {"kty": "oct", "k": base64.urlsafe_b64encode(b"k" * 32).rstrip(b"=").decode(), "kid": "1"}
    wide = RSAAlgorithm.to_jwk(rsa_key.public_key(), as_dict=True) | {"kid": "1"}
    for text, keys in (
        (jwt.encode(claims(), other, "ES256", {"kid": "1"}), [public]),
        (jwt.encode(claims(), key, "ES256", {"kid": "2"}), [public]),
        (jwt.encode(claims(), key, "ES256", {"kid": "1"}), [public | {"use": "enc"}]),
        (jwt.encode(claims(), b"k" * 32, "HS256", {"kid": "1"}), [shared]),
        (jwt.encode(claims(), key, "ES256", {"kid": "1"}), [wide]),
        ("", [public]),
        ("a.b.c", []),
    ):
        with pytest.raises(Invalid):
            incoming.verified(text, keys, "n")


def test_only_web_addresses_of_the_provider_are_read() -> None:
    for address in ("file:///etc/passwd", "ftp://id.example/keys", "jar:x"):
        with pytest.raises(Unavailable):
            incoming.fetch(address)
