"""Rows of leave, and the memberships that a deputy borrows meanwhile."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID, uuid5

from django.db.models import Q

from thanglong.core.people import models
from thanglong.core.people.repository import info, membership
from thanglong.core.people.types import Absence, AccountInfo, Kind, Membership


def _absence(row: models.Absence) -> Absence:
    return Absence(row.id, row.account_id, row.first_day, row.last_day, row.deputy_id, row.entered_by, row.cancelled_at)


def add(item: Absence) -> None:
    """Insert one."""
    models.Absence.objects.create(
        id=item.id, account_id=item.account, first_day=item.first_day, last_day=item.last_day, deputy_id=item.deputy,
        entered_by=item.entered_by,
    )  # fmt: skip


def by_id(absence_id: UUID) -> Absence | None:
    """One by id, locked for the transaction."""
    row = models.Absence.objects.select_for_update().filter(pk=absence_id).first()
    return _absence(row) if row else None


def shorten(absence_id: UUID, last_day: date) -> None:
    """Set the last day."""
    models.Absence.objects.filter(pk=absence_id).update(last_day=last_day)


def cancel(absence_id: UUID, at: datetime) -> None:
    """Take one back that has not begun."""
    models.Absence.objects.filter(pk=absence_id).update(cancelled_at=at)


def overlapping(accounts: Iterable[UUID], first: date, last: date) -> list[Absence]:
    """Leave of these accounts on any of these days."""
    rows = models.Absence.objects.filter(
        account_id__in=list(accounts), cancelled_at__isnull=True, first_day__lte=last, last_day__gte=first
    )
    return [_absence(row) for row in rows.order_by("first_day", "id")]


def covered(deputy: UUID, first: date, last: date) -> list[Absence]:
    """Leave during which ``deputy`` stands in for somebody on any of these days."""
    rows = models.Absence.objects.filter(
        deputy_id=deputy, cancelled_at__isnull=True, first_day__lte=last, last_day__gte=first
    )
    return [_absence(row) for row in rows.order_by("first_day", "id")]


def since(day: date, accounts: Iterable[UUID]) -> list[Absence]:
    """Present and coming leave of these accounts, or in which one of them stands in."""
    ids = list(accounts)
    rows = models.Absence.objects.filter(
        Q(account_id__in=ids) | Q(deputy_id__in=ids), cancelled_at__isnull=True, last_day__gte=day
    )
    return [_absence(row) for row in rows.order_by("first_day", "id")]


def derived(item: Absence, own: Membership) -> Membership | None:
    """What ``item.deputy`` holds for one membership of the absent official; None outside of its period."""
    if item.deputy is None or own.kind is Kind.DEPUTY:
        return None
    first = max(item.first_day, own.valid_from)
    last = item.last_day if own.valid_to is None else min(item.last_day, own.valid_to)
    if last < first:
        return None
    return replace(
        own, id=uuid5(item.id, own.id.hex), account=item.deputy, valid_from=first, valid_to=last, kind=Kind.DEPUTY,
        granted_by=item.entered_by, releases=False, standing_in_for=item.account,
    )  # fmt: skip


def borrowed(deputy: UUID) -> list[Membership]:
    """Every membership that somebody holds as a stand-in, past ones too; none of a closed account."""
    rows = list(models.Absence.objects.filter(deputy_id=deputy, cancelled_at__isnull=True, account__is_active=True))
    if not rows:
        return []
    held: dict[UUID, list[Membership]] = {}
    for own in models.Membership.objects.filter(account_id__in={row.account_id for row in rows}):
        held.setdefault(own.account_id, []).append(membership(own))
    made = (derived(_absence(row), own) for row in rows for own in held.get(row.account_id, ()))
    return [item for item in made if item is not None]


def stand_ins(units: Iterable[UUID] | None, day: date, roles_in: Sequence[str]) -> list[tuple[Membership, AccountInfo]]:
    """Memberships held by stand-ins on a day in these units, with the stand-in's account."""
    rows = list(
        models.Absence.objects.filter(
            cancelled_at__isnull=True, first_day__lte=day, last_day__gte=day,
            deputy__is_active=True, account__is_active=True,
        ).select_related("deputy")
    )  # fmt: skip
    if not rows:
        return []
    held = models.Membership.objects.filter(account_id__in={row.account_id for row in rows}, role__in=list(roles_in))
    if units is not None:
        held = held.filter(unit__in=list(units))
    by_account: dict[UUID, list[Membership]] = {}
    for item in held:
        by_account.setdefault(item.account_id, []).append(membership(item))
    found = []
    for row in rows:
        assert row.deputy is not None
        for own in by_account.get(row.account_id, ()):
            made = derived(_absence(row), own)
            if made is not None and made.valid_on(day):
                found.append((made, info(row.deputy)))
    return found


def released(accounts: Iterable[UUID], day: date) -> set[UUID]:
    """Those of the accounts whose regular posts rest on a day, because they are lent full-time."""
    rows = models.Membership.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=day), account_id__in=list(accounts), valid_from__lte=day,
        releases=True,
    )  # fmt: skip
    return set(rows.values_list("account_id", flat=True))
