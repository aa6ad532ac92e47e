"""The door: a fresh clone in a folder with spaces, a second start without network, a wheel with the front end inside."""

import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("một thành phố") / "Thăng Long"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(target)], check=True)
    return target


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("THANGLONG_", "VIRTUAL_ENV", "PYTEST"))}
    return {**kept, **more}


def door(clone: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["./thanglong", *arguments],
        cwd=clone,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=560,
    )


def test_fresh_clone_sets_itself_up_and_starts_again_at_once(clone: Path) -> None:
    first = door(clone, "--help")
    assert first.returncode == 0, first.stderr
    assert "one platform on which a city government runs its whole city" in first.stdout
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    seconds = []
    for _ in range(3):
        started = time.monotonic()
        again = door(clone, "--help", UV_OFFLINE="1", **nowhere)
        seconds.append(time.monotonic() - started)
        assert again.returncode == 0, again.stderr
        assert not again.stderr, "a second start does no work twice"
    assert min(seconds) < 2, seconds


def test_without_a_python_it_says_what_to_install(clone: Path, tmp_path: Path) -> None:
    shutil.move(clone / ".venv", tmp_path / "venv")
    try:
        tools = tmp_path / "bin"
        tools.mkdir()
        for name in ("sh", "dirname", "cksum", "cat"):
            (tools / name).symlink_to(shutil.which(name) or name)
        result = subprocess.run(
            ["./thanglong", "up"], cwd=clone, env={"PATH": str(tools)}, capture_output=True, text=True, timeout=30
        )
        assert result.returncode == 1
        assert "Python 3.11 or newer is needed" in result.stderr
        assert "apt install python3 python3-venv" in result.stderr
    finally:
        shutil.move(tmp_path / "venv", clone / ".venv")


def test_a_failed_download_says_so(tmp_path: Path) -> None:
    target = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(target)], check=True)
    result = door(
        target,
        "up",
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_RETRIES="0",
        PIP_NO_CACHE_DIR="1",
        PIP_CONFIG_FILE=os.devnull,
        PIP_FIND_LINKS="",
        PIP_EXTRA_INDEX_URL="",
    )
    assert result.returncode == 1
    assert "could not be downloaded" in result.stderr
    assert "start again" in result.stderr


def test_the_wheel_holds_the_front_end_and_the_texts(clone: Path, tmp_path: Path) -> None:
    uv = clone / ".venv" / "bin" / "uv"
    result = subprocess.run(
        [str(uv), "build", "--wheel", "--quiet", "--python", sys.executable, "--out-dir", str(tmp_path), str(clone)],
        env=environment(UV_SYSTEM_CERTS="1"),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "thanglong/web/static/dist/manifest.json" in names
    assert any(name.endswith("core/cases/locale/vi/LC_MESSAGES/django.mo") for name in names)
    assert any(name.endswith(".woff2") for name in names)
    assert not any("/tests/" in name for name in names)
