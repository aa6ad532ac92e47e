"""Small published files in folders, such as a log's tiles: written whole or not at all, read by anybody."""

import os
from pathlib import Path
from uuid import uuid4

FEW = 32


class FileTree:
    """Files by name under one folder. A name is parts of letters, digits, dots and hyphens between slashes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loose = 0

    def path(self, name: str) -> Path:
        parts = name.split("/")
        if any(not part or part.strip(".") == "" or not set(part) <= _ALLOWED for part in parts):
            raise ValueError(f"not a name of a published file: {name!r}")
        return self._folder.joinpath(*parts)

    def read(self, name: str) -> bytes | None:
        """The file's bytes, None when it does not exist."""
        try:
            return self.path(name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def put(self, name: str, content: bytes) -> None:
        """Write beside and rename into place; durable after the next :meth:`settle`."""
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{uuid4().hex}")
        try:
            with draft.open("xb") as out:
                out.write(content)
                self._loose += 1
                if self._loose <= FEW:
                    out.flush()
                    os.fsync(out.fileno())
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def settle(self) -> None:
        """Make everything put so far durable: many files at once are cheaper by one sync of the whole machine."""
        if self._loose > FEW:
            os.sync()
        self._loose = 0

    def names(self, name: str) -> list[str]:
        """Names of what lies right in a folder (``.``: the top); empty when it does not exist."""
        folder = self._folder if name == "." else self.path(name)
        return sorted(item.name for item in folder.iterdir()) if folder.is_dir() else []

    def drop_folder(self, name: str) -> None:
        """Remove a folder of files; nothing when it does not exist."""
        folder = self.path(name)
        if folder.is_dir():
            for item in folder.iterdir():
                item.unlink(missing_ok=True)
            folder.rmdir()


_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")
