"""Reporters and followers: personal data."""

from datetime import datetime
from uuid import UUID

from thanglong.core.cases import models
from thanglong.core.cases.repository.rows import to_case
from thanglong.core.cases.types import Case, Contact

FollowerRow = models.Follower


def of_account(account: UUID, limit: int) -> list[Case]:
    """The newest cases an account opened."""
    rows = models.Case.objects.filter(reporter__account=account).order_by("-opened_at")[:limit]
    return [to_case(row) for row in rows]


def set_contact(case_id: UUID, contact: Contact, at: datetime) -> None:
    """Set a reporter's contact as confirmed."""
    models.Reporter.objects.filter(pk=case_id).update(
        name=contact.name, email=contact.email, phone=contact.phone, language=contact.language, confirmed_at=at
    )


def add_follower(
    case_id: UUID,
    channel: str,
    address: str,
    language: str,
    secret: str,
    account: UUID | None,
    at: datetime,
    confirmed_at: datetime | None,
) -> tuple[models.Follower, bool]:
    """The follower's row, and whether it is new."""
    return models.Follower.objects.get_or_create(
        case_id=case_id,
        channel=channel,
        address=address,
        defaults={
            "language": language, "secret": secret, "account": account, "at": at, "confirmed_at": confirmed_at,
        },
    )  # fmt: skip


def follower_by_secret(secret: str) -> models.Follower | None:
    """The follower who holds a secret."""
    return models.Follower.objects.filter(secret=secret).first() if secret else None


def confirm(follower: int, at: datetime) -> None:
    """Note that a follower confirmed."""
    models.Follower.objects.filter(pk=follower, confirmed_at__isnull=True).update(confirmed_at=at)


def forget(follower: int) -> None:
    """Delete a follower."""
    models.Follower.objects.filter(pk=follower).delete()


def followers(case_id: UUID) -> list[models.Follower]:
    """The confirmed followers of a case."""
    return list(models.Follower.objects.filter(case_id=case_id, confirmed_at__isnull=False).order_by("id"))


def count(case_id: UUID) -> int:
    """How many people follow a case."""
    return models.Follower.objects.filter(case_id=case_id, confirmed_at__isnull=False).count()


def keep_until(case_id: UUID, moment: datetime | None) -> None:
    """Set when a case's personal data are to be erased (None: the case is open again)."""
    models.Reporter.objects.filter(pk=case_id).update(erase_after=moment)


def due(now: datetime) -> list[UUID]:
    """Cases whose personal data are due for erasure."""
    return list(models.Reporter.objects.filter(erase_after__lte=now).values_list("pk", flat=True))


def erase(now: datetime, limit: int) -> list[UUID]:
    """Blank the contacts whose time is over, with what was written to and by them, and forget those cases' followers.

    Returns the ids of the cases.
    """
    ids = list(
        models.Reporter.objects.filter(erase_after__lte=now)
        .exclude(case__holds__in=models.Hold.objects.filter(released_at__isnull=True))
        .order_by("erase_after")
        .values_list("pk", flat=True)[:limit]
    )
    models.Follower.objects.filter(case_id__in=ids).delete()
    models.DecisionTaken.objects.filter(case_id__in=ids).update(inputs={})
    models.Finding.objects.filter(of__case_id__in=ids).update(answer="")
    models.Message.objects.filter(event__case_id__in=ids, event__verb__in=["reply", "message"]).delete()
    models.Reporter.objects.filter(pk__in=ids).update(
        name="", email="", phone="", account=None, secret="", confirmed_at=None, erase_after=None
    )
    return ids
