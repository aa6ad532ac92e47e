"""Every room's first pages in a real browser: they draw, fit, keep still, say nothing to the console, and axe is content."""

import os
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHOTS = os.environ.get("THANGLONG_SHOTS", "")

PORTAL = ["/", "/search", "/search?q=cua+nam", "/help/", "/report/", "/figures/", "/ledger/", "/signin/"]
DESK = ["/desk/", "/desk/unit/", "/desk/people/", "/me/"]
CENTRE = ["/centre/", "/centre/?wall=1", "/centre/list/", "/centre/measures/", "/centre/things/"]
OFFICE = [
    "/desk/system/", "/desk/decisions/", "/desk/decisions/requests.routing/", "/desk/places/reforms/", "/desk/opinions/",
    "/desk/people/roles/", "/me/security/", "/ledger/growth/", "/ledger/",
]  # fmt: skip
SIZES = [(390, 844, "light", "vi"), (1366, 768, "dark", "vi"), (1366, 768, "light", "en")]


def check(seen: Any, path: str, name: str) -> None:
    seen.open(path)
    if SHOTS:
        seen.page.screenshot(path=f"{SHOTS}/{name}.png")
    assert seen.page.title().endswith("Thăng Long")
    assert seen.overflow() <= 0, f"{path}: {seen.overflow()} px too wide"
    assert seen.shift() < 0.1, path
    assert seen.findings() == [], path
    assert seen.complaints == [], path


@pytest.mark.parametrize(("width", "height", "theme", "language"), SIZES)
@pytest.mark.parametrize("path", PORTAL)
def test_portal(visitor: Callable[..., Any], path: str, width: int, height: int, theme: str, language: str) -> None:
    name = f"portal{path.partition('?')[0].replace('/', '-')}-{width}-{theme}-{language}"
    check(visitor(width, height, theme=theme, language=language), path, name)


@pytest.mark.parametrize("path", ["/report/", "/"])
def test_a_slow_phone_sees_nothing_jump(visitor: Callable[..., Any], path: str) -> None:
    seen = visitor(390, 844)
    seen.context.new_cdp_session(seen.page).send("Emulation.setCPUThrottlingRate", {"rate": 6})
    seen.open(path)
    assert seen.shift() < 0.1, path


@pytest.mark.parametrize(("width", "height", "theme", "language"), SIZES)
def test_desk(visitor: Callable[..., Any], width: int, height: int, theme: str, language: str) -> None:
    seen = visitor(width, height, theme=theme, language=language, user="truongphuong")
    for path in DESK:
        check(seen, path, f"desk{path.replace('/', '-')}-{width}-{theme}-{language}")


@pytest.mark.parametrize(("width", "height", "theme", "language"), SIZES)
def test_centre(visitor: Callable[..., Any], width: int, height: int, theme: str, language: str) -> None:
    seen = visitor(width, height, theme=theme, language=language, user="lanhdao")
    for path in CENTRE:
        check(seen, path, f"centre{path.replace('/', '-').replace('?', '-')}-{width}-{theme}-{language}")


@pytest.mark.parametrize(("width", "height", "theme", "language"), SIZES)
def test_administration(visitor: Callable[..., Any], width: int, height: int, theme: str, language: str) -> None:
    seen = visitor(width, height, theme=theme, language=language, user="admin")
    for path in OFFICE:
        check(seen, path, f"office{path.replace('/', '-')}-{width}-{theme}-{language}")


def test_pages_hold_at_320_px_and_on_a_wall(visitor: Callable[..., Any]) -> None:
    narrow = visitor(320, 640)
    for path in ("/", "/report/", "/help/"):
        assert narrow.open(path).overflow() <= 0
    wall = visitor(2560, 1440, user="dieuhanh", theme="dark").open("/centre/?wall=1")
    assert wall.overflow() <= 0
    assert wall.page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") >= 20


def test_search_works_without_scripts(visitor: Callable[..., Any]) -> None:
    seen = visitor(scripts=False)
    seen.page.goto(f"{seen.address}/")
    seen.page.fill("[name=q]", "cua nam")
    seen.page.press("[name=q]", "Enter")
    seen.page.wait_for_url("**/search?q=cua*")
    assert "Phường Cửa Nam" in seen.page.inner_text("main")


def test_theme_switches_at_once_and_is_remembered(visitor: Callable[..., Any]) -> None:
    seen = visitor().open("/help/")
    seen.page.click("[data-theme-switch] button[value=dark]")
    assert seen.page.get_attribute("html", "data-theme") == "dark"
    seen.open("/help/")
    assert seen.page.get_attribute("html", "data-theme") == "dark"


def test_the_keyboard_reaches_everything(visitor: Callable[..., Any]) -> None:
    seen = visitor().open("/")
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    seen.page.keyboard.press("/")
    assert seen.page.evaluate("document.activeElement.name") == "q"
    seen.page.keyboard.press("Escape")
    seen.page.keyboard.press("?")
    assert seen.page.is_visible("dialog.keys")
    seen.page.keyboard.press("Escape")
    assert not seen.page.is_visible("dialog.keys")
    seen.open("/search?q=nam")
    seen.page.keyboard.press("j")
    first = seen.page.evaluate("document.activeElement.href")
    seen.page.keyboard.press("j")
    assert first and seen.page.evaluate("document.activeElement.href") != first


def test_the_live_map_follows_loses_and_finds_its_stream(visitor: Callable[..., Any]) -> None:
    seen = visitor(theme="dark", user="dieuhanh").open("/centre/")
    assert seen.page.locator("#layers input:checked").count() > 3
    shown = seen.page.locator("#layers input:checked").first.get_attribute("data-layer")
    layer = seen.page.locator(f'#layers label.ct-lay:has(input[data-layer="{shown}"])')
    layer.click()
    assert not layer.locator("input").is_checked()
    assert seen.page.evaluate("document.querySelector('[data-stale]').hidden")
    seen.context.set_offline(True)
    for _ in range(100):
        if "stale" in (seen.page.get_attribute("body", "class") or ""):
            break
        seen.page.wait_for_timeout(200)
    assert seen.page.is_visible("[data-stale]")
    assert "Mất luồng dữ liệu từ" in seen.page.inner_text("[data-stale]")
    seen.context.set_offline(False)
    for _ in range(150):
        if "stale" not in (seen.page.get_attribute("body", "class") or ""):
            break
        seen.page.wait_for_timeout(200)
    assert not seen.page.is_visible("[data-stale]")


def test_replay_moves_the_clock(visitor: Callable[..., Any]) -> None:
    seen = visitor(theme="dark", user="dieuhanh").open("/centre/")
    seen.page.click("[data-replay=play]")
    for _ in range(150):
        if "Phát lại" in seen.page.inner_text(".ct-live"):
            break
        seen.page.wait_for_timeout(200)
    assert "Phát lại" in seen.page.inner_text(".ct-live")
    assert "replaying" in (seen.page.get_attribute("body", "class") or "")


def test_the_first_page_is_small(visitor: Callable[..., Any]) -> None:
    """Document, script, style sheet and symbols together stay under 60 kB as sent (map and fonts apart)."""
    seen = visitor()
    sizes: dict[str, int] = {}

    def keep(response: Any) -> None:
        kind = response.request.resource_type
        length = response.headers.get("content-length")
        if kind in ("document", "script", "stylesheet", "image") and length and "/chunks/" not in response.url:
            sizes[response.url] = int(length)

    seen.page.on("response", keep)
    seen.page.goto(f"{seen.address}/help/")
    seen.page.wait_for_load_state("networkidle")
    assert len(sizes) >= 3
    assert sum(sizes.values()) < 60_000, sizes
