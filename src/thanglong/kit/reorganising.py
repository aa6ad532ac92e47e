"""What a reform of units asks of every module that keeps rows by unit: the change, and the follower that goes along.

``core.places`` draws up, decides and enforces a reorganisation; a module above it plugs a :class:`Follower` into
``registry.followers``. Everything a follower does on its own database rows runs in the transaction of the act.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from thanglong.kit.ports import Actor

Point = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Home:
    """Where a row of an old unit belongs now. ``sure``: its unit was not divided, or its point says so."""

    unit: UUID
    sure: bool


@dataclass(frozen=True, slots=True)
class UnitChange:
    """A reorganisation as its followers see it.

    ``moves`` gives for every old unit the share of each unit that takes it over (sum 1; the old unit itself where it
    lives on); ``abolished`` the unit above each unit that ends without a successor; ``created`` the units founded.
    ``homes(old, points)`` says for rows of an old unit where each belongs on the day the act takes effect.
    """

    id: UUID
    title: str
    effective_on: date
    moves: Mapping[UUID, Mapping[UUID, float]]
    abolished: Mapping[UUID, UUID]
    created: frozenset[UUID]
    homes: Callable[[UUID, Sequence[Point]], list[Home]]

    @property
    def units(self) -> frozenset[UUID]:
        """Every unit whose rows may move."""
        return frozenset(self.moves) | frozenset(self.abolished)

    def main(self, old: UUID) -> UUID | None:
        """The unit that takes over the largest share of ``old``; None for a unit abolished without successor."""
        parts = self.moves.get(old)
        return max(parts, key=lambda new: (parts[new], str(new))) if parts else None

    def divided(self, old: UUID) -> bool:
        """Whether more than one unit takes over ``old``."""
        return len(self.moves.get(old, ())) > 1


@dataclass(frozen=True, slots=True)
class Affected:
    """A line of the preview: ``count`` rows of a kind. ``moves`` is false for rows that stay where they were.

    ``title`` is a message id; ``note`` says (as a message id) what happens to them; ``unsure`` counts those that a
    person will have to look at.
    """

    key: str
    title: str
    count: int
    note: str = ""
    unsure: int = 0
    moves: bool = True


@dataclass(frozen=True, slots=True)
class ToReview:
    """A row placed by a rule of thumb, to be looked at by a person: what it is, where it was and is, and why."""

    ref: str
    label: str
    url: str
    old: UUID
    new: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Followed:
    """What a follower did on the day of effect: rows moved, and those to be looked at."""

    moved: int = 0
    reviews: Sequence[ToReview] = field(default_factory=tuple)


class Follower:
    """A module's part in a reorganisation; every method may be left as it is. All must be idempotent."""

    def affected(self, change: UnitChange) -> Sequence[Affected]:
        """What would move and what stays, counted without writing anything."""
        return ()

    def decided(self, change: UnitChange, actor: Actor) -> Any:
        """Go along with a decision at once, dated by ``change.effective_on``; the JSON answer is kept for undo."""
        return None

    def undone(self, change: UnitChange, actor: Actor, memo: Any) -> None:
        """Take back what :meth:`decided` did; Conflict when something was built on it since."""

    def in_force(self, change: UnitChange, actor: Actor) -> Followed:
        """Move what lives (open work), on the day of effect or as soon after it as the worker runs."""
        return Followed()

    def waiting(self, change: UnitChange) -> int:
        """Rows still to be moved by work that runs behind the act; 0 when it is done."""
        return 0
