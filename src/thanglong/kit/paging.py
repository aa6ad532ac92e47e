"""Lists are read page by page with a cursor; exact totals only where they are cheap."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list.

    ``next`` is the opaque cursor of the following page, or None at the end; ``total`` the exact count, or None where
    counting would cost more than the page itself.
    """

    items: Sequence[T]
    next: str | None = None
    total: int | None = None
