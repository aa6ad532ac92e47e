"""Accounts, and who an account is when it acts."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import NewEntry, ObjectRef
from thanglong.core.people import models, repository, rules
from thanglong.core.people.repository import sessions
from thanglong.core.people.service.access import access, root
from thanglong.core.people.types import CITY, AccountInfo, NewAccount, Role
from thanglong.core.places import service as places
from thanglong.kit import clock
from thanglong.kit.errors import N_, Conflict, Denied, Fault, Invalid, NotFound
from thanglong.kit.ids import new_id
from thanglong.kit.ports import SYSTEM, Actor


def actor(account_id: UUID) -> Actor:
    """The actor of an account in its first capacity of today."""
    return actor_for(repository.row(account_id))


def actor_for(row: models.Account) -> Actor:
    """The same for a row at hand (middleware, sign-in)."""
    known = access.snapshot()
    first = rules.primary(known.of(row.id), known.roles, clock.today())
    if row.citizen:
        return Actor("citizen", row.id, row.display_name)
    return Actor(
        "person", row.id, row.display_name, unit=first.unit if first else None, role=first.role if first else ""
    )


def account(account_id: UUID) -> AccountInfo:
    """One account; NotFound."""
    return repository.account(account_id)


def accounts(ids: Iterable[UUID]) -> dict[UUID, AccountInfo]:
    """Accounts by id, for showing names; unknown ids are left out."""
    return {item.id: item for item in repository.accounts(ids)}


def has_accounts() -> bool:
    """Whether anybody could sign in at all."""
    return repository.any_account()


def ref(account_id: UUID) -> ObjectRef:
    """How the ledger calls an account."""
    return ObjectRef("account", str(account_id))


def require_over(actor: Actor, account_id: UUID) -> None:
    """Return when ``actor`` looks after this account: they hold ``people.manage``, and every right of the person.

    For every membership that holds today or later, one membership of the actor must lie above its unit, with
    ``people.manage`` and every action of its role. Nobody is above themselves. A person without a role belongs to the
    unit for which the account was made, else to the city. Denied, or NotFound for an account out of reach.
    """
    access.require(actor, "people.manage")
    row = repository.row(account_id)
    if actor.kind == "system":
        return
    known, today = access.snapshot(), clock.today()
    held = [item for item in repository.memberships(account_id) if item.valid_to is None or item.valid_to >= today]
    wanted = [(item.unit, known.roles[item.role].actions) for item in held if item.role in known.roles]
    wanted = wanted or [(row.unit or root(), frozenset())]
    own = [] if actor.kind != "person" or actor.id in (None, account_id) else known.of(actor.id)
    for unit, actions in wanted:
        needed = Role("", "", "", actions | {"people.manage"})
        mine = rules.within(own, known.roles, needed, (today, today), needs="people.manage")
        if not any(above in (CITY, root()) or unit in places.subtree(above) for above in mine):
            raise Denied() if access.allowed(actor, "people.view", unit) else NotFound()


def create_account(
    actor: Actor,
    username: str,
    display_name: str,
    password: str = "",
    *,
    email: str = "",
    phone: str = "",
    language: str = "vi",
    unit: UUID | None = None,
) -> AccountInfo:
    """Make an account for ``unit``. Needs ``people.manage`` there; Invalid, or Conflict: the name is taken.

    Without a unit it belongs to the city, or to the asker's own unit where they look after no more than that.
    An empty password makes an account nobody can sign in to until one is set.
    """
    if unit is None and not access.allowed(actor, "people.manage", root()):
        unit = actor.unit
    access.require(actor, "people.manage", unit or root())
    name = username.strip().lower()
    _check_new(name, display_name, password)
    with repository.atomic():
        if repository.by_username(name):
            raise Conflict(N_("This user name is taken. Choose another."))
        encoded = make_password(password) if password else ""
        made = NewAccount(new_id(), name, display_name.strip(), email.strip(), phone.strip(), encoded, language, unit)
        repository.add_accounts([made], clock.now())
        ledger.append(
            actor,
            "account.created",
            ref(made.id),
            unit=unit,
            private={"username": name, "display_name": made.display_name},
        )
    return repository.account(made.id)


def _check_new(name: str, display_name: str, password: str) -> None:
    faults = []
    if (
        not name
        or len(name) > 80
        or not all(part.isalnum() for part in name.replace(".", "-").replace("_", "-").split("-"))
    ):
        faults.append(Fault("username", N_("Use letters, digits, dots and hyphens only.")))
    if not display_name.strip():
        faults.append(Fault("display_name", N_("Enter the person's name.")))
    if password:
        faults += password_faults(password, models.Account(username=name, display_name=display_name))
    if faults:
        raise Invalid(faults)


def password_faults(password: str, row: models.Account) -> list[Fault]:
    """What speaks against a password; the texts come translated from Django."""
    try:
        validate_password(password, row)
    except ValidationError as error:
        return [Fault("password", text.replace("%", "%%")) for text in error.messages]
    return []


def set_password(actor: Actor, account_id: UUID, password: str, *, current: str | None = None, keep: str = "") -> None:
    """Change a password: one's own with the current one, or that of somebody below oneself.

    Ends all sessions but ``keep``.
    """
    row = repository.row(account_id)
    if actor.id == account_id and actor.kind == "person":
        if current is None or not row.check_password(current):
            raise Invalid([Fault("current", N_("This is not your current password."))])
    else:
        require_over(actor, account_id)
    if faults := password_faults(password, row):
        raise Invalid(faults)
    with repository.atomic():
        row.set_password(password)
        repository.save_account(row, "password")
        sessions.end_all(account_id, keep)
        ledger.append(actor, "account.password_changed", ref(account_id))


def set_language(actor: Actor, language: str) -> None:
    """Choose one's own language, ``vi`` or ``en``."""
    if actor.kind != "person" or actor.id is None or language not in ("vi", "en"):
        raise Invalid(N_("Choose one of the languages offered."))
    with repository.atomic():
        row = repository.row(actor.id)
        before, row.language = row.language, language
        repository.save_account(row, "language")
        ledger.append(
            actor, "account.changed", ref(actor.id), before={"language": before}, after={"language": language}
        )


def set_active(actor: Actor, account_id: UUID, active: bool) -> None:
    """Close or reopen the account of somebody below oneself (``people.manage``). Bites on the next request."""
    require_over(actor, account_id)
    with repository.atomic():
        row = repository.row(account_id)
        if row.is_active == active:
            return
        row.is_active = active
        repository.save_account(row, "is_active")
        if not active:
            sessions.end_all(account_id)
        repository.bump()
        verb = "account.reopened" if active else "account.closed"
        ledger.append(actor, verb, ref(account_id), before={"active": not active}, after={"active": active})
    access.renew()


def bulk_load(rows: Sequence[NewAccount]) -> None:
    """Load accounts with their memberships, with ledger entries: imports and the demo city. No permission is asked."""
    now = clock.now()
    with repository.atomic():
        repository.add_accounts(rows, now)
        entries: list[NewEntry] = []
        for item in rows:
            private = {"username": item.username, "display_name": item.display_name}
            entries.append(NewEntry(SYSTEM, "account.created", ref(item.id), private=private))
            entries += [
                NewEntry(
                    SYSTEM,
                    "membership.granted",
                    ref(item.id),
                    unit=one.unit,
                    facts={"role": one.role, "from": one.valid_from.isoformat(), "kind": str(one.kind)},
                )
                for one in item.memberships
            ]
        ledger.append_many(entries)
        repository.bump()
    access.renew()
