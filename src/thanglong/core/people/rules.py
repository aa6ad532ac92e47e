"""Decisions about people: pure functions, no store."""

import hashlib
import hmac
import ipaddress
import secrets
import struct
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from thanglong.core.people.types import CITY, SCOPES, WITHHELD, Kind, Membership, Role, Throttle, Token
from thanglong.kit.ports import Reach

TOKEN_PREFIX = "tlg_"  # noqa: S105  the public beginning of every key, by which leaks are found
Subtree = Callable[[UUID], frozenset[UUID]]

PAIR_FAILURES = 8
HOT_FAILURES = 2
"""Tries of one name from an address that has already failed under many names."""
ADDRESS_FAILURES = 100
DEVICE_FAILURES = 8
FACTOR_FAILURES = 6
ACCOUNT_FAILURES = 60
CLIENT_FAILURES = 20
"""Wrong secrets of another system from one address; the right one is let in all the same."""
PAIR_LOCK = timedelta(minutes=15)
CLIENT_LOCK = timedelta(minutes=5)
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
    valid = [item for item in memberships if item.valid_on(day)]
    lent = any(item.releases for item in valid)
    for item in valid:
        role = roles.get(item.role)
        if role is None or action not in role.actions or (lent and item.kind is Kind.POST):
            continue
        if item.standing_in_for is not None and action in WITHHELD:
            continue
        if item.unit in (CITY, root):
            return Reach(True)
        units |= subtree(item.unit)
    return Reach(False, frozenset(units))


def narrowed(reach: Reach, token: Token, action: str, now: datetime, subtree: Subtree) -> Reach:
    """What of its owner's reach an access key may use."""
    if not token.alive(now) or not any(action == scope or action in SCOPES.get(scope, ()) for scope in token.scopes):
        return Reach(False)
    if token.unit is None:
        return reach
    inside = subtree(token.unit)
    return Reach(False, inside if reach.everywhere else reach.units & inside)


def within(
    granter: Iterable[Membership],
    roles: dict[str, Role],
    role: Role,
    period: tuple[date, date | None],
    *,
    needs: str = "people.grant",
) -> list[UUID]:
    """Units of the granter's memberships that cover the period and hold ``needs`` and every action of ``role``."""
    start, end = period
    return [
        item.unit
        for item in granter
        if item.valid_from <= start
        and item.standing_in_for is None
        and (item.valid_to is None or (end is not None and end <= item.valid_to))
        and (own := roles.get(item.role)) is not None
        and role.actions <= own.actions
        and needs in own.actions
    ]


def overlap(held: Iterable[Membership], wanted: Membership) -> Membership | None:
    """A membership of the same role in the same unit on some of the same days."""
    for item in held:
        if (item.role, item.unit) != (wanted.role, wanted.unit) or item.standing_in_for is not None:
            continue
        before = wanted.valid_to is not None and wanted.valid_to < item.valid_from
        after = item.valid_to is not None and item.valid_to < wanted.valid_from
        if not before and not after:
            return item
    return None


def primary(memberships: Iterable[Membership], roles: dict[str, Role], day: date) -> Membership | None:
    """The capacity in which somebody acts unless they say otherwise: a post before others, then rank, then age.

    While somebody is lent full-time their posts rest, and the secondment comes first.
    """
    valid = [item for item in memberships if item.valid_on(day) and item.role in roles]
    if any(item.releases for item in valid):
        valid = [item for item in valid if item.kind is not Kind.POST]
    order = {"post": 0, "secondment": 1, "deputy": 2}
    return min(
        valid, key=lambda item: (order[item.kind], -roles[item.role].rank, item.valid_from, item.id), default=None
    )


def new_secret() -> str:
    """The text of a new access key: 256 random bits behind a prefix."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def secret_digest(secret: str) -> str:
    """What is stored of a key. A plain hash is enough: 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


TOTP_STEP = 30
TOTP_DIGITS = 6


def totp(secret: bytes, step: int) -> str:
    """The code of a time step (30 seconds since 1970): RFC 6238 with SHA-1 and six digits, as every app has it."""
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**TOTP_DIGITS:0{TOTP_DIGITS}d}"


def totp_step(secret: bytes, code: str, now: datetime, last: int) -> int | None:
    """The step whose code this is, one either side of ``now`` and past the ``last`` used one; else None."""
    present, found = int(now.timestamp()) // TOTP_STEP, None
    for step in (present - 1, present, present + 1):
        if hmac.compare_digest(totp(secret, step), code) and step > last:
            found = step
    return found


_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def recovery_codes(count: int = 10) -> list[str]:
    """Fresh recovery codes, about 49 random bits each, in letters and digits that are not mistaken for each other."""
    pick = secrets.SystemRandom().choice
    return ["-".join("".join(pick(_LETTERS) for _ in range(5)) for _ in range(2)) for _ in range(count)]


def plain_code(text: str) -> str:
    """A code as it was meant: no blanks, no hyphens, small letters."""
    return "".join(text.lower().split()).replace("-", "")


def shortened(address: str) -> str:
    """The network of an address, enough to know the place again and no more: a /24, or a /48 of IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    bits = 24 if found.version == 4 else 48
    return str(ipaddress.ip_network(f"{found}/{bits}", strict=False))


_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("coc_coc", "Cốc Cốc"), ("Firefox/", "Firefox"),
             ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
            ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip


def device(agent: str) -> str:
    """A few words on a browser: ``Firefox, Windows``; empty when it does not say."""
    names = [next((name for mark, name in table if mark in agent), "") for table in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in names if name)


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
