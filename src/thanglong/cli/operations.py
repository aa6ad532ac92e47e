"""The commands of an installation's life: backup, restore, drill, upgrade."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from thanglong.cli import output
from thanglong.cli.env import prepare_environment, setup
from thanglong.cli.options import Data, DryRun, Json
from thanglong.kit.errors import ThangLongError

To = Annotated[Path | None, typer.Option("--to", help="Folder for backups; best on another disk.")]
From = Annotated[Path | None, typer.Option("--from", help="A backup, or the folder with all of them.")]
Passphrase = Annotated[
    Path | None, typer.Option("--passphrase-file", help="File whose first line seals the keys in the backup.")
]


def _passphrase(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        line = path.read_text(encoding="utf-8").splitlines()[0].strip()
    except (OSError, IndexError):
        line = ""
    if len(line) < 8:
        raise typer.BadParameter(
            "the file must hold a passphrase of 8 characters or more", param_hint="--passphrase-file"
        )
    return line


@contextmanager
def _answering(as_json: bool) -> Iterator[None]:
    """A refusal becomes a sentence, or with ``--json`` a document; exit code 1."""
    try:
        yield
    except ThangLongError as error:
        if as_json:
            output.as_json_text({"ok": False, "fault": str(error), "faults": [str(error)]})
        else:
            output.say(f"thanglong: {error}", error=True)
        raise typer.Exit(1) from None


def backup(
    to: To = None,
    keep: Annotated[int, typer.Option(min=1, help="Backups to keep, beside one a month.")] = 14,
    passphrase_file: Passphrase = None,
    plain_keys: Annotated[bool, typer.Option("--plain-keys", help="Put the keys in unsealed.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Read every kept backup again; make none.")] = False,
    data: Data = Path("data"),
    as_json: Json = False,
) -> None:
    """Back up everything at one moment, while the platform runs; check it, and remove old ones."""
    folder = prepare_environment(data)
    from thanglong.cli import backup as command

    place = (to or command.default_place(folder)).resolve()
    with _answering(as_json):
        if verify:
            _verify(place, as_json)
            return
        setup()
        done = command.make(
            place, keep=keep, passphrase=_passphrase(passphrase_file), plain_keys=plain_keys, quiet=as_json
        )
        if as_json:
            output.as_json_text({"ok": True, **command.told(done)})
        else:
            command.show(done, folder)


def _verify(place: Path, as_json: bool) -> None:
    from thanglong.cli import backup as command
    from thanglong.stores.backup import manifest

    found = {item.id: command.faults(item, as_json) for item in manifest.every(place)}
    if as_json:
        output.as_json_text({"ok": bool(found) and not any(found.values()), "backups": found})
    else:
        for name, wrong in found.items():
            output.say(f"{'✗' if wrong else '✓'} {name}  {'; '.join(wrong[:3]) or 'whole'}")
        if not found:
            output.say(f"There is no backup in {place}.", error=True)
    if not found or any(found.values()):
        raise typer.Exit(1)


def restore(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="A backup, or the folder with all: the newest then.")],
    passphrase_file: Passphrase = None,
    data: Data = Path("data"),
    as_json: Json = False,
) -> None:
    """Put a backup into an empty folder (and an empty database); cut short, the same command goes on."""
    folder = prepare_environment(data)
    from thanglong.cli import restore as command

    with _answering(as_json):
        done = command.run(source.resolve(), folder, passphrase=_passphrase(passphrase_file), quiet=as_json)
    if as_json:
        output.as_json_text({"ok": True, **done})
        return
    output.say(f"Restored {done['id']} into {folder} in {done['seconds']:.1f} s.")
    if done["keys"] != "restored":
        output.say("  The keys were not in the backup: put your copy of the folder keys/ there before you start.")
    output.say("  Start it with `thanglong up`, and check it with `thanglong ledger verify`.")


def drill(
    source: From = None,
    passphrase_file: Passphrase = None,
    scratch: Annotated[Path | None, typer.Option(help="Folder for the temporary place.")] = None,
    data: Data = Path("data"),
    as_json: Json = False,
) -> None:
    """Restore the newest backup into an empty temporary place, check the ledger, and say what would be lost."""
    folder = prepare_environment(data)
    from thanglong.cli import backup as places
    from thanglong.cli import drill as command

    _passphrase(passphrase_file)
    with _answering(as_json):
        report = command.run(
            (source or places.default_place(folder)).resolve(),
            folder,
            passphrase_file=str(passphrase_file.resolve()) if passphrase_file else "",
            scratch=scratch,
            quiet=as_json,
        )
    if as_json:
        output.as_json_text(report)
    else:
        command.show(report)
    raise typer.Exit(0 if report["ok"] else 1)


def inspect(source: Path, data: Data = Path("data"), as_json: Json = False) -> None:
    """Look at a freshly restored place (a step of ``drill``)."""
    folder = prepare_environment(data)
    from thanglong.cli import drill as command

    with _answering(as_json):
        output.as_json_text(command.inspect(source, folder))


def upgrade(
    to: To = None,
    dry_run: DryRun = False,
    passphrase_file: Passphrase = None,
    data: Data = Path("data"),
    as_json: Json = False,
) -> None:
    """Bring the data to this version: look ahead, back up, migrate, check; put everything back when a step fails."""
    folder = prepare_environment(data)
    from thanglong.cli import backup as places
    from thanglong.cli import up
    from thanglong.cli import upgrade as command

    lock = up.take_lock(folder)
    if lock is None:
        output.say("thanglong: the platform is running. Stop it, then upgrade.", error=True)
        raise typer.Exit(1)
    try:
        with _answering(as_json):
            setup()
            place = (to or places.default_place(folder)).resolve()
            hear = (lambda _: None) if as_json else output.say
            done = command.run(place, dry=dry_run, quiet=as_json, passphrase=_passphrase(passphrase_file), hear=hear)
    finally:
        os.close(lock)
    if as_json:
        output.as_json_text(done)
    raise typer.Exit(0 if done["ok"] else 1)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (backup, restore, drill, upgrade):
        app.command()(command)
    app.command(hidden=True)(inspect)
