"""What the command line prints: sentences for people, JSON for programs, progress where a person waits."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

from thanglong.kit import clock


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of ``doctor``: what was looked at, how it stands, and what to do when it does not."""

    subject: str
    level: Literal["ok", "warn", "bad"]
    text: str
    advice: str = ""


MARKS = {"ok": "✓", "warn": "!", "bad": "✗"}


def say(text: str, *, error: bool = False) -> None:
    """One line for a person."""
    stream = sys.stderr if error else sys.stdout
    stream.write(text + "\n")
    stream.flush()


def as_json_text(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def show_findings(findings: Sequence[Finding], as_json: bool) -> None:
    if as_json:
        as_json_text({"ok": all(f.level != "bad" for f in findings), "findings": [asdict(f) for f in findings]})
        return
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        say(f"{MARKS[finding.level]} {finding.subject:<{width}}  {finding.text}")
        if finding.advice:
            say(f"  {'':<{width}}  → {finding.advice}")


@contextmanager
def steps(title: str) -> Iterator[Callable[[str], None]]:
    """Show the steps of a longer work: a moving line on a terminal, one line a step elsewhere."""
    started = clock.monotonic()
    if sys.stderr.isatty():
        from rich.console import Console

        console = Console(stderr=True)
        with console.status(title) as status:
            yield lambda text: status.update(f"{title}: {text}")
    else:
        yield lambda text: say(f"{title}: {text}", error=True)
    say(f"{title}: done in {clock.monotonic() - started:.1f} s", error=True)


@contextmanager
def progress(title: str, total: int, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """A bar over ``total`` bytes on a terminal; the caller hands on how many more are done."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn(title), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=max(total, 1))
        yield lambda amount: bar.advance(task, amount)


def bytes_text(size: float) -> str:
    """A size for people, such as ``1.4 GB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(size) < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
