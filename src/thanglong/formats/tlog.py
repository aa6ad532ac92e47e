"""Files of a transparency log as C2SP lays them out: tiles of hashes, bundles of entries, checkpoints as signed notes.

Sources: c2sp.org/tlog-tiles, c2sp.org/tlog-checkpoint and c2sp.org/signed-note. Pure: bytes in, bytes out.
A tile holds 256 hashes of one level; tile N of level L holds the hashes of complete blocks of 256**L leaves, from block
256 * N on. The last tile of a level may be partial and then says its width in its name.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

WIDTH = 256
HASH = 32
MAX_ENTRY = 0xFFFF
ED25519, COSIGNATURE = b"\x01", b"\x04"


def path(level: int | str, index: int, width: int = WIDTH) -> str:
    """Where a tile stands: ``tile/<level>/<index>[.p/<width>]``; level ``entries`` names a bundle of entries.

    The index is cut into groups of three digits, all but the last with an ``x`` before them: 1234067 is
    ``x001/x234/067``.
    """
    digits = f"{index:d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return f"tile/{level}/{name}{'' if width == WIDTH else f'.p/{width}'}"


def widths(size: int, level: int) -> tuple[int, int]:
    """For a tree of ``size`` leaves: the number of full tiles on a level, and the width of the partial one (or 0)."""
    blocks = size >> (8 * level)
    return blocks // WIDTH, blocks % WIDTH


def levels(size: int) -> int:
    """How many levels of tiles a tree of ``size`` leaves has."""
    return max(1, -(-size.bit_length() // 8)) if size else 0


def bundle(entries: Iterable[bytes]) -> bytes:
    """A bundle of entries: each behind its length in two bytes, big-endian; ValueError above 65,535 bytes."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise ValueError(f"an entry of {len(entry)} bytes does not fit into a bundle")
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)


def unbundle(data: bytes) -> Iterator[bytes]:
    """The entries of a bundle; ValueError when it is cut off."""
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or len(data) - at < 2:
            raise ValueError("the bundle is cut off")
        yield data[at + 2 : end]
        at = end


def first(data: bytes, count: int) -> bytes:
    """The bundle of the first ``count`` entries of a bundle: a partial one from a fuller one."""
    at = 0
    for _ in range(count):
        at += 2 + int.from_bytes(data[at : at + 2], "big")
    return data[:at]


def key_hash(name: str, public: bytes, kind: bytes = ED25519) -> bytes:
    """The four bytes by which a note names the key that signed it."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def verifier_key(name: str, public: bytes) -> str:
    """The key as witnesses configure it: ``<name>+<hash>+<base64>``."""
    return f"{name}+{key_hash(name, public).hex()}+{base64.b64encode(ED25519 + public).decode()}"


def checkpoint_text(origin: str, size: int, root: bytes, *extensions: str) -> bytes:
    """What is signed: origin, size, root in base64 and further lines, each ended by a newline."""
    return "".join(f"{line}\n" for line in (origin, str(size), base64.b64encode(root).decode(), *extensions)).encode()


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note: its text (with the last newline) and signatures ``(key name, four bytes of key hash, bytes)``."""

    text: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]

    def signature(self, name: str, public: bytes) -> bytes | None:
        """The signature by this key, None when there is none; it is not checked here."""
        wanted = name, key_hash(name, public)
        return next((item for who, key, item in self.signatures if (who, key) == wanted), None)

    def encode(self) -> bytes:
        lines = (
            f"\u2014 {name} {base64.b64encode(key + signature).decode()}\n" for name, key, signature in self.signatures
        )
        return self.text + b"\n" + "".join(lines).encode()


class Signer(Protocol):
    """An Ed25519 key."""

    public: bytes

    def sign(self, message: bytes) -> bytes: ...


def cosigned(data: bytes, name: str, key: Signer, at: int) -> bytes:
    """A checkpoint's note with a witness's signature added (C2SP tlog-cosignature v1), seen at ``at`` (POSIX s)."""
    note = parse_note(data)
    signature = at.to_bytes(8, "big") + key.sign(cosigned_text(note.text, at))
    return Note(note.text, (*note.signatures, (name, key_hash(name, key.public, COSIGNATURE), signature))).encode()


def cosigned_text(text: bytes, at: int) -> bytes:
    """What a witness signs."""
    return b"cosignature/v1\ntime %d\n%b" % (at, text)


def parse_note(data: bytes) -> Note:
    """Read a signed note; ValueError when it is none."""
    text, middle, tail = data.rpartition(b"\n\n")
    if not middle or not tail.endswith(b"\n"):
        raise ValueError("this is no signed note")
    signatures = []
    for line in tail.decode().splitlines():
        dash, name, value = line.split(" ")
        raw = base64.b64decode(value, validate=True)
        if dash != "\u2014" or len(raw) < 5:
            raise ValueError("this is no signature of a note")
        signatures.append((name, raw[:4], raw[4:]))
    return Note(text + b"\n", tuple(signatures))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log as its note says it; ``extensions`` are the lines after the root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def parse_checkpoint(text: bytes) -> Checkpoint:
    """Read a checkpoint's text; ValueError when it is none."""
    lines = text.decode().split("\n")
    if len(lines) < 4 or lines.pop() or not lines[0] or "" in lines:
        raise ValueError("this is no checkpoint")
    root = base64.b64decode(lines[2], validate=True)
    if not lines[1].isdecimal() or str(int(lines[1])) != lines[1] or len(root) != HASH:
        raise ValueError("this is no checkpoint")
    return Checkpoint(lines[0], int(lines[1]), root, tuple(lines[3:]))
