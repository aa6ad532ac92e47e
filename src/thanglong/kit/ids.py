"""Identifiers: time-ordered UUIDs (RFC 9562, version 7), and seeded ones for the demo city."""

import hashlib
import os
from uuid import UUID

from thanglong.kit import clock


def uuid7_at(milliseconds: int, random_bytes: bytes) -> UUID:
    """The version 7 UUID of a Unix time in milliseconds and 10 random bytes (RFC 9562, section 5.7)."""
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80 | int.from_bytes(random_bytes[:10], "big")
    value &= ~(0xF << 76) & ~(0x3 << 62)
    return UUID(int=value | 0x7 << 76 | 0x2 << 62)


def new_id() -> UUID:
    """A new identifier that sorts by the moment of its making."""
    return uuid7_at(int(clock.now().timestamp() * 1000), os.urandom(10))


def seeded_id(*parts: object) -> UUID:
    """The same identifier for the same parts, on every machine: for generated data (version 8, RFC 9562)."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    value = int.from_bytes(digest[:16], "big")
    value &= ~(0xF << 76) & ~(0x3 << 62)
    return UUID(int=value | 0x8 << 76 | 0x2 << 62)
