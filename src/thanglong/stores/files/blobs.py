"""Content-addressed files under ``DATA/files/ab/cd…``."""

import hashlib
import os
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from thanglong.kit.errors import NotFound
from thanglong.kit.ports import Blob

CHUNK = 1 << 20


class FileBlobs:
    """``kit.ports.BlobStore`` in a folder. A write is fsynced, then renamed, then the folder is fsynced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, digest: str) -> Path:
        if len(digest) != 64 or not all(c in "0123456789abcdef" for c in digest):
            raise NotFound()
        return self._folder / digest[:2] / digest[2:]

    def put(self, content: bytes | BinaryIO) -> Blob:
        incoming = self._folder / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        temporary = incoming / uuid4().hex
        total, size = hashlib.sha256(), 0
        try:
            with temporary.open("xb") as out:
                chunks = iter([content]) if isinstance(content, bytes) else iter(lambda: content.read(CHUNK), b"")
                for chunk in chunks:
                    total.update(chunk)
                    size += len(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            target = self._path(total.hexdigest())
            target.parent.mkdir(exist_ok=True)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return Blob(total.hexdigest(), size)

    def open(self, digest: str) -> BinaryIO:
        try:
            return self._path(digest).open("rb")
        except FileNotFoundError:
            raise NotFound() from None

    def has(self, digest: str) -> bool:
        return self._path(digest).is_file()

    def delete(self, digest: str) -> None:
        self._path(digest).unlink(missing_ok=True)
