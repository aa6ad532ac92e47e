"""Signing in: passwords, lock-out, sessions."""

from datetime import timedelta
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.sessions.backends.db import SessionStore
from django.utils.crypto import constant_time_compare

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.people import models, repository, rules
from thanglong.core.people.service.accounts import actor, actor_for
from thanglong.core.people.service.factors import requires_factor
from thanglong.core.people.types import SignInFailed
from thanglong.kit import clock, peers
from thanglong.kit.ports import ANONYMOUS, SYSTEM, Actor

_KEPT = timedelta(days=2)


def authenticate(username: str, password: str, address: str, *, known_device: bool = False, device: str = "") -> Actor:
    """The actor behind a name and password; SignInFailed, with one message for every cause.

    A browser that has signed in to this account before (``known_device``) is counted by itself: nobody from outside,
    not even from the same address, can shut its owner out. Any other try counts for the pair of name and address, more
    slowly for the name, and for the address; the count of an address only makes its pairs pause sooner, so that
    colleagues behind it who know their passwords still get in.
    """
    name, address = username.strip().lower()[:80], peers.counted(address)
    counters = _counters(name, address, device if known_device else None, known_device)
    now = clock.now()
    barred = any(rules.locked(repository.throttle(key), now) for key, _, pause in counters if pause is not None)
    row = repository.by_username(name)
    # the password is hashed in every case, so that time tells nothing
    right = check_password(password, row.password if row else _nobody())
    if not barred and row is not None and right and row.is_active and not row.citizen:
        repository.clear_throttle([counters[0][0]])
        return actor(row.id)
    if not barred:
        _count(row, counters)
    raise SignInFailed()


Counter = tuple[str, int, timedelta | None]


def _counters(name: str, address: str, device: str | None, known: bool) -> list[Counter]:
    """Keys with the tries they allow and their first pause; the address has none: it bars nobody by itself."""
    if known:
        return [(rules.throttle_key("device", name, device or address), rules.DEVICE_FAILURES, rules.PAIR_LOCK)]
    whole = rules.throttle_key("address", address)
    hot = repository.throttle(whole).locks > 0
    return [
        (
            rules.throttle_key("pair", name, address),
            rules.HOT_FAILURES if hot else rules.PAIR_FAILURES,
            rules.PAIR_LOCK,
        ),
        (rules.throttle_key("account", name), rules.ACCOUNT_FAILURES, rules.ACCOUNT_LOCK),
        (whole, rules.ADDRESS_FAILURES, None),
    ]


_hash_of_nobody = ""


def _nobody() -> str:
    global _hash_of_nobody
    _hash_of_nobody = _hash_of_nobody or make_password("nobody")
    return _hash_of_nobody


def _count(row: models.Account | None, counters: list[Counter]) -> None:
    now = clock.now()
    with repository.atomic():
        for number, (key, allowed, pause) in enumerate(counters):
            before = repository.throttle(key, lock=True)
            after = rules.failed(before, now, allowed, pause or rules.FORGET_AFTER)
            repository.save_throttle(key, after)
            if row is not None and pause is not None and after.until is not None and after.locks > before.locks:
                facts = {"whole_account": number == 1, "minutes": round((after.until - now).total_seconds() / 60)}
                ledger.append(SYSTEM, "account.locked", ObjectRef("account", str(row.id)), facts=facts)


def forget_old_failures() -> int:
    """Drop what is remembered of failures older than two days; how many."""
    return repository.prune_throttles(clock.now() - _KEPT)


def actor_of_session(session_key: str) -> Actor:
    """The actor of a browser session; ANONYMOUS when it is unknown, over, or of a closed account."""
    session = SessionStore(session_key)
    account_id, digest = session.get("_auth_user_id"), session.get("_auth_user_hash")
    if not account_id or not digest:
        return ANONYMOUS
    row = repository.open_account(UUID(account_id))
    if row is None or not constant_time_compare(digest, row.get_session_auth_hash()):
        return ANONYMOUS
    found = actor_for(row)
    if found.kind == "person" and not session.get("factor") and requires_factor(row.id):
        return ANONYMOUS  # until a second factor is set up, only the page on which that is done is open
    return found
