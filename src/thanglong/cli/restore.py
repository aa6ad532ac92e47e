"""``thanglong restore``: a backup back into an empty place; what was cut short goes on where it stopped."""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from thanglong.cli import backup
from thanglong.cli.backup import Refused
from thanglong.cli.output import progress
from thanglong.kit import clock
from thanglong.stores.backup import keys, manifest, postgres, sqlite
from thanglong.stores.backup.pool import copy, digest_of, sync_folder

MARK = "restoring.json"
RESTORED = "restored.json"
MAY_BE_THERE = frozenset({"run", "keys", "cache", "ledger"})


def find(where: Path) -> manifest.Backup:
    """The backup, or the newest of a place; Refused with a sentence when there is none."""
    try:
        return manifest.find(where)
    except manifest.Damaged as error:
        raise Refused(f"{str(error)[0].upper()}{str(error)[1:]}. Name a folder that `thanglong backup` made.") from None


def run(where: Path, data: Path, *, passphrase: str = "", quiet: bool = False) -> dict[str, Any]:
    """Check the backup, then put it into the empty folder ``data`` (and, with PostgreSQL, an empty database)."""
    begun = clock.monotonic()
    found = find(where)
    addresses = _addresses(found)
    _refuse_unless_empty(found, data, addresses)
    _refuse_newer(found)
    secret = _secret(found, passphrase)
    wrong = backup.faults(found, quiet)
    if wrong:
        raise Refused(
            f"The backup {found.id} is damaged, nothing was restored: {'; '.join(wrong[:3])}. Try an older one."
        )
    mark = data / "run" / MARK
    mark.parent.mkdir(parents=True, exist_ok=True)
    manifest.write(mark, json.dumps({"id": found.id}).encode())
    if secret:
        keys.unpack(secret, data / "keys")
    put_back(found, data, addresses, quiet)
    note = {"id": found.id, "made_at": found.manifest["made_at"], "ledger": found.manifest["ledger"]}
    manifest.write(data / "run" / RESTORED, json.dumps(note).encode())
    mark.unlink()
    seconds = round(clock.monotonic() - begun, 2)
    return {
        "id": found.id, "made_at": found.manifest["made_at"], "data": str(data), "bytes": found.size,
        "seconds": seconds, "keys": "restored" if secret else "not in the backup",
    }  # fmt: skip


def _addresses(found: manifest.Backup) -> list[str]:
    """PostgreSQL addresses to restore into; Refused when the settings name another kind of store than the backup's."""
    url = os.environ.get("THANGLONG_DATABASE", "")
    things = os.environ.get("THANGLONG_THINGS", "") or url
    wanted = found.manifest["profile"]
    here = {
        "relational": "postgres" if url else "sqlite",
        "things": "postgres" if things.startswith("postgres") else "sqlite",
    }
    if here != wanted:
        raise Refused(
            f"This backup is of {_named(wanted)}, and the settings here name {_named(here)}. Set or unset "
            "THANGLONG_DATABASE and THANGLONG_THINGS so that they agree; a backup returns to the kind it came from."
        )
    return list(dict.fromkeys(a for a in (url, things) if a.startswith("postgres")))


def _named(profile: Mapping[str, str]) -> str:
    names = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
    kinds = {names[profile["relational"]], names[profile["things"]]}
    return kinds.pop() if len(kinds) == 1 else "SQLite and PostgreSQL together"


def _refuse_unless_empty(found: manifest.Backup, data: Path, addresses: Sequence[str]) -> None:
    try:
        cut_short = json.loads((data / "run" / MARK).read_text())["id"]
    except (OSError, ValueError, KeyError):
        cut_short = ""
    if cut_short and cut_short != found.id:
        raise Refused(
            f"The restore of {cut_short} into {data} was cut short. Go on with that backup, or choose another --data."
        )
    there = [item.name for item in data.iterdir() if item.name not in MAY_BE_THERE] if data.is_dir() else []
    if there and not cut_short:
        raise Refused(
            f"{data} is not empty ({', '.join(sorted(there)[:3])}): nothing is ever overwritten. Choose an empty "
            "folder with --data, or move the old one aside."
        )
    for address in addresses:
        if not postgres.is_empty(address) and not cut_short:
            raise Refused("The PostgreSQL database is not empty: nothing is ever overwritten. Make a new one.")


def _refuse_newer(found: manifest.Backup) -> None:
    """A schema only goes forward: a backup of a newer version is left alone."""
    from importlib.util import find_spec

    for name in found.manifest["migrations"]:
        app, _, key = name.partition(".")
        package = next((p for p in (f"thanglong.core.{app}", f"thanglong.domains.{app}") if find_spec(p)), None)
        if package and find_spec(f"{package}.migrations.{key}") is None:
            raise Refused(
                f"The backup was made by version {found.manifest['program']}, which is newer than this one "
                f"({name} is not known here). Install that version first."
            )


def _secret(found: manifest.Backup, passphrase: str) -> bytes:
    state = found.manifest["keys"]
    if state not in ("sealed", "plain"):
        return b""
    content = (found.folder / "keys").read_bytes()
    if state == "plain":
        return content
    if not passphrase:
        raise Refused("The keys in this backup are sealed: give the passphrase with --passphrase-file.")
    try:
        return keys.unseal(content, passphrase)
    except ValueError as error:
        raise Refused(f"The keys of the backup could not be opened: {error}.") from None


def put_back(found: manifest.Backup, data: Path, addresses: Sequence[str], quiet: bool) -> None:
    """Databases and files into place; a file that is there with the right content is left."""
    # published tiles of a ledger that went further would be taken for a fork; they are made anew from the tables
    shutil.rmtree(data / "ledger", ignore_errors=True)
    with progress("Restoring", found.size, quiet) as advance:
        for item in found.files():
            _file(found.pool.path(item.digest), data / item.path, item.digest, advance)
        for part in found.manifest["parts"]:
            if part["kind"] == "sqlite":
                target = _target(data, part["path"])
                for extra in ("-wal", "-shm", "-journal"):
                    target.with_name(target.name + extra).unlink(missing_ok=True)
                _file(found.folder / part["file"], target, part["digest"], advance)
        tables = [part for part in found.manifest["parts"] if part["kind"] == "postgres"]
        if tables:
            _schema(found.manifest["migrations"])
        for part, address in zip(tables, addresses, strict=True):
            _load(found, part, address, advance)
    sync_folder(data)


def _target(data: Path, name: str) -> Path:
    """Where a SQLite file goes: the things file may lie outside of the data folder."""
    outside = os.environ.get("THANGLONG_THINGS", "")
    return Path(outside).resolve() if outside and Path(outside).name == name else data / name


def _file(source: Path, target: Path, digest: str, advance: Callable[[int], None]) -> None:
    if target.is_file() and target.stat().st_size == source.stat().st_size and digest_of(target)[0] == digest:
        advance(target.stat().st_size)
        return
    if copy(source, target, advance)[0] != digest:
        raise Refused(f"{source.name} changed while it was restored. Start the restore again.")


def _schema(names: Sequence[str]) -> None:
    """Make the tables as they were when the backup was made."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from thanglong.cli.env import setup
    from thanglong.kit import ports

    setup()
    executor = MigrationExecutor(connection)
    graph = executor.loader.graph
    then = {(app, key) for app, _, key in (name.partition(".") for name in names)} & set(graph.nodes)
    # only the last ones of then: Django would take an earlier one for a wish to go back to it
    executor.migrate(
        [node for node in sorted(then) if not {child.key for child in graph.node_map[node].children} & then]
    )
    ports.plugged.things.last_seq()
    ports.plugged.things.close()
    connection.close()


def _load(found: manifest.Backup, part: Mapping[str, Any], address: str, advance: Callable[[int], None]) -> None:
    tables = [postgres.Table(t["schema"], t["name"], t["size"], t["columns"]) for t in part["tables"]]
    postgres.load(address, tables, found.folder / part["file"], part["sequences"], advance)


def note_in_ledger(data: Path) -> None:
    """On the first start after a restore: say in the ledger which backup this city came back from."""
    path = data / "run" / RESTORED
    if not path.is_file():
        return
    from django.db import transaction

    from thanglong.core.ledger import service as ledger
    from thanglong.core.ledger.types import ObjectRef
    from thanglong.kit.ports import SYSTEM

    facts = json.loads(path.read_text())
    size = (facts.get("ledger") or {}).get("size", 0)
    with transaction.atomic():
        ledger.append(
            SYSTEM,
            "system.restored",
            ObjectRef("backup", facts["id"]),
            facts={"made_at": facts["made_at"], "ledger_size": size},
        )
    path.unlink()


def contents_differ(found: manifest.Backup, data: Path, addresses: Sequence[str]) -> list[str]:
    """What is not as in the backup: databases, tables; empty after a true restore that nobody has opened yet."""
    wrong = []
    for part in found.manifest["parts"]:
        if part["kind"] == "sqlite":
            path = _target(data, part["path"])
            same = digest_of(path)[0] == part["digest"]
            fault = sqlite.fault(path)
            wrong += [f"{part['path']}: {fault}"] if fault else []
            wrong += [] if same else [f"{part['path']} is not as it was"]
    tables = [part for part in found.manifest["parts"] if part["kind"] == "postgres"]
    for part, address in zip(tables, addresses, strict=True):
        with postgres.snapshot(address) as now:
            there = {(table.schema, table.name): table for table in now.tables}
            for table in part["tables"]:
                is_now = there.get((table["schema"], table["name"]))
                if is_now is None or now.dump(is_now, None)[0] != table["digest"]:
                    wrong.append(f"{table['schema']}.{table['name']}")
    return wrong
