"""The main job from end to end, in browsers: a citizen reports from a phone, a ward officer handles it with proof, the
citizen confirms, city hall sees measure and map change, and the ledger's proof verifies."""

import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image, ImageDraw

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHOTS = os.environ.get("THANGLONG_SHOTS", "")
SPOT = {"longitude": 105.8512, "latitude": 21.0228}  # in the ward of the demo's officer


def photo(colour: str, path: Path) -> Path:
    picture = Image.new("RGB", (1200, 900), "#cfd8dc")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 560, 1200, 900), fill="#6d6a63")
    draw.ellipse((380, 610, 860, 820), fill=colour)
    content = io.BytesIO()
    picture.save(content, "JPEG")
    path.write_bytes(content.getvalue())
    return path


def shot(seen: Any, name: str) -> None:
    if SHOTS:
        seen.page.screenshot(path=f"{SHOTS}/{name}.png")


def button(seen: Any, words: str) -> Any:
    return seen.page.get_by_role("button", name=re.compile(words)).filter(visible=True).first


def report(citizen: Any, before: Path) -> tuple[str, str]:
    """Send a report in the five steps of the phone; the case number and the reporter's own link."""
    page = citizen.page
    citizen.open("/")
    page.locator(".doors a[href='/report/']").click()
    citizen.ready()
    page.set_input_files("input[type=file]", str(before))
    page.locator("[data-photos] img").wait_for()
    shot(citizen, "report-photo")
    button(citizen, "Tiếp tục").click()
    page.locator("[data-locate]").click()
    page.wait_for_timeout(800)
    citizen.ready()
    assert page.locator("#id_lat").input_value().startswith("21.02")
    page.fill("#id_address", "Trước số 12 phố thử nghiệm")
    shot(citizen, "report-place")
    button(citizen, "Tiếp tục").click()
    page.fill("#id_text", "Mặt đường đầy bùn đất rơi vãi, bụi bẩn bay mù mịt, xe máy dễ trượt")
    page.locator("[data-guess] *").first.wait_for()
    page.wait_for_timeout(500)
    assert page.locator("input[name=category]:checked").get_attribute("value") == "dirt"
    shot(citizen, "report-what")
    button(citizen, "Tiếp tục").click()
    page.locator("[data-step=same]:visible, [data-step=review]:visible").first.wait_for()
    if page.locator("[data-step=same]").is_visible():
        shot(citizen, "report-same")
        button(citizen, "Tiếp tục").click()
    page.locator("[data-step=review]").wait_for()
    shot(citizen, "report-review")
    button(citizen, "Gửi phản ánh").click()
    number = page.get_by_text(re.compile(r"PA-\d\d-\d+")).first
    number.wait_for()
    found = re.search(r"PA-\d\d-\d+", number.inner_text())
    assert found
    shot(citizen, "report-sent")
    own = page.locator(f"a[href^='/my/{found[0]}/']:not([href*='/sent/'])").first.get_attribute("href")
    assert own, "the reporter gets a link of his own"
    return found[0], own


def test_a_report_travels_from_the_phone_to_the_proof(visitor: Callable[..., Any], city: Any, tmp_path: Path) -> None:
    before, after = photo("#3e2723", tmp_path / "before.jpg"), photo("#8d8a82", tmp_path / "after.jpg")
    citizen = visitor(390, 844)
    citizen.context.grant_permissions(["geolocation"])
    citizen.context.set_geolocation(SPOT)
    number, own = report(citizen, before)
    public = httpx.get(f"{city.address}/reports/{number}/")
    assert public.status_code == 200
    leader = city.client("lanhdao")
    received = figure(leader)
    handle(visitor(1366, 900, user="canbo"), number, after)
    citizen.open(own)
    assert citizen.page.locator(".pair img").count() == 2, "before and after side by side"
    shot(citizen, "case-story")
    confirm(citizen)
    assert wait_for(lambda: state_on_map(city, number) == "done"), "the map shows it as done"
    assert wait_for(lambda: figure(leader) != received), "the measure counts it"
    entry = re.search(r"/ledger/entry/(\d+)/", httpx.get(f"{city.address}/reports/{number}/").text)
    assert entry, "the public page leads to the proof"
    proof = httpx.get(f"{city.address}/ledger/entry/{entry[1]}.json").text
    (tmp_path / "proof.json").write_text(proof)
    assert verify(tmp_path / "proof.json") == {"ok": True, "fault": None}
    forged = proof.replace('"case.', '"cose.', 1)
    assert forged != proof
    (tmp_path / "forged.json").write_text(forged)
    assert verify(tmp_path / "forged.json")["ok"] is False
    city.ledger_holds()


def handle(officer: Any, number: str, after: Path) -> None:
    """Accept, begin, and finish with a photo: without one the platform refuses."""
    page = officer.page
    officer.open(f"/desk/cases/{number}/")
    shot(officer, "desk-case")
    page.locator("form[action*='/act/accept/'] button").click()
    page.locator("a[href*='/act/start/']").click()
    page.locator("form[action*='/act/start/'] button.primary").click()
    page.locator("a[href*='/act/resolve/']").first.click()
    form = page.locator("form[action*='/act/resolve/']")
    form.locator("[name=what]").fill("Đã dọn hết bùn đất và rửa đường")
    form.locator("[name=who]").fill("Tổ môi trường số 2")
    form.locator("button.primary").click()
    page.locator(".banner.bad").filter(visible=True).first.wait_for()
    shot(officer, "desk-no-proof")
    assert page.locator(".pair img").count() < 2
    form = page.locator("form[action*='/act/resolve/']")
    form.locator("[name=file_proof]").set_input_files(str(after))
    form.locator("button.primary").click()
    page.locator("form[action*='/act/resolve/']").wait_for(state="detached")
    page.wait_for_timeout(500)
    shot(officer, "desk-done")
    assert officer.complaints == []


def confirm(citizen: Any) -> None:
    page = citizen.page
    stars = page.locator("input[type=radio][value='5']")
    if stars.count():
        stars.first.check(force=True)
    page.get_by_role("button", name=re.compile("cảm ơn|Hài lòng|ổn")).first.click()
    page.wait_for_timeout(800)
    assert "Lỗi" not in page.title()
    shot(citizen, "case-confirmed")


def figure(leader: httpx.Client) -> str:
    answer = leader.get("/api/measures/requests.in_time.json")
    assert answer.status_code == 200
    return json.dumps(answer.json(), sort_keys=True)


def state_on_map(city: Any, number: str) -> str | None:
    features = httpx.get(f"{city.address}/reports/map.geojson").json()["features"]
    return next((f["properties"]["status"] for f in features if f["properties"]["id"] == number), None)


def wait_for(true: Callable[[], bool], seconds: float = 45) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.5)
    return False


def verify(path: Path) -> dict[str, Any]:
    """`thanglong ledger verify FILE` on a machine that holds nothing but the file."""
    result = subprocess.run(
        [sys.executable, "-P", "-m", "thanglong.cli.main", "ledger", "verify", str(path), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    document: dict[str, Any] = json.loads(result.stdout)
    return document
