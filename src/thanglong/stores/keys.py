"""Signing keys in files of the data folder, readable by the platform's own user only."""

import os
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class SigningKey:
    """An Ed25519 key kept as its 32 raw bytes in hex, mode 0600, made on first use."""

    def __init__(self, path: Path) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(_read_or_make(path)))
        self.public: bytes = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature."""
        return self._key.sign(message)


@lru_cache(maxsize=8)
def signing_key(path: Path) -> SigningKey:
    """The key in ``path``, read once per process."""
    return SigningKey(path)


def _read_or_make(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.is_file():
        # written beside and linked into place: two processes that start together agree on one key
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as out:
            out.write(Ed25519PrivateKey.generate().private_bytes_raw().hex())
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
