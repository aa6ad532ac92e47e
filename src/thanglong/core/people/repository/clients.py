"""Rows of other systems: clients, authorization codes, outside identities; one-time links."""

from datetime import datetime
from uuid import UUID

from thanglong.core.people import models
from thanglong.core.people.types import Client, Grant


def client(row: models.Client) -> Client:
    """Row to type."""
    return Client(
        row.id, row.name, row.account_id, not row.digest, tuple(row.redirects), frozenset(row.scopes), row.unit,
        frozenset(row.types), row.created_at, row.revoked_at,
    )  # fmt: skip


def add(item: Client, digest: str) -> None:
    """Insert one; the digest of its secret, or nothing."""
    models.Client.objects.create(
        id=item.id, name=item.name, account_id=item.account, digest=digest, redirects=list(item.redirects),
        scopes=sorted(item.scopes), unit=item.unit, types=sorted(item.types), created_at=item.created_at,
    )  # fmt: skip


def living() -> list[Client]:
    """All that are not withdrawn, by name."""
    return [client(row) for row in models.Client.objects.filter(revoked_at__isnull=True).order_by("name", "id")]


def by_id(client_id: UUID) -> tuple[Client, str] | None:
    """One that is not withdrawn, of an open account, and the digest of its secret."""
    row = models.Client.objects.filter(pk=client_id, revoked_at__isnull=True, account__is_active=True).first()
    return (client(row), row.digest) if row else None


def revoke(client_id: UUID, at: datetime) -> bool:
    """Withdraw one with all its access tokens; whether it was alive."""
    if not models.Client.objects.filter(pk=client_id, revoked_at__isnull=True).update(revoked_at=at):
        return False
    _withdraw_tokens(client_id, at)
    return True


def change(item: Client, at: datetime) -> None:
    """Write what an administrator may change; the tokens it was given before are withdrawn."""
    models.Client.objects.filter(pk=item.id).update(
        name=item.name, redirects=list(item.redirects), scopes=sorted(item.scopes), unit=item.unit,
        types=sorted(item.types),
    )  # fmt: skip
    _withdraw_tokens(item.id, at)


def new_secret(client_id: UUID, digest: str, at: datetime) -> None:
    """Another secret; what was given on the old one is withdrawn."""
    models.Client.objects.filter(pk=client_id).update(digest=digest)
    _withdraw_tokens(client_id, at)


def _withdraw_tokens(client_id: UUID, at: datetime) -> None:
    models.Token.objects.filter(client_id=client_id, revoked_at__isnull=True).update(revoked_at=at)


def tokens_since(client_id: UUID, since: datetime) -> int:
    """How many access tokens a client was given since."""
    return models.Token.objects.filter(client_id=client_id, created_at__gte=since).count()


def add_code(digest: str, item: Grant) -> None:
    """Insert an authorization code."""
    models.Code.objects.create(
        digest=digest, client_id=item.client, account_id=item.account, redirect=item.redirect,
        challenge=item.challenge, nonce=item.nonce, scopes=sorted(item.scopes), signed_in_at=item.signed_in_at,
        expires_at=item.expires_at,
    )  # fmt: skip


def code(digest: str) -> tuple[Grant, datetime | None, UUID | None] | None:
    """A code, when it was used and the token it became; locked for the transaction."""
    row = models.Code.objects.select_for_update().filter(pk=digest).first()
    if row is None:
        return None
    found = Grant(
        row.client_id, row.account_id, row.redirect, row.challenge, row.nonce, frozenset(row.scopes),
        row.signed_in_at, row.expires_at,
    )  # fmt: skip
    return found, row.used_at, row.token


def use_code(digest: str, token: UUID | None, at: datetime) -> None:
    """Use a code up, for a token or for nothing."""
    models.Code.objects.filter(pk=digest).update(used_at=at, token=token)


def prune(before: datetime) -> int:
    """Forget codes and links over since, and access tokens of clients; how many."""
    count = models.Code.objects.filter(expires_at__lt=before).delete()[0]
    count += models.Link.objects.filter(expires_at__lt=before).delete()[0]
    return count + models.Token.objects.filter(client__isnull=False, expires_at__lt=before).delete()[0]


def account_of(issuer: str, subject: str) -> UUID | None:
    """The open account of an outside identity."""
    rows = models.Identity.objects.filter(issuer=issuer, subject=subject, account__is_active=True)
    return rows.values_list("account_id", flat=True).first()


def known_identity(issuer: str, subject: str) -> bool:
    """Whether an outside identity belongs to somebody, even to a closed account."""
    return models.Identity.objects.filter(issuer=issuer, subject=subject).exists()


def add_identity(identity: UUID, account: UUID, issuer: str, subject: str, at: datetime) -> None:
    """Insert an outside identity."""
    models.Identity.objects.create(id=identity, account_id=account, issuer=issuer, subject=subject, created_at=at)


def add_link(link: UUID, account: UUID, digest: str, until: datetime) -> None:
    """Insert a one-time link; older ones of the account no longer count."""
    models.Link.objects.filter(account_id=account, used_at__isnull=True).delete()
    models.Link.objects.create(id=link, account_id=account, digest=digest, expires_at=until)


def link(digest: str, now: datetime) -> UUID | None:
    """The open account of a link that still counts."""
    rows = models.Link.objects.filter(digest=digest, used_at__isnull=True, expires_at__gt=now, account__is_active=True)
    return rows.values_list("account_id", flat=True).first()


def use_link(digest: str, now: datetime) -> bool:
    """Use a link up; False when it was used already."""
    return bool(models.Link.objects.filter(digest=digest, used_at__isnull=True, expires_at__gt=now).update(used_at=now))
