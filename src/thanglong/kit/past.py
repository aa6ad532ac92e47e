"""The past of things: the part of the things store's port that knows how attributes changed over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from thanglong.kit.query import ThingQuery

By = Literal["observedAt", "createdAt", "modifiedAt", "deletedAt"]


@dataclass(frozen=True, slots=True)
class Window:
    """What part of the past: instances whose moment (``by``) lies in ``since <= moment < until``.

    ``timed``: only instances that have this moment at all; ``last`` keeps the newest so many of each attribute, else
    the oldest ``most`` are kept. ``datasets``: only these data sets ("" is the default one); None: all.
    """

    by: By = "observedAt"
    since: datetime | None = None
    until: datetime | None = None
    timed: bool = False
    last: int = 0
    most: int = 10_000
    datasets: frozenset[str] | None = None

    @property
    def limit(self) -> int:
        """Instances of one attribute at most."""
        return min(self.last, self.most) if self.last else self.most


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of an attribute in time. Times are microseconds since 1970.

    ``written`` and ``changed``: when it was entered and last corrected; ``moment``: when it was observed (``observed``)
    or else written. ``deleted``: it tells that the attribute went.
    """

    id: str
    attribute: str
    dataset: str
    written: int
    changed: int
    moment: int
    observed: bool
    deleted: bool
    content: Mapping[str, Any]

    def at(self, by: By) -> int:
        """The moment a window looks at."""
        if by == "observedAt":
            return self.moment
        return self.changed if by == "modifiedAt" else self.written


@dataclass(frozen=True, slots=True)
class Evolution:
    """An entity over time: instances by attribute in the order of their moments, and when it was made, changed, gone.

    ``cut`` names attributes that have more instances than were read.
    """

    id: str
    types: tuple[str, ...]
    created: int
    changed: int
    deleted: int | None
    instances: Mapping[str, Sequence[Instance]]
    cut: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Period:
    """The length of an aggregation's periods: months and microseconds. Both 0: one period over the whole range."""

    months: int = 0
    micros: int = 0


@dataclass(frozen=True, slots=True)
class Bucket:
    """What the instances of one attribute in one period come to. Times are microseconds since 1970.

    ``values`` by method; a method that does not apply to such values is absent.
    """

    start: int
    end: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The periods of one attribute (and data set) of an entity; ``kind`` is Property or Relationship."""

    attribute: str
    dataset: str
    kind: str
    buckets: Sequence[Bucket]


@dataclass(frozen=True, slots=True)
class Summary:
    """The aggregates of one entity."""

    id: str
    types: tuple[str, ...]
    aggregates: Sequence[Aggregate] = field(default_factory=tuple)


class PastStore(Protocol):
    """Temporal operations of a things store; durable when they return, in the same log as everything else."""

    def record(self, entities: Sequence[Mapping[str, Any]], *, at: datetime, create: bool = True) -> list[bool | None]:
        """Put instances into the past of entities without touching their present; per entity whether its past is new.

        Every attribute is a list of instances. None: there was no past and ``create`` is False.
        """
        ...

    def forget(self, id: str, *, at: datetime, attribute: str = "", dataset: str | None = "") -> bool:
        """Take the past of an entity away, or of one attribute in one data set (None: in all); False: there is none.

        What is written afterwards begins a new past.
        """
        ...

    def amend(self, id: str, attribute: str, instance: str, content: Mapping[str, Any] | None, *, at: datetime) -> bool:
        """Exchange the instance of this id, or take it away (None); False where there is none."""
        ...

    def past_ids(self, query: ThingQuery, attributes: Sequence[str], window: Window) -> list[str]:
        """Entities, also gone ones, that have instances of one of the attributes (none: any) in the window.

        ``query.where`` and ``query.area`` must hold for the instances in the window; ``limit``, ``offset`` and
        ``after`` page in the order of ids.
        """
        ...

    def past_count(self, query: ThingQuery, attributes: Sequence[str], window: Window) -> int:
        """How many :meth:`past_ids` would find without limit."""
        ...

    def evolutions(self, ids: Sequence[str], attributes: Sequence[str], window: Window) -> list[Evolution]:
        """The past of entities, in the order asked; those without any past are left out."""
        ...

    def aggregates(
        self, ids: Sequence[str], attributes: Sequence[str], window: Window, methods: Sequence[str], period: Period
    ) -> list[Summary]:
        """Aggregates of the instances in the window, by periods that count from its beginning.

        Periods without instances are left out.
        """
        ...

    def purge(self) -> None:
        """Take everything of this tenant out of the store, past and present, without a trace in its log.

        For copies (snapshots) whose entities were deleted; what lies in files of closed days stays there unread.
        """
        ...
