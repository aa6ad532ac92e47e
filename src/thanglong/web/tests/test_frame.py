"""Headers, static files, language, theme, errors and the small files of the root, over HTTP."""

import gzip
import json
import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import translation

from thanglong.kit import errors as kit_errors
from thanglong.kit import registry
from thanglong.web import assets, errors, middleware

pytestmark = pytest.mark.django_db


def policy(response: HttpResponse) -> dict[str, list[str]]:
    parts = (part.split() for part in response["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in parts}


def test_pages_forbid_inline_scripts_and_foreign_sources(client: Client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    rules = policy(response)
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == ["'self'"]
    assert rules["style-src"] == ["'self'"]
    assert rules["style-src-attr"] == ["'unsafe-inline'"]
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["object-src"] == ["'none'"]
    assert not any("http" in value or "*" in value for values in rules.values() for value in values)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert "microphone=()" in response["Permissions-Policy"]


@pytest.mark.parametrize("path", ["/", "/search", "/search?q=%3Cscript%3E", "/help/", "/nowhere/"])
def test_pages_bring_no_inline_script_handler_or_foreign_address(client: Client, path: str) -> None:
    html = client.get(path).content.decode()
    scripts = re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>", html)
    assert scripts == []
    assert not re.search(r"\son[a-z]+\s*=", html)
    assert "javascript:" not in html
    assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"', html) == []
    assert "<script>" not in html


def test_static_files_are_kept_for_ever_under_their_hash(client: Client) -> None:
    address = assets.url("css/tokens.css")
    assert re.search(r"/static/css/tokens\.[0-9a-f]{12}\.css$", address)
    response = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert response["Cache-Control"] == assets.FOR_EVER
    assert response["Content-Type"].startswith("text/css")
    assert response["Content-Encoding"] == "gzip"
    assert b"--paper" in gzip.decompress(response.content)
    again = client.get(address, headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304
    plain = client.get("/static/css/tokens.css")
    assert "must-revalidate" in plain["Cache-Control"]
    assert client.head(address).content == b""


@pytest.mark.parametrize(
    "name", ["../middleware.py", "css/../../middleware.py", "%2e%2e/settings.py", "css", "", "css/none.css"]
)
def test_static_files_stay_in_their_folders(client: Client, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_language_by_browser_cookie_and_question(client: Client) -> None:
    assert 'lang="vi"' in client.get("/").content.decode()
    english = client.get("/", headers={"Accept-Language": "fr, en-GB;q=0.8, vi;q=0.2"})
    assert 'lang="en"' in english.content.decode() and english["Content-Language"] == "en"
    assert "What do you need today?" in english.content.decode()
    asked = client.get("/?lang=en")
    assert asked.cookies["thanglong_language"].value == "en"
    assert 'lang="en"' in client.get("/", headers={"Accept-Language": "vi"}).content.decode()
    assert "Accept-Language" in english["Vary"]
    assert translation.get_language() != "en"


def test_language_header_is_read_with_weights() -> None:
    known = {"vi": "", "en": ""}
    assert middleware.from_header("fr, en-GB;q=0.8, vi;q=0.9", known) == "vi"
    assert middleware.from_header("de;q=1, *;q=x", known) == ""


def test_theme_is_kept_and_returns_to_the_page(client: Client) -> None:
    response = client.post("/theme/", {"theme": "dark"}, headers={"Referer": "http://testserver/help/"})
    assert response.status_code == 302 and response["Location"] == "http://testserver/help/"
    assert 'data-theme="dark"' in client.get("/").content.decode()
    client.post("/theme/", {"theme": ""})
    assert "data-theme=" not in client.get("/").content.decode().split("<head>")[0]
    away = client.post("/theme/", {"theme": "dark", "next": "https://elsewhere.example/"})
    assert away["Location"] == "/"
    assert client.get("/theme/").status_code == 405


def test_unknown_pages_answer_by_what_was_asked_for(client: Client) -> None:
    page = client.get("/nowhere/")
    assert page.status_code == 404 and "Không tìm thấy trang này" in page.content.decode()
    program = client.get("/nowhere/", headers={"Accept": "application/json"})
    assert program["Content-Type"] == "application/problem+json"
    assert json.loads(program.content)["code"] == "not_found"
    fragment = client.get("/nowhere/", headers={"HX-Request": "true"})
    assert fragment["HX-Retarget"] == "#toasts" and "<html" not in fragment.content.decode()


def request(**headers: str) -> HttpRequest:
    return RequestFactory().get("/desk/?x=1", headers=headers)


def test_an_error_lists_every_fault_in_the_askers_language() -> None:
    error = kit_errors.Invalid(
        [kit_errors.Fault("name", "Some entries need another look."), kit_errors.Fault("age", "x %(n)s", {"n": 3})]
    )
    with translation.override("vi"):
        body = errors.problem(error)
    assert body["detail"] == "Một vài mục cần xem lại."
    assert body["faults"] == [{"field": "name", "text": "Một vài mục cần xem lại."}, {"field": "age", "text": "x 3"}]


def test_who_is_not_signed_in_goes_to_the_door_and_comes_back() -> None:
    response = errors.answer(request(), kit_errors.NotSignedIn())
    assert response.status_code == 302 and response["Location"] == "/signin/?next=/desk/%3Fx%3D1"
    assert errors.answer(request(Accept="application/json"), kit_errors.NotSignedIn()).status_code == 401


@pytest.mark.parametrize(
    "error", [kit_errors.Denied, kit_errors.Conflict, kit_errors.TooLarge, kit_errors.TooMany, kit_errors.Unavailable]
)
def test_every_error_has_a_page(error: type[kit_errors.ThangLongError]) -> None:
    asked = request()
    response = errors.answer(asked, error())
    assert response.status_code == error.status
    assert b"<h1>" in response.content


def test_an_unexpected_error_tells_its_incident_and_nothing_else(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> HttpResponse:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("thanglong.web.views.portal.finding.nearby", broken)
    client.raise_request_exception = False
    response = client.get("/")
    text = response.content.decode()
    assert response.status_code == 500
    assert "secret detail" not in text and re.search(r"[0-9A-F]{8}", text)


def test_a_stale_form_is_told_so() -> None:
    asker = Client(enforce_csrf_checks=True)
    response = asker.post("/theme/", {"theme": "dark"})
    assert response.status_code == 403
    assert "mở quá lâu" in response.content.decode()


def test_health_names_the_part_that_is_not_well(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh: registry.Registry[registry.Health] = registry.Registry("health check")
    fresh.add("good", registry.Health(lambda: None))
    monkeypatch.setattr(registry, "health", fresh)
    assert client.get("/healthz").json() == {
        "status": "ok",
        "process": "web",
        "parts": {"good": {"ok": True, "reason": ""}},
    }
    fresh.add("disk", registry.Health(lambda: "the disk is full"))
    fresh.add("elsewhere", registry.Health(lambda: "not ours", process="worker"))
    answer = client.get("/healthz/web")
    assert answer.status_code == 503
    assert answer.json()["parts"]["disk"] == {"ok": False, "reason": "the disk is full"}
    assert "elsewhere" not in answer.json()["parts"]


def test_the_small_files_of_the_root(client: Client) -> None:
    assert "Disallow: /desk/" in client.get("/robots.txt").content.decode()
    assert client.get("/favicon.ico")["Content-Type"] == "image/svg+xml"
    manifest = client.get("/manifest.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    assert manifest.json()["lang"] == "vi"
    assert client.get("/service-worker.js")["Content-Type"].startswith("text/javascript")
