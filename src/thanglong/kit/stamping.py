"""The port to a time-stamping authority."""

from typing import Protocol


class Stamper(Protocol):
    """A time-stamping authority (RFC 3161): proof by another that a text existed at a moment."""

    authority: str

    def stamp(self, text: bytes) -> bytes:
        """The response (DER) over the SHA-256 of ``text``, checked; Unavailable when the authority does not answer."""
        ...
