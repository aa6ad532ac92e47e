"""What a reform of units asks of the tables of people."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import Q

from thanglong.core.people import models
from thanglong.core.people.repository import membership, token
from thanglong.core.people.types import Membership, Token


def lasting_in(units: Iterable[UUID], day: date) -> list[Membership]:
    """Memberships in these units that hold on ``day`` or later, of open and closed accounts, in a fixed order."""
    rows = models.Membership.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=day), unit__in=list(units)
    ).order_by("unit", "valid_from", "id")
    return [membership(item) for item in rows]


def memberships_by_id(ids: Iterable[UUID]) -> dict[UUID, Membership]:
    """Memberships by id; missing ones are left out."""
    return {item.id: membership(item) for item in models.Membership.objects.filter(pk__in=list(ids))}


def remove_membership(membership_id: UUID) -> None:
    """Remove a membership that has never held."""
    models.Membership.objects.filter(pk=membership_id).delete()


def reopen_membership(membership_id: UUID, last_day: date | None) -> None:
    """Give a membership that was ended too early its last day back."""
    models.Membership.objects.filter(pk=membership_id).update(valid_to=last_day)


def tokens_in(units: Iterable[UUID]) -> list[Token]:
    """Living access keys that are limited to one of these units."""
    rows = models.Token.objects.filter(revoked_at__isnull=True, unit__in=list(units)).order_by("id")
    return [token(item) for item in rows]


def move_token(token_id: UUID, unit: UUID) -> None:
    """Limit an access key to another unit."""
    models.Token.objects.filter(pk=token_id).update(unit=unit)
