"""The one decision function, and the memory that makes it quick without making it stale."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from thanglong.core.people import repository, rules
from thanglong.core.people.repository import absences
from thanglong.core.people.types import ACTIONS, CITY, Membership, Role, Token
from thanglong.core.places import service as places
from thanglong.kit import clock
from thanglong.kit.errors import Denied, NotFound, NotSignedIn
from thanglong.kit.ports import Actor, Reach

MOST_KEPT = 50_000
"""Decisions remembered in a process, under one state of the rights and one of the units."""


@dataclass(slots=True)
class Snapshot:
    """What was read under one version of the rights; filled as it is asked."""

    version: UUID
    roles: dict[str, Role]
    memberships: dict[UUID, tuple[Membership, ...]] = field(default_factory=dict)
    tokens: dict[UUID, Token | None] = field(default_factory=dict)
    reaches: dict[tuple[UUID, str, date], tuple[str, Reach]] = field(default_factory=dict)

    def of(self, account: UUID) -> tuple[Membership, ...]:
        """All memberships of an open account; none of a closed one."""
        found = self.memberships.get(account)
        if found is None:
            found = (
                (*repository.memberships(account), *absences.borrowed(account)) if repository.active(account) else ()
            )
            self.memberships[account] = found
        return found

    def token(self, token: UUID) -> Token | None:
        """An access key by id."""
        if token not in self.tokens:
            self.tokens[token] = repository.token_by_id(token)
        return self.tokens[token]


@dataclass(slots=True)
class _Request:
    snapshot: Snapshot | None = None


_request: ContextVar[_Request | None] = ContextVar("thanglong_rights", default=None)


class TableAccess:
    """``kit.ports.Access`` over the tables of people.

    The version row is read once per request (inside :meth:`pinned`) and at every question elsewhere, so that a
    withdrawn role bites on the next request in every process.
    """

    def __init__(self) -> None:
        self._last: Snapshot | None = None

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """Read the version at most once in this block (one request, one task)."""
        token = _request.set(_Request())
        try:
            yield
        finally:
            _request.reset(token)

    def renew(self) -> None:
        """Forget the version read in this block: rights have just been changed in it."""
        request = _request.get()
        if request is not None:
            request.snapshot = None

    def snapshot(self) -> Snapshot:
        """The memory for the present version."""
        request = _request.get()
        if request is not None and request.snapshot is not None:
            return request.snapshot
        version, last = repository.version(), self._last
        if last is None or last.version != version:
            last = self._last = Snapshot(version, repository.roles())
        if request is not None:
            request.snapshot = last
        return last

    def require(self, actor: Actor, action: str, unit: UUID | None = None, *, on: date | None = None) -> None:
        """Return when allowed, else raise NotSignedIn (an anonymous asker) or Denied.

        Without ``unit`` the question is whether ``actor`` may do ``action`` in any unit at all: enough to open a page,
        never enough to show a row. Rows are filtered by :meth:`reach`.
        """
        if self.allowed(actor, action, unit, on=on):
            return
        if actor.kind == "citizen" and actor.id is None:
            raise NotSignedIn()
        raise Denied()

    def allowed(self, actor: Actor, action: str, unit: UUID | None = None, *, on: date | None = None) -> bool:
        """Whether ``actor`` may do ``action`` in ``unit`` (None: in any) as of ``on`` (None: today)."""
        reach = self.reach(actor, action, on=on)
        if unit is None:
            return bool(reach)
        # what was closed in a unit that has ended is kept by the units that took over from it
        return unit in reach or (on is None and bool(reach) and any(heir in reach for heir in places.heirs(unit)))

    def reach(self, actor: Actor, action: str, *, on: date | None = None) -> Reach:
        """The units in which ``actor`` may do ``action`` as of ``on`` (None: today)."""
        if action not in ACTIONS:
            raise ValueError(f"there is no action {action!r}; name it in core.people.types.ACTIONS")
        if actor.kind == "system":
            return Reach(True)
        if actor.id is None or actor.kind == "citizen":
            return Reach(False)
        known = self.snapshot()
        if actor.kind == "client":
            token = known.token(actor.id)
            if token is None:
                return Reach(False)
            return rules.narrowed(
                self._person(known, token.account, action, on), token, action, clock.now(), _subtree(on)
            )
        return self._person(known, actor.id, action, on)

    def _person(self, known: Snapshot, account: UUID, action: str, on: date | None) -> Reach:
        day, units = on or clock.today(), places.version()
        key = (account, action, day)
        kept = known.reaches.get(key)
        if kept is not None and kept[0] == units:
            return kept[1]
        memberships = known.of(account)
        found = Reach(False)
        if memberships:
            found = rules.where(memberships, known.roles, action, day, _subtree(on), root(on))
        if len(known.reaches) > MOST_KEPT:
            known.reaches.clear()
        known.reaches[key] = (units, found)
        return found


def root(on: date | None = None) -> UUID:
    """The city's own unit on a day; the city as a whole while there are no units."""
    try:
        return places.city(on).id
    except NotFound:
        return CITY


def _subtree(on: date | None) -> rules.Subtree:
    """Units under a unit as of a day; none for a unit that was not there: a role in it opens no door of that day."""

    def found(unit: UUID) -> frozenset[UUID]:
        day = on or clock.today()
        try:
            last = places.unit(unit, day).valid_to
        except NotFound:
            return frozenset()
        return frozenset() if last is not None and last < day else places.subtree(unit, on)

    return found


access = TableAccess()
