"""The city database's pages in a real browser: they fit and keep still; the query builder answers while one types."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.browser.test_frame import SIZES, check

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LAMP = "urn:ngsi-ld:Streetlight:hn-000000"
PAGES = {
    "attributes": "/centre/things/attributes/?type=Streetlight",
    "ask": "/centre/things/ask/?type=OffStreetParking&attribute=name&operator=exists&order=name",
    "ask-wrong": "/centre/things/ask/?type=Streetlight&attribute=power&operator=more&value=&place=near&past=1&last=x",
    "ask-json": "/centre/things/ask/?type=Streetlight&view=json",
    "subscriptions": "/centre/things/subscriptions/",
    "registrations": "/centre/things/registrations/",
    "contexts": "/centre/things/contexts/",
    "lamp": f"/centre/things/entity/{LAMP}/?attribute=powerState&days=30",
}


@pytest.mark.parametrize(("width", "height", "theme", "language"), SIZES)
def test_pages(visitor: Callable[..., Any], width: int, height: int, theme: str, language: str) -> None:
    seen = visitor(width, height, theme=theme, language=language, user="dieuhanh")
    for name, path in PAGES.items():
        check(seen, path, f"things-{name}-{width}-{theme}-{language}")


def shown(page: Any) -> dict[str, str]:
    """The parameters of the request that the page shows."""
    text = page.locator("#ask-answer .th-code").first.inner_text()
    return {key: values[0] for key, values in parse_qs(urlsplit(text.strip()).query).items()}


def becomes(page: Any, key: str, value: str | None) -> None:
    """Wait until the shown request has a parameter."""
    for _ in range(300):
        if shown(page).get(key) == value:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{key} is {shown(page).get(key)!r}, not {value!r}")


def test_the_question_is_answered_while_it_is_written(visitor: Callable[..., Any]) -> None:
    seen = visitor(1366, 900, theme="dark", language="en", user="dieuhanh").open("/centre/things/ask/?type=Streetlight")
    page = seen.page
    page.locator("[name=attribute]").first.fill("state")
    page.locator("[name=value]").first.fill("fault")
    becomes(page, "q", 'state=="fault"')
    assert page.locator("[name=value]").first.input_value() == "fault", "what is being written is left alone"
    # a wrong value is told beside its field, and goes when it is mended
    page.locator("[name=operator]").first.select_option("pattern")
    page.locator("[name=value]").first.fill("(((")
    page.locator("#wrong-row0 .th-wrong").wait_for()
    page.locator("[name=value]").first.fill("^fa")
    becomes(page, "q", 'state~="^fa"')
    assert page.locator("#wrong-row0 .th-wrong").count() == 0
    # the map gives the point
    page.locator("[name=place][value=near]").check()
    page.locator(".th-pick[data-ready=true] canvas").wait_for()
    page.locator(".th-pick canvas").click(position={"x": 150, "y": 100})
    becomes(page, "georel", "near;maxDistance==500")
    assert re.fullmatch(r"\[10\d\.\d+,2\d\.\d+\]", shown(page)["coordinates"])
    # another type: a new question
    page.locator("#ask-type").select_option("OffStreetParking")
    becomes(page, "type", "OffStreetParking")
    becomes(page, "q", None)
    page.get_by_role("link", name="Map").last.click()
    page.locator("#ask-answer .map-mark").first.wait_for()
    assert seen.complaints == []


def test_without_scripts_the_form_is_sent(visitor: Callable[..., Any]) -> None:
    page = visitor(1366, 900, language="en", scripts=False, user="dieuhanh").open("/centre/things/ask/").page
    page.locator("[name=attribute]").first.fill("state")
    page.locator("[name=value]").first.fill("fault")
    page.get_by_role("button", name="Query").last.click()
    assert shown(page)["q"] == 'state=="fault"'
    page.get_by_role("button", name="One more condition").click()
    assert page.locator("[name=attribute]").count() == 2 and shown(page)["q"] == 'state=="fault"'
