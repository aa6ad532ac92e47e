"""Files named by their content, shared by all backups of one place: what has not changed is not copied again."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

CHUNK = 1 << 20
Advance = Callable[[int], None]


def nothing(_: int) -> None:
    """Nobody watches the progress."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a backup: its path inside the data folder, hex SHA-256, bytes."""

    path: str
    digest: str
    size: int


def digest_of(path: Path, advance: Advance = nothing) -> tuple[str, int]:
    """Hex SHA-256 and size of a file; ``advance`` hears the bytes read."""
    total, size = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as source:
        while chunk := source.read(CHUNK):
            total.update(chunk)
            size += len(chunk)
            advance(len(chunk))
    return total.hexdigest(), size


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def copy(source: Path, target: Path, advance: Advance = nothing) -> tuple[str, int]:
    """Copy a file beside ``target``, make it durable, rename it into place; digest and size of what was written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{uuid4().hex}.part")
    total, size = hashlib.sha256(), 0
    try:
        with source.open("rb", buffering=0) as read, draft.open("xb", buffering=0) as out:
            while chunk := read.read(CHUNK):
                total.update(chunk)
                size += len(chunk)
                out.write(chunk)
                advance(len(chunk))
            os.fsync(out.fileno())
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return total.hexdigest(), size


class Pool:
    """The folder ``objects`` of a place for backups."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._touched: set[Path] = set()

    def path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]

    def add(self, root: Path, name: str, known: str = "", advance: Advance = nothing) -> Kept | None:
        """Keep ``root/name``; None when it vanished meanwhile (erased files are not brought back).

        ``known`` is the digest the file's own name promises: when the pool holds it already it is not read again.
        """
        source = root / name
        try:
            size = source.stat().st_size
            if known and self._has(known, size):
                advance(size)
                return Kept(name, known, size)
            draft = self._folder / f".{uuid4().hex}.new"
            digest, size = copy(source, draft, advance)
        except FileNotFoundError:
            return None
        target = self.path(digest)
        if self._has(digest, size):
            draft.unlink()
        else:
            target.parent.mkdir(exist_ok=True)
            draft.replace(target)
            self._touched.add(target.parent)
        return Kept(name, digest, size)

    def _has(self, digest: str, size: int) -> bool:
        try:
            return self.path(digest).stat().st_size == size
        except FileNotFoundError:
            return False

    def settle(self) -> None:
        """Make the names of everything added durable."""
        for folder in self._touched:
            sync_folder(folder)
        self._touched.clear()
        if self._folder.is_dir():
            sync_folder(self._folder)

    def objects(self) -> Iterator[tuple[str, Path]]:
        """Digest and path of everything kept."""
        for folder in sorted(self._folder.iterdir()) if self._folder.is_dir() else ():
            if len(folder.name) == 2 and folder.is_dir():
                for item in folder.iterdir():
                    yield folder.name + item.name, item

    def sweep(self, wanted: Iterable[str]) -> int:
        """Remove what no backup names any more, and drafts of a cut-short run; the bytes won."""
        keep, won = frozenset(wanted), 0
        for digest, item in list(self.objects()):
            if digest not in keep:
                won += item.stat().st_size
                item.unlink()
        for draft in self._folder.glob(".*") if self._folder.is_dir() else ():
            draft.unlink(missing_ok=True)
        return won
