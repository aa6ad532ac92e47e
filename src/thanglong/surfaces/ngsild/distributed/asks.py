"""A request to a source, before it is put into the source's words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ask:
    """A request below the root: ``path`` percent-encoded; ``query`` and ``body`` in the client's words."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    body: Any = None
    context: Any = None
    """The @context the client's body carried itself; None where it came without."""
    reads: bool = False
    """Whether entities (or what is known of types and attributes) are to come back."""
