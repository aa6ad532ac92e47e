"""One-time links by which somebody new, or somebody who forgot it, chooses a password."""

import secrets
from datetime import timedelta
from uuid import UUID

from thanglong.core.ledger import service as ledger
from thanglong.core.people import repository, rules
from thanglong.core.people.repository import clients as rows
from thanglong.core.people.repository import sessions
from thanglong.core.people.service.accounts import password_faults, ref, require_over
from thanglong.core.people.types import AccountInfo
from thanglong.kit import clock
from thanglong.kit.errors import Conflict, Invalid, NotFound
from thanglong.kit.ids import new_id
from thanglong.kit.ports import Actor

COUNTS_FOR = timedelta(days=7)


def make_link(actor: Actor, account_id: UUID) -> str:
    """The path of a one-time link for somebody one looks after; it counts for a week, and the last one made counts."""
    require_over(actor, account_id)
    secret = secrets.token_urlsafe(24)
    with repository.atomic():
        rows.add_link(new_id(), account_id, rules.secret_digest(secret), clock.now() + COUNTS_FOR)
        ledger.append(actor, "account.link_made", ref(account_id))
    return f"/setup/{secret}/"


def account_of_link(secret: str) -> AccountInfo:
    """Whose link this is; NotFound when it was used or is over."""
    account = rows.link(rules.secret_digest(secret), clock.now())
    if account is None:
        raise NotFound()
    return repository.account(account)


def use_link(secret: str, password: str) -> AccountInfo:
    """Choose a password with a link, which is used up; all sessions of the account end. NotFound, Invalid."""
    account = account_of_link(secret)
    row = repository.row(account.id)
    if faults := password_faults(password, row):
        raise Invalid(faults)
    with repository.atomic():
        if not rows.use_link(rules.secret_digest(secret), clock.now()):
            raise Conflict()
        row.set_password(password)
        repository.save_account(row, "password")
        sessions.end_all(account.id)
        ledger.append(Actor("person", account.id, account.display_name), "account.password_changed", ref(account.id))
    return account
