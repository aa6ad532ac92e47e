"""Rows of signed-in browsers, and Django's own session rows behind them."""

from datetime import datetime
from uuid import UUID

from django.contrib.sessions.models import Session as Stored

from thanglong.core.people import models
from thanglong.core.people.types import Browser


def _browser(row: models.Session, here: str = "") -> Browser:
    return Browser(
        row.id, row.account_id, row.device, row.address, row.method, row.begun_at, row.seen_at, row.key == here
    )


def begin(account: UUID, key: str, device: str, address: str, method: str, at: datetime) -> None:
    """Remember a sign-in."""
    values = {
        "account_id": account, "device": device, "address": address, "method": method, "begun_at": at, "seen_at": at,
    }  # fmt: skip
    models.Session.objects.update_or_create(key=key, defaults=values)


def seen(key: str, address: str, at: datetime) -> bool:
    """Note that a browser is in use; False when it is not known."""
    return bool(models.Session.objects.filter(key=key).update(seen_at=at, address=address))


def moved(old: str, new: str) -> None:
    """The browser's session has another key from now on."""
    models.Session.objects.filter(key=old).update(key=new)


def of(account: UUID, here: str = "") -> list[Browser]:
    """The signed-in browsers of an account, the last used first; those that ran out are left out."""
    rows = list(models.Session.objects.filter(account_id=account).order_by("-seen_at"))
    alive = set(Stored.objects.filter(session_key__in=[row.key for row in rows]).values_list("session_key", flat=True))
    return [_browser(row, here) for row in rows if row.key in alive]


def by_id(session_id: UUID) -> tuple[Browser, str] | None:
    """One, with its key."""
    row = models.Session.objects.filter(pk=session_id).first()
    return (_browser(row), row.key) if row else None


def end(key: str) -> None:
    """End one: its cookie opens nothing any more."""
    Stored.objects.filter(session_key=key).delete()
    models.Session.objects.filter(key=key).delete()


def end_all(account: UUID, keep: str = "") -> int:
    """End all of an account but ``keep``; how many."""
    keys = list(models.Session.objects.filter(account_id=account).exclude(key=keep).values_list("key", flat=True))
    Stored.objects.filter(session_key__in=keys).delete()
    return models.Session.objects.filter(key__in=keys).delete()[0]


def prune(before: datetime) -> int:
    """Forget browsers not seen since; how many."""
    return models.Session.objects.filter(seen_at__lt=before).delete()[0]
