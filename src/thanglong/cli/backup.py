"""``thanglong backup``: everything an installation stores, at one moment, while it runs."""

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from thanglong.cli.output import bytes_text, progress, say
from thanglong.kit import clock
from thanglong.kit.errors import ThangLongError
from thanglong.stores.backup import keys, manifest, postgres, sqlite
from thanglong.stores.backup.pool import Kept, Pool
from thanglong.stores.running import last

KEEP = 14
MONTHS = 12
# the platform's own running state, what can be made again, and what has an own way into the backup
# (the ledger's tiles are always made anew from its tables)
LEFT_OUT = frozenset({"run", "keys", "cache", "ledger"})
OF_RUN = ("city-time", "demo-until")
KEYS_HINT = (
    "The keys are NOT in this backup: without them a restored city signs its ledger with a new key. Keep a copy of "
    "the folder keys/ in another safe place, or give --passphrase-file to seal them into the backup."
)


class Refused(ThangLongError):
    """A backup, restore or upgrade that cannot be done as asked; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is to be backed up: the data folder, its SQLite files in the order of locking, PostgreSQL addresses."""

    data: Path
    files: Sequence[Path]
    addresses: Sequence[str]
    profile: Mapping[str, str]


def source() -> Source:
    """The installation whose settings are in force."""
    from django.conf import settings

    data: Path = settings.DATA
    url = os.environ.get("THANGLONG_DATABASE", "")
    things = settings.THINGS_STORE
    first = [] if url else [data / "city.db"]
    if not things.startswith("postgres"):
        first.append(Path(things).resolve())
    others = [p for p in sorted(data.rglob("*")) if _kept(data, p) and p not in first and sqlite.is_database(p)]
    addresses = list(dict.fromkeys(a for a in (url, things) if a.startswith("postgres")))
    profile = {
        "relational": "postgres" if url else "sqlite",
        "things": "postgres" if things.startswith("postgres") else "sqlite",
    }
    return Source(data, [p for p in (*first, *others) if p.is_file()], addresses, profile)


def _kept(data: Path, path: Path) -> bool:
    parts = path.relative_to(data).parts
    return parts[0] not in LEFT_OUT and path.is_file() and not path.is_symlink()


def plain_files(data: Path, databases: Sequence[Path]) -> list[str]:
    """Names of the files that are simply copied: neither databases nor their journals nor drafts."""
    base = {str(path) for path in databases}
    found = []
    for path in sorted(data.rglob("*")):
        if not _kept(data, path) or "incoming" in path.parts or path.name.startswith(".") or path.suffix == ".tmp":
            continue
        if any(str(path) == name or str(path).startswith((f"{name}-", f"{name}.")) for name in base):
            continue
        found.append(str(path.relative_to(data)))
    return [*found, *(f"run/{name}" for name in OF_RUN if (data / "run" / name).is_file())]


def default_place(data: Path) -> Path:
    """Where backups go when nobody says: ``THANGLONG_BACKUP``, else a folder beside the data folder."""
    given = os.environ.get("THANGLONG_BACKUP", "")
    return Path(given).resolve() if given else data.with_name(f"{data.name}-backups")


@contextmanager
def only_one(place: Path) -> Iterator[None]:
    """Nobody else makes, removes or restores a backup of this place meanwhile."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(place / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Refused(f"Another backup is being made in {place}. Wait until it is done.") from None
    finally:
        os.close(handle)


def make(place: Path, *, keep: int = KEEP, passphrase: str = "", plain_keys: bool = False, quiet: bool = False) -> Any:
    """Make a backup in ``place``, check it, remove old ones; the finished one. Refused with the reason otherwise."""
    begun = clock.monotonic()
    origin = source()
    if (origin.data / "run" / "making-city").exists():
        raise Refused("The demo city is still being made. Back up when `thanglong up` has finished that.")
    try:
        with only_one(place):
            for left in place.glob(f"{manifest.PARTIAL}*"):
                shutil.rmtree(left)
            _room(place, origin)
            done = _make(place, origin, _keys(origin.data, passphrase, plain_keys), begun, quiet)
            _check(done, quiet)
            removed = prune(place, keep)
    except OSError as error:
        raise Refused(
            f"The backup could not be written to {place}: {error.strerror or error}. Nothing of it counts; earlier "
            "backups are whole. Free some space or choose another folder with --to."
        ) from error
    last.remember(origin.data, "backup", {"id": done.id, "place": str(place), "bytes": done.size, "removed": removed})
    return done


def _room(place: Path, origin: Source) -> None:
    need = sum(path.stat().st_size for path in origin.files) + (64 << 20)
    free = shutil.disk_usage(place).free
    if free < need:
        raise Refused(
            f"The backup needs about {bytes_text(need)} in {place}, and {bytes_text(free)} are free. "
            "Free some space, keep fewer backups with --keep, or choose another folder with --to."
        )


def _keys(data: Path, passphrase: str, plain: bool) -> tuple[str, bytes]:
    folder = data / "keys"
    if not folder.is_dir():
        return "none", b""
    if passphrase:
        return "sealed", keys.seal(keys.pack(folder), passphrase)
    return ("plain", keys.pack(folder)) if plain else ("left out", b"")


def _make(place: Path, origin: Source, secret: tuple[str, bytes], begun: float, quiet: bool) -> manifest.Backup:
    wall = clock.System().now()
    name = _free_name(place, f"{wall:%Y%m%dT%H%M%SZ}")
    draft = manifest.Draft(place / f"{manifest.PARTIAL}{name}", head(name, wall, origin, secret[0]))
    draft.folder.mkdir(mode=0o700)
    with contextlib.ExitStack() as held:
        # first the databases stand still for one moment, then the list of files is taken: every file that a row names
        # was written before the row
        readers = held.enter_context(sqlite.cut(origin.files))
        snapshots = [held.enter_context(postgres.snapshot(address)) for address in origin.addresses]
        names = plain_files(origin.data, origin.files)
        total = sum(map(sqlite.size_of, readers.values())) + sum(t.size for s in snapshots for t in s.tables)
        total += sum((origin.data / item).stat().st_size for item in names if (origin.data / item).is_file())
        with progress("Backing up", total, quiet) as advance:
            parts = [_sqlite_part(origin.data, path, reader, draft.folder, advance) for path, reader in readers.items()]
            parts += [_postgres_part(at, s, draft.folder, advance) for at, s in enumerate(snapshots)]
            files = _copy_files(Pool(place / "objects"), origin.data, names, draft.folder, advance)
    if secret[1]:
        manifest.write(draft.folder / "keys", secret[1])
    size = sum(int(part["size"]) for part in parts) + sum(item.size for item in files)
    listed = (draft.folder / "files.jsonl").read_bytes()
    draft.manifest |= {
        "parts": parts,
        "files": len(files),
        "files_digest": hashlib.sha256(listed).hexdigest(),
        "keys_digest": hashlib.sha256(secret[1]).hexdigest() if secret[1] else "",
        "bytes": size,
        "seconds": round(clock.monotonic() - begun, 2),
    }
    return draft.finish(place / name)


def _free_name(place: Path, name: str) -> str:
    found, at = name, 1
    while (place / found).exists():
        at += 1
        found = f"{name}-{at}"
    return found


def head(name: str, wall: datetime, origin: Source, key_state: str) -> dict[str, Any]:
    """What a manifest says before anything is copied. The ledger is sealed first, so that its head can be compared."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    from thanglong.core.ledger import service as ledger
    from thanglong.kit import ports

    sealed = ledger.seal() or ledger.head()
    return {
        "format": manifest.FORMAT,
        "id": name,
        "made_at": wall.isoformat(),
        "city_time": clock.now().isoformat(),
        "program": metadata.version("thanglong"),
        "python": platform.python_version(),
        "profile": dict(origin.profile),
        "keys": key_state,
        "ledger": ledger.head_document(sealed) if sealed else None,
        "things_seq": ports.plugged.things.last_seq(),
        "migrations": sorted(f"{app}.{key}" for app, key in MigrationRecorder(connection).applied_migrations()),
    }


def _sqlite_part(data: Path, path: Path, reader: Any, folder: Path, advance: Callable[[int], None]) -> dict[str, Any]:
    name = str(path.relative_to(data)) if path.is_relative_to(data) else path.name
    target = folder / name.replace("/", "__")
    digest, size = sqlite.copy(reader, target, advance)
    return {
        "kind": "sqlite", "path": name, "file": target.name, "digest": digest, "size": size,
        "rows": sqlite.counts(target),
    }  # fmt: skip


def _postgres_part(at: int, of: postgres.Snapshot, folder: Path, advance: Callable[[int], None]) -> dict[str, Any]:
    inside = folder / f"postgres-{at}"
    inside.mkdir(mode=0o700)
    tables: list[dict[str, Any]] = []
    for table in of.tables:
        digest, size, rows = of.dump(table, inside / table.file, advance)
        columns = list(table.columns)
        tables.append(
            {
                "schema": table.schema,
                "name": table.name,
                "columns": columns,
                "digest": digest,
                "size": size,
                "rows": rows,
            }
        )
    size = sum(item["size"] for item in tables)
    return {
        "kind": "postgres", "file": inside.name, "size": size, "server": of.version, "tables": tables,
        "sequences": of.sequences,
    }  # fmt: skip


def _copy_files(
    pool: Pool, data: Path, names: Sequence[str], folder: Path, advance: Callable[[int], None]
) -> list[Kept]:
    kept = []
    for name in names:
        parts = Path(name).parts
        known = parts[1] + parts[2] if parts[0] == "files" and len(parts) == 3 and len(parts[1]) == 2 else ""
        item = pool.add(data, name, known, advance)
        if item:
            kept.append(item)
    pool.settle()
    lines = (json.dumps({"path": k.path, "digest": k.digest, "size": k.size}, ensure_ascii=False) for k in kept)
    manifest.write(folder / "files.jsonl", "".join(f"{line}\n" for line in lines).encode())
    return kept


def faults(of: manifest.Backup, quiet: bool = True) -> list[str]:
    """Read everything of a backup again and compare digests; what is wrong, empty when it is whole."""
    from thanglong.stores.backup.pool import digest_of

    found: list[str] = []
    with progress("Checking the backup", of.size, quiet) as advance:
        for path, digest in _promised(of):
            try:
                if digest_of(path, advance)[0] != digest:
                    found.append(f"{path.relative_to(of.folder.parent)} was changed")
            except OSError:
                found.append(f"{path.relative_to(of.folder.parent)} is missing")
    return found


def _promised(of: manifest.Backup) -> Iterator[tuple[Path, str]]:
    yield of.folder / "files.jsonl", of.manifest["files_digest"]
    if of.manifest["keys_digest"]:
        yield of.folder / "keys", of.manifest["keys_digest"]
    for part in of.manifest["parts"]:
        if part["kind"] == "sqlite":
            yield of.folder / part["file"], part["digest"]
        else:
            for table in part["tables"]:
                yield of.folder / part["file"] / f"{table['schema']}.{table['name']}.copy", table["digest"]
    if (of.folder / "files.jsonl").is_file():
        yield from {(of.pool.path(item.digest), item.digest) for item in of.files()}


def _check(done: manifest.Backup, quiet: bool) -> None:
    found = faults(done, quiet)
    if found:
        raise Refused(f"The backup just made is not readable: {found[0]}. The disk may be failing; choose another.")


def prune(place: Path, keep: int) -> list[str]:
    """Remove backups beyond the newest ``keep`` and the last one of each of the last twelve months; their names."""
    every = manifest.every(place)
    stay = {item.id for item in every[-max(keep, 1) :]}
    months = {item.id[:6]: item.id for item in every}
    stay |= {months[month] for month in sorted(months)[-MONTHS:]}
    gone = [item for item in every if item.id not in stay]
    for item in gone:
        shutil.rmtree(item.folder)
    Pool(place / "objects").sweep({kept.digest for item in manifest.every(place) for kept in item.files()})
    return [item.id for item in gone]


def told(done: manifest.Backup) -> dict[str, Any]:
    """A backup for ``--json``."""
    of = done.manifest
    return {
        "id": done.id, "folder": str(done.folder), "made_at": of["made_at"], "bytes": of["bytes"], "files": of["files"],
        "keys": of["keys"], "profile": of["profile"], "seconds": of["seconds"], "program": of["program"],
        "ledger_size": (of["ledger"] or {}).get("size", 0),
    }  # fmt: skip


def show(done: manifest.Backup, data: Path) -> None:
    """A finished backup for a person."""
    of = done.manifest
    say(f"Backed up to {done.folder}")
    sealed = (of["ledger"] or {}).get("size", 0)
    say(f"  {bytes_text(of['bytes'])}, {of['files']} files, ledger of {sealed} entries, {of['seconds']:.1f} s, checked")
    if of["keys"] == "left out":
        say(f"  {KEYS_HINT}")
    if done.folder.stat().st_dev == data.stat().st_dev:
        say("  It lies on the same disk as the city: copy the folder elsewhere, or use --to on another disk.")


__all__ = ["KEEP", "Refused", "default_place", "faults", "make", "only_one", "prune", "show", "told"]
