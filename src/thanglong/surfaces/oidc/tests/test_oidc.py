"""Another system signs an official in; a machine gets a token; what is refused."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.test import Client
from jwt import PyJWK

from thanglong.core.people import service as people
from thanglong.core.people.models import Account
from thanglong.core.places import service as places
from thanglong.core.places.types import NewState, UnitKind
from thanglong.kit import clock
from thanglong.kit.errors import Invalid
from thanglong.kit.ports import SYSTEM, Actor
from thanglong.surfaces.oidc import incoming

BACK = "https://archive.example/back"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def admin(db: None) -> Iterator[Actor]:
    with clock.use(clock.Frozen(datetime(2026, 7, 14, 2, 0, tzinfo=UTC))):
        places.create_unit(SYSTEM, NewState(UnitKind.CITY, "01", "Thành phố Hà Nội", date(2020, 1, 1)))
        yield people.actor(people.create_first_administrator("admin", "cầu Long Biên 1902").id)


def wish(system: str, **more: str) -> dict[str, str]:
    asked = {"response_type": "code", "client_id": system, "redirect_uri": BACK, "scope": "openid profile"}
    return asked | {"state": "s1", "nonce": "n1", "code_challenge": CHALLENGE, "code_challenge_method": "S256"} | more


def test_an_official_signs_in_to_another_system(admin: Actor) -> None:
    secret, made = people.add_client(admin, "Archive", [], [BACK])
    browser = Client()
    assert browser.get("/oidc/authorize", wish(str(made.id))).headers["Location"].startswith("/signin/?next=")
    browser.force_login(Account.objects.get(pk=admin.id))
    assert "Archive" in browser.get("/oidc/authorize", wish(str(made.id))).content.decode()
    answer = browser.post("/oidc/authorize", wish(str(made.id)) | {"agree": "yes"})
    given = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (given["state"], answer.headers["Location"].startswith(BACK)) == (["s1"], True)
    form = {"grant_type": "authorization_code", "code": given["code"][0], "redirect_uri": BACK}
    form |= {"code_verifier": VERIFIER, "client_id": str(made.id), "client_secret": secret}
    got = Client().post("/oidc/token", form).json()
    key = PyJWK(Client().get("/oidc/jwks.json").json()["keys"][0])
    claims = jwt.decode(got["id_token"], key, audience=str(made.id), options={"verify_exp": False, "verify_iat": False})
    assert (claims["sub"], claims["nonce"], claims["iss"]) == (str(admin.id), "n1", "http://testserver")
    headers = {"Authorization": f"Bearer {got['access_token']}"}
    assert Client().get("/oidc/userinfo", headers=headers).json()["preferred_username"] == "admin"
    assert Client().post("/oidc/token", form).json() == {"error": "invalid_grant"}
    assert Client().get("/oidc/userinfo", headers=headers).status_code == 401, "the code came twice"


def test_a_machine_gets_and_gives_back_a_token(admin: Actor) -> None:
    secret, made = people.add_client(admin, "Lamps", ["places.view", "cases:read"])
    basic = base64.b64encode(f"{made.id}:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    got = Client().post("/oidc/token", {"grant_type": "client_credentials", "scope": "cases:read"}, headers=headers)
    text = got.json()["access_token"]
    assert people.access.allowed(people.actor_of_token(text), "cases.view")
    assert Client().post("/oidc/revoke", {"token": text}, headers=headers).status_code == 200
    bearer = {"Authorization": f"Bearer {text}"}
    assert Client().get("/desk/", headers=bearer).status_code == 401
    for form, error in (
        ({"grant_type": "client_credentials", "scope": "people.manage"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ):
        assert Client().post("/oidc/token", form, headers=headers).json()["error"] == error
    wrong = {"grant_type": "client_credentials", "client_id": str(made.id), "client_secret": "x"}
    assert Client().post("/oidc/token", wrong).status_code == 401


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": "openid people.manage"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"prompt": "none"}, "login_required"),
        ({"code_challenge": "x" * 42}, "invalid_request"),
        ({"code_challenge": "x" * 42 + "="}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"max_age": "²"}, "invalid_request"),
        ({"nonce": "n" * 201}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://evil.example/r"}, "request_uri_not_supported"),
    ],
)
def test_what_is_refused_is_told_to_the_client(admin: Actor, more: dict[str, str], error: str) -> None:
    _, made = people.add_client(admin, "Archive", [], [BACK], public=True)
    answer = Client().get("/oidc/authorize", wish(str(made.id), **more))
    assert f"error={error}" in answer.headers["Location"]


@pytest.mark.parametrize(
    "more",
    [
        {"client_id": "nobody"},
        *({"redirect_uri": item} for item in (
            "", BACK + "/x", BACK + "?x=1", BACK + "#x", BACK.upper(), BACK.replace("https", "http"), BACK + "/../back",
            BACK.replace(".example", ".example:443"), BACK.replace("archive", "user@archive"), "//archive.example/back",
        )),
    ],
)  # fmt: skip
def test_nothing_is_sent_to_an_unknown_address(admin: Actor, more: dict[str, str]) -> None:
    _, made = people.add_client(admin, "Archive", [], [BACK], public=True)
    assert Client().get("/oidc/authorize", wish(str(made.id), **more)).status_code == 400


def test_discovery(admin: Actor) -> None:
    found = Client().get("/.well-known/openid-configuration").json()
    assert found["issuer"] == "http://testserver"
    assert found["code_challenge_methods_supported"] == ["S256"]


def test_signing_in_through_a_provider(admin: Actor, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own provider in the same process: first linked by a password, from then on without one."""
    there = Client()

    def fetch(address: str, form: dict[str, str] | None = None, basic: str = "") -> dict[str, Any]:
        path = urlsplit(address).path
        headers = {"Authorization": f"Basic {basic}"} if basic else {}
        found: dict[str, Any] = (there.get(path) if form is None else there.post(path, form, headers=headers)).json()
        return found

    monkeypatch.setattr(incoming, "fetch", fetch)
    secret, made = people.add_client(admin, "City", [], ["http://localhost/signin/oidc/back/"])
    settings.OIDC_ISSUER, settings.OIDC_CLIENT, settings.OIDC_SECRET = "http://testserver", str(made.id), secret
    there.force_login(Account.objects.get(pk=admin.id))

    def come_back(here: Client) -> Any:
        asked = here.get("/signin/oidc/?next=/me/", headers={"Host": "localhost"}).headers["Location"]
        form = {key: value[0] for key, value in parse_qs(urlsplit(asked).query).items()} | {"agree": "yes"}
        answer = there.post("/oidc/authorize", form).headers["Location"]
        return here.get(f"/signin/oidc/back/?{urlsplit(answer).query}", headers={"Host": "localhost"})

    password = {"username": "admin", "password": "cầu Long Biên 1902"}
    stranger = Client()
    come_back(stranger)
    assert stranger.post("/signin/", password).status_code == 302
    assert people.account_of_identity("http://testserver", str(admin.id)) is None, "nobody said that it is theirs"
    late = Client()
    come_back(late)
    with clock.use(clock.Frozen(datetime(2026, 7, 14, 2, 11, tzinfo=UTC))):
        late.post("/signin/", password | {"link": "yes"})
    assert people.account_of_identity("http://testserver", str(admin.id)) is None, "too late"
    here = Client()
    assert come_back(here).headers["Location"].startswith("/signin/?next=")
    assert "admin" in here.get("/signin/").content.decode()
    here.post("/signin/", password | {"link": "yes"})
    assert people.account_of_identity("http://testserver", str(admin.id)) == admin.id
    again = Client()
    assert come_back(again).headers["Location"] == "/signin/outside/"
    assert again.get("/signin/outside/").headers["Location"] == "/me/"
    assert again.get("/signin/outside/").headers["Location"] == "/signin/", "once"
    assert again.get("/me/").status_code == 200
    assert Client().get("/signin/oidc/back/?state=x&code=y").status_code == 400
    settings.OIDC_ISSUER = ""
    assert Client().get("/signin/oidc/").status_code == 404


def test_a_citizens_account_holds_no_role(admin: Actor) -> None:
    account = people.citizen_of_identity("https://id.example", "079", "Trần Thị Bình")
    assert people.citizen_of_identity("https://id.example", "079", "x") == account
    citizen = people.actor(account)
    assert (citizen.kind, people.my_readings(citizen, [])) == ("citizen", [])
    with pytest.raises(Invalid):
        people.grant(SYSTEM, account, "officer", places.city().id)
