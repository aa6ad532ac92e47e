import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from thanglong.core.people import models, service
from thanglong.core.people.tests.conftest import PASSWORD, SmallCity
from thanglong.kit import peers
from thanglong.kit.ports import ANONYMOUS

Browser = Callable[[str], Client]


@pytest.fixture
def browser(city: SmallCity) -> Browser:
    """A browser in which somebody has signed in through the page."""

    def sign_in(name: str) -> Client:
        client = Client()
        answer = client.post("/signin/", {"username": name, "password": PASSWORD})
        assert answer.status_code == 302, answer.content
        return client

    return sign_in


def test_signing_in_and_out(city: SmallCity) -> None:
    client = Client()
    assert client.get("/signin/?next=/me/").status_code == 200
    answer = client.post("/signin/", {"username": "Officer", "password": PASSWORD, "next": "/me/"})
    assert answer.headers["Location"] == "/me/"
    key = client.cookies["thanglong_session"].value
    actor = service.actor_of_session(key)
    assert (actor.id, actor.unit, actor.role) == (city.accounts["officer"], city.ward, "officer")
    assert client.get("/me/").status_code == 200
    assert client.get("/signin/").status_code == 302, "who is in already is sent on"
    client.post("/signout/")
    assert client.get("/me/").headers["Location"].startswith("/signin/")
    assert service.actor_of_session(key) == ANONYMOUS


def test_a_failure_shows_one_message_and_keeps_the_name(city: SmallCity) -> None:
    pages = set()
    for name in ("officer", "no-one"):
        answer = Client().post("/signin/?lang=en", {"username": name, "password": "wrong"})
        assert answer.status_code == 401
        text = answer.content.decode().partition("<main")[2]
        pages.add(re.sub(r'value="[^"]*"', "", text))
        assert "do not match" in text
    assert len(pages) == 1
    assert Client().post("/signin/", {"username": ""}).status_code == 400


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "evil"])
def test_nobody_is_sent_away_after_signing_in(city: SmallCity, target: str) -> None:
    answer = Client().post("/signin/", {"username": "officer", "password": PASSWORD, "next": target})
    assert answer.headers["Location"] == "/desk/"


def test_everybody_begins_in_their_room(browser: Browser, city: SmallCity) -> None:
    from thanglong.core.people.views.signin import first_room

    rooms = {name: first_room(city.actor(name)) for name in city.accounts}
    assert rooms["officer"] == rooms["head"] == rooms["admin"] == "/desk/"
    assert rooms["leader"] == rooms["operator"] == "/centre/"
    assert (rooms["auditor"], rooms["nobody"]) == ("/ledger/", "/me/")


def test_the_known_browser_gets_in_while_the_account_is_paused(browser: Browser) -> None:
    known = browser("officer")
    known.post("/signout/")
    for number in range(60):
        other = Client(REMOTE_ADDR=f"203.0.113.{number}")
        other.post("/signin/", {"username": "officer", "password": "guess"})
    given = {"username": "officer", "password": PASSWORD}
    assert Client(REMOTE_ADDR="192.0.2.1").post("/signin/", given).status_code == 401
    assert known.post("/signin/", given).status_code == 302
    forged = Client(REMOTE_ADDR="192.0.2.1")
    forged.cookies["thanglong_device"] = "WyJvZmZpY2VyIl0:1:forged"
    assert forged.post("/signin/", given).status_code == 401


def test_a_forged_header_opens_no_new_count(browser: Browser, city: SmallCity) -> None:
    """Another address in each header is still the same address; behind a proxy of ours, what the proxy wrote counts."""
    for number in range(8):
        claim = {"X-Forwarded-For": f"198.51.100.{number}"}
        Client(REMOTE_ADDR="203.0.113.9", headers=claim).post("/signin/", {"username": "officer", "password": "guess"})
    right = {"username": "officer", "password": PASSWORD}
    forged = Client(REMOTE_ADDR="203.0.113.9", headers={"X-Forwarded-For": "192.0.2.77"})
    assert forged.post("/signin/", right).status_code == 401
    peers.trust("10.0.0.1")
    try:
        through = {"X-Forwarded-For": "192.0.2.77, 203.0.113.9"}
        assert Client(REMOTE_ADDR="10.0.0.1", headers=through).post("/signin/", right).status_code == 401
        other = {"X-Forwarded-For": "203.0.113.9, 192.0.2.77"}
        assert Client(REMOTE_ADDR="10.0.0.1", headers=other).post("/signin/", right).status_code == 302
    finally:
        peers.trust("")


def test_a_closed_account_is_out_on_the_next_request(browser: Browser, city: SmallCity) -> None:
    client = browser("officer")
    service.set_active(city.actor("admin"), city.accounts["officer"], False)
    assert client.get("/me/").headers["Location"].startswith("/signin/")


def test_a_withdrawn_role_bites_on_the_next_request(browser: Browser, city: SmallCity) -> None:
    client = browser("head")
    assert client.get("/desk/people/").status_code == 200
    service.end(city.actor("admin"), service.memberships(city.accounts["head"])[0].id)
    assert client.get("/desk/people/").status_code == 403


def test_keys_work_over_http_without_cookies(browser: Browser, city: SmallCity) -> None:
    client = browser("head")
    page = client.post("/me/tokens/", {"tk-name": "báo cáo", "tk-scopes": ["people:read"]})
    found = re.search(r"tlg_[\w-]{43}", page.content.decode())
    assert found
    assert "no-store" in page.headers["Cache-Control"]
    assert found[0] not in client.get("/me/").content.decode(), "shown once"
    api = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {found[0]}"})
    assert api.get("/desk/people/").status_code == 200
    assert api.get("/desk/people/grant/").status_code == 403
    assert api.get("/me/").status_code != 200
    assert api.post("/desk/people/grant/").status_code == 403
    token = models.Token.objects.get()
    client.post(reverse("people:revoke-token", args=[token.id]))
    refused = api.get("/")
    assert refused.status_code == 401
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert "invalid_token" in refused.headers["WWW-Authenticate"]


def test_a_form_without_its_token_is_refused(city: SmallCity) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/signin/", {"username": "officer", "password": PASSWORD}).status_code == 403


def test_faults_of_a_key_are_shown_at_the_field(browser: Browser) -> None:
    page = browser("head").post("/me/tokens/?lang=en", {"tk-name": "", "tk-expires": "2020-01-01"})
    assert page.status_code == 400
    assert "aria-invalid" in page.content.decode()


def test_language_and_password(browser: Browser, city: SmallCity) -> None:
    client, elsewhere = browser("officer"), browser("officer")
    client.post("/me/language/", {"language": "en"})
    assert "What I may do" in client.get("/me/").content.decode()
    wrong = client.post("/me/password/", {"pw-current": "x", "pw-password": "hồ Gươm nước xanh"})
    assert wrong.status_code == 400
    done = client.post("/me/password/", {"pw-current": PASSWORD, "pw-password": "hồ Gươm nước xanh"})
    assert done.status_code == 302
    assert client.get("/me/").status_code == 200
    assert elsewhere.get("/me/").status_code == 302, "other browsers are signed out"


def test_the_people_of_a_unit(browser: Browser, city: SmallCity) -> None:
    head = browser("head")
    page = head.get("/desk/people/?lang=en").content.decode()
    assert "Phường Cửa Nam" in page
    assert "officer" in page
    assert "viewer" not in page
    assert head.get(f"/desk/people/?unit={city.sibling}").status_code == 404
    assert head.get("/desk/people/?unit=nonsense").status_code == 404
    found = browser("admin").get("/desk/people/?q=View").content.decode()
    assert "viewer" in found
    assert "Nobody here" in head.get("/desk/people/?q=zzz&lang=en").content.decode()


def test_granting_and_ending_through_the_pages(browser: Browser, city: SmallCity) -> None:
    head = browser("head")
    form = {
        "account": "nobody",
        "role": "officer",
        "unit": str(city.ward),
        "valid_from": "2026-07-14",
        "kind": "deputy",
        "valid_to": "2026-08-01",
    }
    assert head.get("/desk/people/grant/").status_code == 200
    assert head.post("/desk/people/grant/", {**form, "account": "who"}).status_code == 400
    assert head.post("/desk/people/grant/", {**form, "role": "city_admin"}).status_code == 400
    assert head.post("/desk/people/grant/", {**form, "valid_to": "2026-07-01"}).status_code == 400
    assert head.post("/desk/people/grant/", form).status_code == 302
    made = service.memberships(city.accounts["nobody"])[0]
    assert (made.role, made.kind) == ("officer", "deputy")
    assert head.post(f"/desk/people/{made.id}/end/", {"last_day": "tomorrow"}).status_code == 400
    assert head.post(f"/desk/people/{made.id}/end/", {"last_day": "2026-07-14"}).status_code == 302
    assert service.history(city.accounts["nobody"])[0].valid_to is not None
    assert head.post(f"/desk/people/{uuid4()}/end/").status_code == 404


def test_a_new_account_gets_a_first_password_once(browser: Browser, city: SmallCity) -> None:
    admin = browser("admin")
    taken = admin.post("/desk/people/new/", {"display_name": "Ai Đó", "username": "officer"})
    assert taken.status_code == 400
    page = admin.post("/desk/people/new/", {"display_name": "Lê Thị Mới", "username": "moilt"}).content.decode()
    password = re.findall(r"<code>([^<]+)</code>", page)[1]
    assert Client().post("/signin/", {"username": "moilt", "password": password}).status_code == 302
    assert browser("officer").get("/desk/people/new/").status_code == 403


def test_another_system_is_connected_changed_given_a_new_secret_and_disconnected(
    browser: Browser, city: SmallCity
) -> None:
    admin = browser("admin")
    home = reverse("people:systems")
    assert home in admin.get(reverse("people:people")).content.decode()
    form = {"name": "Kho lưu trữ", "redirects": "https://archive.example/back", "scopes": ["cases:read"]}
    bad = admin.post(reverse("people:new-system"), form | {"redirects": "http://archive.example/"})
    assert bad.status_code == 400
    made = admin.post(reverse("people:new-system"), form | {"unit": str(city.ward), "types": "Streetlight Lamp"})
    secret = re.search(r"tlg_[\w-]+", made.content.decode())
    assert secret is not None
    item = service.clients(city.actor("admin"))[0]
    assert (item.unit, item.types) == (city.ward, frozenset({"Streetlight", "Lamp"}))
    assert "Kho lưu trữ" in admin.get(home).content.decode()
    page = reverse("people:system", args=[item.id])
    assert admin.post(page, form | {"name": "Kho"}).status_code == 302
    assert service.client(city.actor("admin"), item.id).name == "Kho"
    again = admin.post(reverse("people:new-secret", args=[item.id]))
    assert secret[0] not in again.content.decode()
    assert "tlg_" in again.content.decode()
    assert secret[0] not in admin.get(page).content.decode()
    assert admin.post(reverse("people:disconnect", args=[item.id])).status_code == 302
    assert admin.get(page).status_code == 404
    assert browser("head").get(home).status_code == 403
