"""The keys of an installation in a backup: sealed with a passphrase (scrypt, AES-256-GCM), or as they are."""

import io
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"thanglong keys 1\n"


def _key(passphrase: str, salt: bytes) -> bytes:
    # 64 MiB and about a quarter of a second (RFC 7914 section 2: N, r, p)
    return Scrypt(salt=salt, length=32, n=2**16, r=8, p=1).derive(passphrase.encode())


def pack(folder: Path) -> bytes:
    """All files of the key folder as one text."""
    return json.dumps({p.name: p.read_bytes().hex() for p in sorted(folder.iterdir()) if p.is_file()}).encode()


def unpack(content: bytes, folder: Path) -> int:
    """Write packed keys, readable by the owner only; how many. A key that is there already is left alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found: dict[str, str] = json.loads(content)
    for name, value in found.items():
        target = folder / Path(name).name
        if target.exists():
            continue
        with os.fdopen(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            out.write(bytes.fromhex(value))
            os.fsync(out.fileno())
    return len(found)


def seal(content: bytes, passphrase: str) -> bytes:
    """Encrypt with a passphrase."""
    salt, nonce = os.urandom(16), os.urandom(12)
    return MAGIC + salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, content, MAGIC)


def unseal(sealed: bytes, passphrase: str) -> bytes:
    """Decrypt; ValueError when the passphrase is wrong or the file was changed."""
    source = io.BytesIO(sealed)
    if source.read(len(MAGIC)) != MAGIC:
        raise ValueError("not a sealed key file")
    salt, nonce = source.read(16), source.read(12)
    try:
        return AESGCM(_key(passphrase, salt)).decrypt(nonce, source.read(), MAGIC)
    except InvalidTag:
        raise ValueError("the passphrase is wrong, or the key file was changed") from None
