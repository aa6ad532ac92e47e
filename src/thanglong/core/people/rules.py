"""Decisions about people: pure functions, no store."""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from thanglong.core.people.types import CITY, SCOPES, Membership, Role, Throttle, Token
from thanglong.kit.ports import Reach

TOKEN_PREFIX = "tlg_"  # noqa: S105  the public beginning of every key, by which leaks are found
Subtree = Callable[[UUID], frozenset[UUID]]

PAIR_FAILURES = 8
ACCOUNT_FAILURES = 60
PAIR_LOCK = timedelta(minutes=15)
ACCOUNT_LOCK = timedelta(minutes=5)
LONGEST_LOCK = timedelta(hours=12)
FORGET_AFTER = timedelta(hours=24)


def where(
    memberships: Iterable[Membership],
    roles: dict[str, Role],
    action: str,
    day: date,
    subtree: Subtree,
    root: UUID | None,
) -> Reach:
    """Where these memberships allow ``action`` on ``day``: the union of the subtrees of their units."""
    units: set[UUID] = set()
    for item in memberships:
        role = roles.get(item.role)
        if role is None or action not in role.actions or not item.valid_on(day):
            continue
        if item.unit in (CITY, root):
            return Reach(True)
        units |= subtree(item.unit)
    return Reach(False, frozenset(units))


def narrowed(reach: Reach, token: Token, action: str, now: datetime, subtree: Subtree) -> Reach:
    """What of its owner's reach an access key may use."""
    if not token.alive(now) or not any(action in SCOPES.get(scope, ()) for scope in token.scopes):
        return Reach(False)
    if token.unit is None:
        return reach
    inside = subtree(token.unit)
    return Reach(False, inside if reach.everywhere else reach.units & inside)


def within(
    granter: Iterable[Membership], roles: dict[str, Role], role: Role, period: tuple[date, date | None]
) -> list[UUID]:
    """Units of the granter's memberships that cover the whole period and hold every action of ``role``."""
    start, end = period
    return [
        item.unit
        for item in granter
        if item.valid_from <= start
        and (item.valid_to is None or (end is not None and end <= item.valid_to))
        and (own := roles.get(item.role)) is not None
        and role.actions <= own.actions
        and "people.grant" in own.actions
    ]


def primary(memberships: Iterable[Membership], roles: dict[str, Role], day: date) -> Membership | None:
    """The capacity in which somebody acts unless they say otherwise: a post before others, then rank, then age."""
    valid = [item for item in memberships if item.valid_on(day) and item.role in roles]
    order = {"post": 0, "deputy": 1, "secondment": 2}
    return min(
        valid, key=lambda item: (order[item.kind], -roles[item.role].rank, item.valid_from, item.id), default=None
    )


def new_secret() -> str:
    """The text of a new access key: 256 random bits behind a prefix."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def secret_digest(secret: str) -> str:
    """What is stored of a key. A plain hash is enough: 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def throttle_key(*parts: str) -> str:
    """The name under which failures are counted."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def locked(state: Throttle, now: datetime) -> bool:
    """Whether sign-in is paused under this key."""
    return state.until is not None and now < state.until


def failed(state: Throttle, now: datetime, allowed: int, pause: timedelta) -> Throttle:
    """The state after one more failure: every ``allowed`` failures a pause, each twice as long as the last.

    A day without failure forgets everything.
    """
    if state.last is not None and now - state.last > FORGET_AFTER:
        state = Throttle()
    failures = state.failures + 1
    if failures < allowed:
        return Throttle(failures, now, state.locks, state.until)
    length = min(pause * 2 ** min(state.locks, 16), LONGEST_LOCK)
    return Throttle(0, now, state.locks + 1, now + length)
