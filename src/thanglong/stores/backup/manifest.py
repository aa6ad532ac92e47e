"""What a backup says of itself, and the place where backups stand side by side."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from thanglong.stores.backup.pool import Kept, Pool

FORMAT = 1
PARTIAL = ".partial-"


class Damaged(ValueError):
    """A backup is not what it says it is."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup: its folder and its manifest."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.manifest["id"])

    @property
    def made_at(self) -> datetime:
        return datetime.fromisoformat(self.manifest["made_at"])

    @property
    def pool(self) -> Pool:
        return Pool(self.folder.parent / "objects")

    def files(self) -> Iterator[Kept]:
        """The plain files of the data folder."""
        with (self.folder / "files.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                yield Kept(**json.loads(line))

    @property
    def size(self) -> int:
        """Bytes of everything in it."""
        return int(self.manifest["bytes"])


@dataclass(slots=True)
class Draft:
    """A backup in the making."""

    folder: Path
    manifest: dict[str, Any] = field(default_factory=dict)

    def finish(self, target: Path) -> Backup:
        """Write the manifest with its own digest and give the backup its name, durable."""
        from thanglong.stores.backup.pool import sync_folder

        text = json.dumps(self.manifest, ensure_ascii=False, indent=1, sort_keys=True).encode()
        write(self.folder / "manifest.json", text)
        write(self.folder / "manifest.sha256", f"{hashlib.sha256(text).hexdigest()}  manifest.json\n".encode())
        sync_folder(self.folder)
        self.folder.replace(target)
        sync_folder(target.parent)
        return Backup(target, self.manifest)


def write(path: Path, content: bytes) -> None:
    """Write a small file, durable, for the owner only."""
    import os

    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def read(folder: Path) -> Backup:
    """The backup in ``folder``; Damaged when its manifest is missing, changed, or of an unknown format."""
    try:
        text = (folder / "manifest.json").read_bytes()
        promised = (folder / "manifest.sha256").read_text().split()[0]
    except (OSError, IndexError) as error:
        raise Damaged(f"{folder} holds no whole backup") from error
    if hashlib.sha256(text).hexdigest() != promised:
        raise Damaged(f"the manifest of {folder} was changed")
    manifest = json.loads(text)
    if manifest.get("format") != FORMAT:
        raise Damaged(f"{folder} was made by another version: format {manifest.get('format')}, known is {FORMAT}")
    return Backup(folder, manifest)


def every(place: Path) -> list[Backup]:
    """The readable backups of a place, oldest first."""
    found = []
    for folder in sorted(place.iterdir()) if place.is_dir() else ():
        if (folder / "manifest.json").is_file() and not folder.name.startswith(PARTIAL):
            try:
                found.append(read(folder))
            except Damaged:
                continue
    return sorted(found, key=lambda item: item.id)


def find(where: Path) -> Backup:
    """The backup at ``where``, or the newest of the place ``where``; Damaged when there is none."""
    if (where / "manifest.json").is_file():
        return read(where)
    found = every(where)
    if not found:
        raise Damaged(f"there is no backup in {where}")
    return found[-1]
