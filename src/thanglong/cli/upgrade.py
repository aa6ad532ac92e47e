"""``thanglong upgrade``: bring a data folder to this version of the program, or leave it exactly as it was."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from thanglong.cli import backup, restore
from thanglong.cli.backup import Refused
from thanglong.cli.output import bytes_text, say
from thanglong.kit import clock
from thanglong.stores.backup import manifest, postgres

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an upgrade would do."""

    program: str
    migrations: Sequence[str]
    size: int
    free: int

    @property
    def needed(self) -> int:
        """Bytes: the backup, and as much again while tables are rewritten."""
        return 2 * self.size + (256 << 20)


def plan(place: Path) -> Plan:
    """Migrations to run, in order, and the room they need; Refused when the database cannot be asked."""
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        unknown = sorted(set(executor.loader.applied_migrations) - set(executor.loader.graph.nodes))
        steps = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise Refused(f"The database cannot be reached: {error}. Start it, or check THANGLONG_DATABASE.") from error
    ahead = [f"{app}.{key}" for app, key in unknown if app in executor.loader.migrated_apps and _ours(app)]
    if ahead:
        raise Refused(
            f"The data were written by a newer version ({ahead[0]} is not known here). A schema only goes forward: "
            "install that version again, or restore the backup that was made before it."
        )
    origin = backup.source()
    size = sum(path.stat().st_size for path in origin.files)
    for address in origin.addresses:
        with postgres.snapshot(address) as now:
            size += sum(table.size for table in now.tables)
    names = [f"{migration.app_label}.{migration.name}" for migration, _ in steps]
    near = place if place.is_dir() else place.parent
    return Plan(metadata.version("thanglong"), names, size, shutil.disk_usage(near).free)


def _ours(app: str) -> bool:
    from django.apps import apps

    return apps.get_app_config(app).name.startswith("thanglong.")


def migrate() -> None:
    """Run the migrations."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def health() -> list[str]:
    """What is wrong after the migrations, empty when all is well: database, guards, ledger, things."""
    from django.db import connection

    from thanglong.core.ledger import service as ledger
    from thanglong.kit import ports
    from thanglong.stores import guards

    found = [f"the guard {name} is missing" for name in guards.missing(connection)]
    found += [damage.text for damage in ledger.check(max_wait=float("inf")).damages[:5]]
    reason = ports.plugged.things.check()
    return found + ([f"things: {reason}"] if reason else [])


def run(
    place: Path,
    *,
    dry: bool = False,
    quiet: bool = False,
    passphrase: str = "",
    hear: Say = say,
    work: Callable[[], None] = migrate,
    check: Callable[[], list[str]] = health,
) -> dict[str, Any]:
    """Look ahead, back up, migrate, check; when a step fails put everything back as it was. What was done."""
    from django.conf import settings

    begun = clock.monotonic()
    todo = plan(place)
    answer: dict[str, Any] = {"program": todo.program, "migrations": list(todo.migrations), "ok": True}
    if not todo.migrations:
        hear(f"Version {todo.program}: the data are up to date, nothing to do.")
        return answer | {"done": False}
    hear(f"Version {todo.program}: {len(todo.migrations)} migrations to run")
    for name in todo.migrations:
        hear(f"  {name}")
    if todo.free < todo.needed:
        raise Refused(
            f"An upgrade needs about {bytes_text(todo.needed)} in {place} for the backup and the change, and "
            f"{bytes_text(todo.free)} are free. Nothing was changed; free some space or name another folder with --to."
        )
    if dry:
        return answer | {"done": False}
    hear("Backing up first …")
    saved = backup.make(place, passphrase=passphrase, quiet=quiet)
    hear("Migrating …")
    try:
        work()
        faults = check()
    except Exception as error:
        faults = [f"{type(error).__name__}: {error}"]
    if not faults:
        hear(f"Done in {clock.monotonic() - begun:.1f} s. The backup of before is {saved.folder}.")
        return answer | {"done": True, "backup": saved.id, "seconds": round(clock.monotonic() - begun, 2)}
    hear(f"The upgrade failed: {faults[0]}")
    hear("Putting everything back as it was …")
    roll_back(saved, settings.DATA)
    hear("The data are as they were before. Start the version you had, and report the message above.")
    return answer | {"ok": False, "done": False, "backup": saved.id, "faults": faults}


def roll_back(saved: manifest.Backup, data: Path) -> None:
    """The databases of the backup in the place of the changed ones; plain files are put back where they differ."""
    from django.db import connections

    from thanglong.kit import ports

    ports.plugged.things.close()
    connections.close_all()
    addresses = list(dict.fromkeys(_postgres_addresses()))
    for address in addresses:
        postgres.wipe(address)
    restore.put_back(saved, data, addresses, quiet=True)
    wrong = restore.contents_differ(saved, data, addresses)
    if wrong:
        raise Refused(
            f"Putting back failed ({wrong[0]}). Keep everything as it is and restore {saved.folder} into an empty "
            "folder with `thanglong restore`."
        )


def _postgres_addresses() -> list[str]:
    url = os.environ.get("THANGLONG_DATABASE", "")
    return [a for a in (url, os.environ.get("THANGLONG_THINGS", "") or url) if a.startswith("postgres")]
