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
    unit = models.UUIDField(null=True)
    """The unit for which it was made: who may look after it while it holds no role."""
    citizen = models.BooleanField(default=False)
    """A citizen's account, made at the first sign-in through a provider that may: it never holds a role."""

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
    second_factor = models.BooleanField(default=False)


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
    releases = models.BooleanField(default=False)
    """A full-time secondment: the regular posts rest while it holds."""

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
    client = models.ForeignKey("Client", null=True, on_delete=models.PROTECT, related_name="tokens")
    types = models.JSONField(default=list)
    """Types of things it is bound to; empty: all."""


class Absence(models.Model):
    """Leave of an official for a period, both days included, and who stands in for them meanwhile."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="absences")
    first_day = models.DateField()
    last_day = models.DateField()
    deputy = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="stands_in")
    entered_by = models.UUIDField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["last_day", "first_day"], name="people_absence_days")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")), name="people_absence_period"
            )
        ]


class Factor(models.Model):
    """A second factor of an account: ``totp`` (encrypted), ``recovery`` (digests) or ``passkey`` (public key)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="factors")
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=80, blank=True, default="")
    data = models.JSONField()
    handle = models.CharField(max_length=1400, null=True, unique=True)
    """A passkey's credential id in base64url."""
    step = models.BigIntegerField(default=0)
    """The last time step (totp) or signature counter (passkey) that was used: none is used twice."""
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Session(models.Model):
    """A signed-in browser: what its owner is shown of it. The address is shortened, the device is a few words."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="sessions")
    key = models.CharField(max_length=40, unique=True)
    device = models.CharField(max_length=80)
    address = models.CharField(max_length=60)
    method = models.CharField(max_length=20)
    begun_at = models.DateTimeField()
    seen_at = models.DateTimeField()


class Link(models.Model):
    """A one-time link to set the first password; only the digest of its text is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Reading(models.Model):
    """That somebody read personal data: in which capacity and why. ``subject`` is ``case:ID`` or ``account:ID``."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject = models.CharField(max_length=60)
    what = models.CharField(max_length=20)
    reader = models.UUIDField()
    role = models.CharField(max_length=40, blank=True, default="")
    unit = models.UUIDField(null=True)
    purpose = models.CharField(max_length=20)
    note = models.CharField(max_length=300, blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["subject", "-at"], name="people_reading_subject"),
            models.Index(fields=["at"], name="people_reading_at"),
        ]


class Client(models.Model):
    """Another system that signs people in here (authorization code) or acts as a machine (client credentials).

    A machine's rights are those of ``account``, cut down to scopes, a unit and types of things.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=80)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="clients")
    digest = models.CharField(max_length=64, blank=True, default="")
    """Digest of its secret; empty: a public client, which can keep none."""
    redirects = models.JSONField(default=list)
    scopes = models.JSONField(default=list)
    unit = models.UUIDField(null=True)
    types = models.JSONField(default=list)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)


class Code(models.Model):
    """An authorization code: a minute long, used once, bound to a client, an address and a PKCE challenge."""

    digest = models.CharField(max_length=64, primary_key=True)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="codes")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="codes")
    redirect = models.CharField(max_length=500)
    challenge = models.CharField(max_length=128)
    nonce = models.CharField(max_length=200, blank=True, default="")
    scopes = models.JSONField(default=list)
    signed_in_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    token = models.UUIDField(null=True)
    """The access token it became: withdrawn when the code comes a second time."""


class Identity(models.Model):
    """Who an account is at an outside identity provider."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="identities")
    issuer = models.CharField(max_length=200)
    subject = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="people_identity_once")]


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
