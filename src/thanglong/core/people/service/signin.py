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
from thanglong.core.people.types import SignInFailed
from thanglong.kit import clock
from thanglong.kit.ports import ANONYMOUS, SYSTEM, Actor

_KEPT = timedelta(days=2)


def authenticate(username: str, password: str, address: str, *, known_device: bool = False) -> Actor:
    """The actor behind a name and password; SignInFailed, with one message for every cause.

    Failures are counted for the pair of name and address and, more slowly, for the name alone; never for an address,
    behind which a whole office may sit. ``known_device`` (the browser has signed in to this account before) passes the
    lock of the name, so that a botnet cannot shut out the owner.
    """
    name = username.strip().lower()[:80]
    pair, alone = rules.throttle_key("pair", name, address), rules.throttle_key("account", name)
    now = clock.now()
    barred = rules.locked(repository.throttle(pair), now)
    barred = barred or (not known_device and rules.locked(repository.throttle(alone), now))
    row = repository.by_username(name)
    # the password is hashed in every case, so that time tells nothing
    right = check_password(password, row.password if row else _nobody())
    if not barred and row is not None and right and row.is_active:
        repository.clear_throttle([pair])
        return actor(row.id)
    if not barred:
        _count(row, pair, alone)
    raise SignInFailed()


_hash_of_nobody = ""


def _nobody() -> str:
    global _hash_of_nobody
    _hash_of_nobody = _hash_of_nobody or make_password("nobody")
    return _hash_of_nobody


def _count(row: models.Account | None, pair: str, alone: str) -> None:
    now = clock.now()
    with repository.atomic():
        for key, allowed, pause in (
            (pair, rules.PAIR_FAILURES, rules.PAIR_LOCK),
            (alone, rules.ACCOUNT_FAILURES, rules.ACCOUNT_LOCK),
        ):
            before = repository.throttle(key, lock=True)
            after = rules.failed(before, now, allowed, pause)
            repository.save_throttle(key, after)
            if row is not None and after.locks > before.locks:
                facts = (
                    {"whole_account": key == alone, "minutes": round((after.until - now).total_seconds() / 60)}
                    if (after.until)
                    else {}
                )
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
    return actor_for(row)
