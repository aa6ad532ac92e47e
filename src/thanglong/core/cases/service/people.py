"""The person behind a case and those who follow it: personal data, kept apart and erased in time."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.crypto import constant_time_compare

from thanglong.core.cases.repository import followers as repository
from thanglong.core.cases.repository import rows
from thanglong.core.cases.service import writing
from thanglong.core.cases.types import Case, Contact
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import NewEntry, ObjectRef
from thanglong.kit import clock
from thanglong.kit.errors import N_, Fault, Invalid, NotFound
from thanglong.kit.ports import ANONYMOUS, SYSTEM, Actor


@dataclass(frozen=True, slots=True)
class Follow:
    """Somebody who follows a case: ``secret`` lets them confirm and leave."""

    id: int
    case_id: UUID
    channel: str
    address: str
    language: str
    secret: str
    confirmed: bool


def is_reporter(actor: Actor, case_id: UUID, secret: str) -> bool:
    """Whether ``secret``, or the signed-in account, is that of the person who opened the case."""
    if not secret and ((actor.kind != "citizen" and actor.kind != "person") or actor.id is None):
        return False
    row = rows.reporter(case_id)
    if row is None:
        return False
    if secret and constant_time_compare(row.secret, secret):
        return True
    return row.account is not None and row.account == actor.id


def case_by_secret(key: UUID | str, secret: str) -> Case:
    """The case of a reporter who holds its secret; NotFound for a wrong one."""
    case, _ = writing.load(key)
    row = rows.reporter(case.id)
    if row is None or not secret or not constant_time_compare(row.secret, secret):
        raise NotFound()
    return case


def cases_of_account(actor: Actor, limit: int = 100) -> list[Case]:
    """The newest cases that a signed-in person opened."""
    return repository.of_account(actor.id, limit) if actor.id else []


def confirm_reporter(actor: Actor, case_id: UUID, contact: Contact) -> None:
    """Note that the reporter's address was confirmed (the code was checked by the caller)."""
    now = clock.now()
    with transaction.atomic():
        case, _ = writing.load(case_id)
        repository.set_contact(case_id, contact, now)
        private = {name: value for name, value in (("email", contact.email), ("phone", contact.phone)) if value}
        ledger.append(
            actor, "case.reporter_confirmed", ObjectRef("case", str(case_id)), unit=case.unit,
            facts={"number": case.number}, private=private, at=now,
        )  # fmt: skip


def follow(
    actor: Actor, case_id: UUID, channel: str, address: str, *, language: str = "vi", confirmed: bool = False
) -> Follow:
    """Follow a case by ``email`` or ``sms``; the same address again returns the first entry."""
    address = address.strip()
    if channel not in ("email", "sms") or not address or len(address) > 254 or (channel == "email") != ("@" in address):
        raise Invalid([Fault("address", N_("Please give an e-mail address or a phone number."))])
    now = clock.now()
    with transaction.atomic():
        case, _ = writing.load(case_id)
        row, fresh = repository.add_follower(
            case_id, channel, address, language, secrets.token_urlsafe(18), actor.id, now, now if confirmed else None
        )
        if fresh:
            ledger.append(
                actor, "case.followed", ObjectRef("case", str(case_id)), unit=case.unit,
                facts={"number": case.number, "channel": channel}, private={"address": address}, at=now,
            )  # fmt: skip
    return _follow(row)


def _follow(row: repository.FollowerRow) -> Follow:
    return Follow(row.id, row.case_id, row.channel, row.address, row.language, row.secret, row.confirmed_at is not None)


def confirm_follower(secret: str) -> Follow:
    """Confirm a follower by the secret that was sent to the address; NotFound for a wrong one."""
    row = repository.follower_by_secret(secret)
    if row is None:
        raise NotFound()
    if row.confirmed_at is None:
        _enter_follow(
            ANONYMOUS, "follow_confirmed", row.case_id, row.channel, lambda: repository.confirm(row.id, clock.now())
        )
    return _follow(repository.follower_by_secret(secret) or row)


def _enter_follow(actor: Actor, verb: str, case_id: UUID, channel: str, change: Callable[[], None]) -> None:
    with transaction.atomic():
        change()
        case, _ = writing.load(case_id)
        facts = {"number": case.number, "channel": channel}
        ledger.append(actor, f"case.{verb}", ObjectRef("case", str(case_id)), unit=case.unit, facts=facts)


def unfollow(secret: str) -> UUID:
    """Stop following and forget the address; the case's id."""
    row = repository.follower_by_secret(secret)
    if row is None:
        raise NotFound()
    _enter_follow(ANONYMOUS, "unfollowed", row.case_id, row.channel, lambda: repository.forget(row.id))
    return row.case_id


def followers(case_id: UUID) -> Sequence[Follow]:
    """The confirmed followers of a case, for messages to them."""
    return [_follow(row) for row in repository.followers(case_id)]


def erase_personal(limit: int = 500) -> int:
    """Erase the personal data of cases closed long enough ago; how many cases."""
    with transaction.atomic():
        ids = repository.erase(clock.now(), limit)
        known = [entry.id for key in ids for entry in ledger.entries(ObjectRef("case", str(key)))]
        if known:
            ledger.forget(known)  # without their salts the commitments say nothing any more
        ledger.append_many([NewEntry(SYSTEM, "case.personal_erased", ObjectRef("case", str(key))) for key in ids])
    return len(ids)
