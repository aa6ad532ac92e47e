"""Tables of people."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from thanglong.kit.ids import new_id


class AccountManager(BaseUserManager["Account"]):
    def get_by_natural_key(self, username: str | None) -> "Account":
        """The account of a user name, whatever its case."""
        return self.get(username=(username or "").lower())


class Account(AbstractBaseUser):
    """An official's account. Rights come from memberships only; there is no superuser."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(max_length=80, unique=True)
    display_name = models.CharField(max_length=120)
    email = models.CharField(max_length=254, blank=True, default="")
    phone = models.CharField(max_length=20, blank=True, default="")
    is_active = models.BooleanField(default=True)
    language = models.CharField(max_length=5, default="vi")
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = AccountManager()

    def __str__(self) -> str:
        return self.display_name or self.username


class Role(models.Model):
    """A role that overrides or adds to the built-in ones."""

    key = models.CharField(max_length=40, primary_key=True)
    name_vi = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)
    actions = models.JSONField()
    rank = models.IntegerField(default=0)


class Membership(models.Model):
    """A person's role in a unit for a period; both days are included. Rows are ended, never removed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=40)
    unit = models.UUIDField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    kind = models.CharField(max_length=12, default="post")
    granted_by = models.UUIDField(null=True)

    class Meta:
        indexes = [models.Index(fields=["unit", "valid_to"], name="people_membership_unit")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=models.F("valid_from")),
                name="people_membership_period",
            )
        ]


class Token(models.Model):
    """An access key: only the SHA-256 of its text is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField()
    unit = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class Throttle(models.Model):
    """Failed sign-ins under one key: the digest of (user, address), or of the user alone. No address is in clear."""

    key = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    last = models.DateTimeField()
    locks = models.PositiveIntegerField(default=0)
    until = models.DateTimeField(null=True)


class Version(models.Model):
    """One row whose stamp changes with every change of rights: how each process knows that its memory is stale."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    stamp = models.UUIDField()
