"""A real Chromium for the pages of a running city; skipped, with the reason, where there is none."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs the playwright package")

CHROMIUM = os.environ.get("THANGLONG_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-gpu-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(__file__).parents[2] / "front" / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE = 60_000


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if not CHROMIUM:
        pytest.skip("needs Chromium (see docs/do/run-the-tests.md)")
    with playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Visitor:
    """One person's browser: what the console said, what moved, what axe finds."""

    def __init__(self, context: Any, address: str, scripts: bool = True) -> None:
        self.context, self.address, self.scripts = context, address, scripts
        context.set_default_timeout(PATIENCE)
        context.set_default_navigation_timeout(PATIENCE)
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.page.on(
            "console", lambda message: self._heard(message.type, f"{message.text} ({message.location.get('url', '')})")
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, kind: str, text: str) -> None:
        # software rendering is slow and says so; that is the machine's trouble, not the page's
        if kind == "error" or (kind == "warning" and "GPU stall" not in text and "WebGL" not in text):
            self.complaints.append(f"{kind}: {text}")

    def open(self, path: str) -> "Visitor":
        self.page.goto(f"{self.address}{path}")
        if self.scripts:
            self.page.evaluate("() => document.fonts.ready.then(() => true)")
        return self.ready()

    def ready(self, seconds: float = 60) -> "Visitor":
        """Wait until every island near the window has drawn (the policy forbids polling inside the page)."""
        drawn = """() => [...document.querySelectorAll('[data-island]')].filter(e => !e.dataset.ready
            && e.getClientRects().length && e.getBoundingClientRect().top < innerHeight + 300).map(e => e.dataset.island)"""
        waiting: list[str] = []
        for _ in range(int(seconds * 5)):
            waiting = self.page.evaluate(drawn)
            if not waiting:
                return self
            self.page.wait_for_timeout(200)
        raise AssertionError(f"islands never drew: {waiting}; console: {self.complaints}")

    def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        wide: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return wide

    def shift(self) -> float:
        """The layout shift people saw so far (Cumulative Layout Shift, first window)."""
        script = """() => new Promise(done => { let total = 0; new PerformanceObserver(list => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) total += entry.value; })
            .observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(total), 150); })"""
        total: float = self.page.evaluate(script)
        return total

    def findings(self) -> list[str]:
        """What axe calls serious or critical, one line each."""
        if not AXE.is_file():
            pytest.skip("needs axe-core: run the front-end build once")
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        result = self.page.evaluate(
            "() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
        )
        return [
            f"{found['id']}: {found['help']}: {[node['target'] for node in found['nodes']][:4]}"
            for found in result["violations"]
            if found["impact"] in ("serious", "critical")
        ]


@pytest.fixture
def visitor(chromium: Any, city: Any) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors: ``visitor(width, height, theme=, language=, scripts=, user=)``."""
    opened = []

    def make(
        width: int = 1366, height: int = 768, *, theme: str = "light", language: str = "vi", scripts: bool = True,
        user: str = "",
    ) -> Visitor:  # fmt: skip
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            locale="en-GB" if language == "en" else "vi-VN",
            has_touch=width < 600,
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        opened.append(context)
        cookies = {"thanglong_language": language, **({"thanglong_theme": theme} if user else {})}
        if user:
            client = city.client(user)
            cookies["thanglong_session"] = client.cookies["thanglong_session"]
            client.close()
        context.add_cookies([{"name": name, "value": value, "url": city.address} for name, value in cookies.items()])
        return Visitor(context, city.address, scripts)

    yield make
    for context in opened:
        context.close()
