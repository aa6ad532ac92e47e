"""``thanglong drill``: a backup that was never restored does not count, so restore the newest one and look closely."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from thanglong.cli import restore
from thanglong.cli.backup import Refused
from thanglong.cli.output import say
from thanglong.kit import clock
from thanglong.stores.backup import manifest, postgres
from thanglong.stores.running import last


def run(where: Path, data: Path, *, passphrase_file: str = "", scratch: Path | None = None, quiet: bool = False) -> Any:
    """Restore into an empty temporary place and check it; what was found, ``ok`` and the two figures of a plan.

    ``rpo_seconds`` is how much would be lost if the city burnt now: the age of the backup. ``rto_seconds`` is how long
    it took until the restored city was checked and ready to start.
    """
    found = restore.find(where)
    age = (clock.System().now() - found.made_at).total_seconds()
    report: dict[str, Any] = {"backup": found.id, "made_at": found.manifest["made_at"], "bytes": found.size}
    folder = Path(tempfile.mkdtemp(prefix="thanglong-drill-", dir=scratch))
    begun = clock.monotonic()
    try:
        with _database(found, folder.name) as variables:
            report |= _steps(found, folder / "data", variables, passphrase_file, quiet)
    except Refused as error:
        report |= {"ok": False, "faults": [str(error)]}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report |= {"rpo_seconds": round(age, 1), "rto_seconds": round(clock.monotonic() - begun, 2)}
    last.remember(data, "drill", report)
    return report


@contextmanager
def _database(found: manifest.Backup, name: str) -> Iterator[dict[str, str]]:
    """Settings of the temporary place; with PostgreSQL an empty database for the while."""
    wanted = found.manifest["profile"]
    address = os.environ.get("THANGLONG_DATABASE", "")
    if "postgres" not in wanted.values():
        yield {}
        return
    if wanted["relational"] != "postgres" or wanted["things"] != "postgres" or not address:
        raise Refused(
            "A drill needs both stores on one database server; set THANGLONG_DATABASE to the server. For a mixed "
            "installation restore by hand into an empty place and run `thanglong ledger verify` there."
        )
    try:
        with postgres.scratch(address, name.replace("-", "_").lower()) as fresh:
            yield {"THANGLONG_DATABASE": fresh}
    except postgres.NotAllowed:
        raise Refused(
            "The database account may not make a database for the drill. Allow it (ALTER ROLE … CREATEDB), or name "
            "another server in THANGLONG_DATABASE for this command."
        ) from None


def _steps(
    found: manifest.Backup, target: Path, variables: dict[str, str], passphrase_file: str, quiet: bool
) -> dict[str, Any]:
    seconds: dict[str, float] = {}
    keys = ["--passphrase-file", passphrase_file] if passphrase_file else []

    def hear(text: str) -> None:
        if not quiet:
            say(text, error=True)

    hear(f"Restoring {found.id} …")
    restored, seconds["restore"] = _child(["restore", str(found.folder), *keys], target, variables)
    if not restored.get("ok"):
        return {"ok": False, "faults": [restored.get("fault", "the restore failed")], "seconds": seconds}
    hear("Checking databases, migrations, ledger …")
    checked, seconds["check"] = _child(["inspect", str(found.folder)], target, variables)
    return {**checked, "seconds": seconds}


def _child(arguments: list[str], target: Path, variables: dict[str, str]) -> tuple[dict[str, Any], float]:
    """Run a command on the temporary place; its JSON answer and the seconds it took."""
    begun = clock.monotonic()
    inherited = {k: v for k, v in os.environ.items() if k not in ("THANGLONG_DATA", "THANGLONG_THINGS")}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "thanglong.cli.main", *arguments, "--json", "--data", str(target)],
        env={**inherited, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    took = round(clock.monotonic() - begun, 2)
    try:
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        answer = {"ok": False, "fault": done.stderr.strip()[-400:], "faults": [done.stderr.strip()[-400:]]}
    return answer, took


def inspect(where: Path, data: Path) -> dict[str, Any]:
    """Look at a freshly restored place (a step of the drill): rows as they were, migrations, ledger, things and their
    closed days (each file read row by row and compared with what the ledger says)."""
    found = restore.find(where)
    address = os.environ.get("THANGLONG_DATABASE", "")
    faults = [
        f"not as in the backup: {name}" for name in restore.contents_differ(found, data, [address] * bool(address))
    ]
    from thanglong.cli.env import setup

    setup()
    from django.core.management import call_command

    from thanglong.core.ledger import service as ledger
    from thanglong.core.things import service as things
    from thanglong.kit import ports

    call_command("migrate", verbosity=0, interactive=False)
    report = ledger.check(max_wait=float("inf"))
    faults += [damage.text for damage in report.damages[:10]]
    faults += _head_faults(found.manifest["ledger"], ledger.consistency)
    seq, promised = ports.plugged.things.last_seq(), found.manifest["things_seq"]
    if seq < promised:
        faults.append(f"the things' log ends at {seq}, the backup promised {promised}")
    digest, days = ports.plugged.things.digest(), len(ports.plugged.things.days())
    faults += [f"day file {fault.day}: {fault.text}" for fault in things.verify_days(content=True)[:10]]
    ports.plugged.things.close()
    return {
        "ok": not faults, "faults": faults, "entries": report.entries, "heads": report.heads,
        "things_seq": seq, "things_digest": digest, "days": days,
    }  # fmt: skip


def _head_faults(promised: dict[str, Any] | None, consistency: Callable[..., dict[str, Any]]) -> list[str]:
    """The signed head of the manifest must be one of the restored ledger's, with the same root."""
    from thanglong.kit.errors import NotFound

    if promised is None:
        return []
    try:
        there = consistency(promised["size"], promised["size"], promised.get("year"))["old"]
    except NotFound:
        return [f"the ledger lacks the head of {promised['size']} entries that the backup names"]
    return [] if there["root"] == promised["root"] else ["the ledger is another one than the backup names"]


def show(report: dict[str, Any]) -> None:
    """A drill's outcome for a person."""
    if report["ok"]:
        say(
            f"The backup {report['backup']} restores: {report['entries']} ledger entries under {report['heads']} heads "
            f"and {report['days']} closed days."
        )
    else:
        say(f"The backup {report['backup']} does NOT restore:", error=True)
        for fault in report["faults"]:
            say(f"  {fault}", error=True)
    say(f"  would be lost now (RPO)    {_span(report['rpo_seconds'])}")
    say(f"  until ready again (RTO)    {_span(report['rto_seconds'])}")


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
