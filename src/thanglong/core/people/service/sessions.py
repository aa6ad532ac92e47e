"""Signed-in browsers: seeing and ending them."""

from datetime import timedelta
from uuid import UUID

from thanglong.core.ledger import service as ledger
from thanglong.core.people import repository, rules
from thanglong.core.people.repository import sessions as rows
from thanglong.core.people.service.accounts import ref, require_over
from thanglong.core.people.service.factors import own_id
from thanglong.core.people.types import Browser
from thanglong.kit import clock
from thanglong.kit.errors import Denied, NotFound
from thanglong.kit.ports import Actor

EVERY = timedelta(minutes=5)
KEPT = timedelta(days=30)


def begin_session(account: UUID, key: str, agent: str, address: str, method: str) -> None:
    """Remember a sign-in: the device in a few words, the address shortened to its network."""
    rows.begin(account, key, rules.device(agent), rules.shortened(address), method, clock.now())


def touch_session(account: UUID, key: str, agent: str, address: str) -> None:
    """Note that a signed-in browser is in use; one that is not known yet is entered."""
    if not rows.seen(key, rules.shortened(address), clock.now()):
        begin_session(account, key, agent, address, "")


def moved_session(old: str, new: str) -> None:
    """The browser's session got another key."""
    rows.moved(old, new)


def forget_session(key: str) -> None:
    """Its owner signs out of this browser."""
    rows.end(key)


def sessions(actor: Actor, account: UUID | None = None, *, here: str = "") -> list[Browser]:
    """One's own signed-in browsers, or those of somebody one looks after; the last used first."""
    if account is None or account == actor.id:
        return rows.of(own_id(actor), here)
    require_over(actor, account)
    return rows.of(account)


def end_session(actor: Actor, session_id: UUID) -> None:
    """End one of one's own, or of somebody one looks after; NotFound otherwise. Bites on the next request."""
    found = rows.by_id(session_id)
    if found is None:
        raise NotFound()
    browser, key = found
    if browser.account != own_id(actor):
        try:
            require_over(actor, browser.account)
        except Denied:
            raise NotFound() from None
    with repository.atomic():
        rows.end(key)
        ledger.append(actor, "session.ended", ref(browser.account), facts={"count": 1})


def end_sessions(actor: Actor, account: UUID | None = None, *, keep: str = "") -> int:
    """End all of one's own but ``keep``, or all of somebody one looks after; how many."""
    mine = own_id(actor)
    if account is not None and account != mine:
        require_over(actor, account)
        keep = ""
    with repository.atomic():
        count = rows.end_all(account or mine, keep)
        if count:
            ledger.append(actor, "session.ended", ref(account or mine), facts={"count": count})
    return count


def forget_old_sessions() -> int:
    """Drop what is remembered of browsers not seen for a month; how many."""
    return rows.prune(clock.now() - KEPT)
