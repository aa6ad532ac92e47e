"""Signing keys in files of the data folder, readable by the platform's own user only."""

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class SigningKey:
    """An Ed25519 key kept as its 32 raw bytes in hex, mode 0600, made on first use."""

    def __init__(self, path: Path) -> None:
        text = read_or_make(path, lambda: Ed25519PrivateKey.generate().private_bytes_raw().hex().encode())
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text.decode().strip()))
        self.public: bytes = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature."""
        return self._key.sign(message)


@lru_cache(maxsize=8)
def signing_key(path: Path) -> SigningKey:
    """The key in ``path``, read once per process."""
    return SigningKey(path)


def read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of a secret file, mode 0600; made on first use, once for all processes that start together."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.is_file():
        # written beside and linked into place: two processes that start together agree on one key
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as out:
            out.write(make())
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
