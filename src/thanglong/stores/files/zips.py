"""Zip files that come out the same for the same content: no times, no owners; whole or not at all."""

import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def writing(target: Path) -> Iterator[Callable[[str, bytes], None]]:
    """Write files by name into a new zip, one after the other; it stands under its name when all is written."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:

            def put(name: str, content: bytes) -> None:
                info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                info.external_attr, info.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
                archive.writestr(info, content)

            yield put
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
