"""Every query of people."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q

from thanglong.core.people import models
from thanglong.core.people.types import (
    BUILTIN,
    AccountInfo,
    Kind,
    Membership,
    NewAccount,
    Role,
    Throttle,
    Token,
)
from thanglong.kit import clock
from thanglong.kit.errors import NotFound

atomic = transaction.atomic
NO_VERSION = UUID(int=0)


def version() -> UUID:
    """The stamp of the present state of rights."""
    return models.Version.objects.filter(pk=1).values_list("stamp", flat=True).first() or NO_VERSION


def bump() -> None:
    """Give the state of rights a new stamp, in the caller's transaction."""
    models.Version.objects.update_or_create(pk=1, defaults={"stamp": uuid4()})


def roles() -> dict[str, Role]:
    """All roles: the built-in ones, overridden and extended by rows."""
    found = {role.key: role for role in BUILTIN}
    for row in models.Role.objects.all():
        found[row.key] = Role(row.key, row.name_vi, row.name_en, frozenset(row.actions), row.rank, row.second_factor)
    return found


def save_role(role: Role) -> None:
    """Write a role."""
    values = {"name_vi": role.name_vi, "name_en": role.name_en, "actions": sorted(role.actions), "rank": role.rank}
    values["second_factor"] = role.second_factor
    models.Role.objects.update_or_create(pk=role.key, defaults=values)


def info(row: models.Account) -> AccountInfo:
    """Row to type."""
    return AccountInfo(
        row.id, row.username, row.display_name, row.email, row.phone, row.is_active, row.language, row.citizen
    )


def account(account_id: UUID) -> AccountInfo:
    """One account; NotFound."""
    return info(row(account_id))


def row(account_id: UUID) -> models.Account:
    """One account's row; NotFound."""
    found = models.Account.objects.filter(pk=account_id).first()
    if found is None:
        raise NotFound()
    return found


def save_account(account: models.Account, *fields: str) -> None:
    """Write some columns of an account."""
    account.save(update_fields=fields)


def open_account(account_id: UUID) -> models.Account | None:
    """An open account's row."""
    return models.Account.objects.filter(pk=account_id, is_active=True).first()


def by_username(username: str) -> models.Account | None:
    """The account of a user name."""
    return models.Account.objects.filter(username=username.strip().lower()).first()


def accounts(ids: Iterable[UUID] | None = None, text: str = "", limit: int = 100) -> list[AccountInfo]:
    """Accounts by id, or by a part of their name."""
    rows = models.Account.objects.order_by("display_name", "id")
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    if text:
        rows = rows.filter(Q(display_name__icontains=text) | Q(username__icontains=text))
    return [info(item) for item in (rows if ids is not None else rows[:limit])]


def any_account() -> bool:
    """Whether there is one."""
    return models.Account.objects.exists()


def membership(item: models.Membership) -> Membership:
    """Row to type."""
    return Membership(
        item.id,
        item.account_id,
        item.role,
        item.unit,
        item.valid_from,
        item.valid_to,
        Kind(item.kind),
        item.granted_by,
        item.releases,
    )


def official(account_id: UUID) -> bool:
    """Whether this is the open account of an official: a citizen's never holds a role."""
    return models.Account.objects.filter(pk=account_id, is_active=True, citizen=False).exists()


def set_active(account_id: UUID, value: bool) -> bool:
    """Open or close an account; whether that changed anything."""
    return bool(models.Account.objects.filter(pk=account_id).exclude(is_active=value).update(is_active=value))


def active(account_id: UUID) -> bool:
    """Whether the account exists and is open."""
    return models.Account.objects.filter(pk=account_id, is_active=True).exists()


def memberships(account_id: UUID) -> tuple[Membership, ...]:
    """All memberships of an account, past and future ones too."""
    rows = models.Membership.objects.filter(account_id=account_id).order_by("valid_from", "id")
    return tuple(membership(item) for item in rows)


def lock_accounts(ids: Iterable[UUID]) -> None:
    """Let changes to these accounts come one after another, in the caller's transaction."""
    list(models.Account.objects.select_for_update().filter(pk__in=sorted(ids)).order_by("pk").values_list("pk"))


def membership_row(membership_id: UUID, *, lock: bool = False) -> models.Membership:
    """One membership's row; NotFound."""
    rows = models.Membership.objects.filter(pk=membership_id)
    found = (rows.select_for_update() if lock else rows).first()
    if found is None:
        raise NotFound()
    return found


def end_membership(row: models.Membership, last_day: date) -> None:
    """Set the last day; a membership that never held is removed."""
    if last_day < row.valid_from:
        row.delete()
    else:
        row.valid_to = last_day
        row.save(update_fields=["valid_to"])


def in_units(
    units: Iterable[UUID] | None, day: date, roles_in: Sequence[str] | None = None
) -> list[tuple[Membership, AccountInfo]]:
    """Memberships valid on ``day`` in these units (None: in all), of active accounts, with their accounts."""
    rows = models.Membership.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=day), valid_from__lte=day, account__is_active=True
    )
    if units is not None:
        rows = rows.filter(unit__in=list(units))
    if roles_in is not None:
        rows = rows.filter(role__in=list(roles_in))
    rows = rows.select_related("account").order_by("account__display_name", "id")
    return [(membership(item), info(item.account)) for item in rows]


def add_accounts(rows: Sequence[NewAccount], at: datetime) -> None:
    """Insert accounts with their memberships."""
    models.Account.objects.bulk_create(
        [
            models.Account(
                id=item.id,
                username=item.username,
                display_name=item.display_name,
                email=item.email,
                phone=item.phone,
                password=item.password or "!",
                language=item.language,
                unit=item.unit,
                citizen=item.citizen,
                created_at=at,
            )
            for item in rows
        ],
        batch_size=1000,
    )
    models.Membership.objects.bulk_create(
        [
            models.Membership(
                id=one.id,
                account_id=one.account,
                role=one.role,
                unit=one.unit,
                valid_from=one.valid_from,
                valid_to=one.valid_to,
                kind=one.kind,
            )
            for item in rows
            for one in item.memberships
        ],
        batch_size=1000,
    )


def add_membership(item: Membership) -> None:
    """Insert one membership."""
    models.Membership.objects.create(
        id=item.id,
        account_id=item.account,
        role=item.role,
        unit=item.unit,
        valid_from=item.valid_from,
        valid_to=item.valid_to,
        kind=item.kind,
        granted_by=item.granted_by,
        releases=item.releases,
    )


def token(item: models.Token) -> Token:
    """Row to type."""
    return Token(
        item.id,
        item.account_id,
        item.name,
        frozenset(item.scopes),
        item.unit,
        item.created_at,
        item.expires_at,
        item.last_used_at,
        item.revoked_at,
        frozenset(item.types),
        item.client_id,
    )


def add_token(item: Token, digest: str) -> None:
    """Insert an access key."""
    models.Token.objects.create(
        id=item.id,
        account_id=item.account,
        name=item.name,
        digest=digest,
        scopes=sorted(item.scopes),
        unit=item.unit,
        created_at=item.created_at,
        expires_at=item.expires_at,
        types=sorted(item.types),
        client_id=item.client,
    )


def token_by_digest(digest: str) -> Token | None:
    """The key with this digest."""
    found = models.Token.objects.filter(digest=digest).first()
    return token(found) if found else None


def token_by_id(token_id: UUID) -> Token | None:
    """The key with this id."""
    found = models.Token.objects.filter(pk=token_id).first()
    return token(found) if found else None


def tokens_of(account_id: UUID) -> list[Token]:
    """An account's keys that are not withdrawn, newest first."""
    rows = models.Token.objects.filter(account_id=account_id, client__isnull=True, revoked_at__isnull=True).order_by(
        "-created_at"
    )
    return [token(item) for item in rows]


def touch_token(token_id: UUID, at: datetime) -> None:
    """Remember that a key was used."""
    models.Token.objects.filter(pk=token_id).update(last_used_at=at)


def revoke_token(token_id: UUID, at: datetime) -> bool:
    """Withdraw a key; whether it was alive."""
    return bool(models.Token.objects.filter(pk=token_id, revoked_at__isnull=True).update(revoked_at=at))


def throttle(key: str, *, lock: bool = False) -> Throttle:
    """What is remembered under a key."""
    rows = models.Throttle.objects.filter(pk=key)
    found = (rows.select_for_update() if lock else rows).first()
    return Throttle(found.failures, found.last, found.locks, found.until) if found else Throttle()


def save_throttle(key: str, state: Throttle) -> None:
    """Remember failures under a key."""
    values = {"failures": state.failures, "last": state.last, "locks": state.locks, "until": state.until}
    models.Throttle.objects.update_or_create(pk=key, defaults=values)


def clear_throttle(keys: Sequence[str]) -> None:
    """Forget failures."""
    models.Throttle.objects.filter(pk__in=list(keys)).delete()


def prune_throttles(before: datetime) -> int:
    """Forget what failed last before a moment; how many."""
    return models.Throttle.objects.filter(Q(until__isnull=True) | Q(until__lt=clock.now()), last__lt=before).delete()[0]
