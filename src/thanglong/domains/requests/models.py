"""Tables of the reports: what the map, the list and the search for duplicates read, photos, and confirmation codes.

The case itself, its story and the persons behind it are kept by ``core.cases``; a row here is brought up to date by
``service.sync`` after every change of its case.
"""

from django.db import models
from django.db.models import Q


class Report(models.Model):
    """One report as the public sees it. ``text``, ``address`` and the place are already masked or made coarse."""

    case = models.UUIDField(primary_key=True)
    number = models.CharField(max_length=30, unique=True)
    category = models.CharField(max_length=30)
    family = models.CharField(max_length=20)
    state = models.CharField(max_length=40)
    unit = models.UUIDField()
    subject = models.CharField(max_length=300)
    text = models.TextField()
    address = models.CharField(max_length=300, default="")
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    coarse = models.BooleanField(default=False)
    urgent = models.BooleanField(default=False)
    thing = models.CharField(max_length=200, default="")
    rule = models.CharField(max_length=60, default="")
    channel = models.CharField(max_length=20, default="web")
    search = models.TextField(default="")
    note = models.TextField(default="")
    opened_at = models.DateTimeField()
    first_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    promised_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    followers = models.PositiveIntegerField(default=0)
    transfers = models.PositiveSmallIntegerField(default=0)
    reopened = models.PositiveSmallIntegerField(default=0)
    satisfaction = models.PositiveSmallIntegerField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["category", "lat", "lon"], name="report_near"),
            models.Index(fields=["-opened_at", "-number"], name="report_newest"),
            models.Index(fields=["state", "-opened_at"], name="report_state"),
            models.Index(fields=["unit", "-opened_at"], name="report_unit"),
            models.Index(fields=["updated_at"], name="report_updated"),
            models.Index(fields=["urgent", "due_at"], condition=Q(resolved_at__isnull=True), name="report_urgent_open"),
        ]


class Place(models.Model):
    """Where a report really lies when the public sees only its square: for routing and duplicates, never published."""

    report = models.OneToOneField(Report, models.CASCADE, primary_key=True, related_name="exact")
    lon = models.FloatField()
    lat = models.FloatField()


class Photo(models.Model):
    """A photo's published copy. ``id`` is the document of ``core.cases``; ``case`` is empty until it is sent."""

    id = models.UUIDField(primary_key=True)
    case = models.UUIDField(null=True)
    kind = models.CharField(max_length=10, default="before")
    view = models.CharField(max_length=64)
    thumb = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    hash = models.CharField(max_length=16)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    taken_at = models.DateTimeField(null=True)
    at = models.DateTimeField()
    hidden = models.BooleanField(default=False)
    blurred = models.BooleanField(default=False)
    why = models.CharField(max_length=60, default="")

    class Meta:
        indexes = [
            models.Index(fields=["case", "at"], name="report_photo_of"),
            models.Index(fields=["hidden", "hash"], name="report_photo_hash"),
        ]


class Code(models.Model):
    """A six-digit code on its way to an e-mail address or a phone: only its keyed digest is kept, ten minutes long."""

    id = models.UUIDField(primary_key=True)
    case = models.UUIDField()
    purpose = models.CharField(max_length=10)
    channel = models.CharField(max_length=10)
    address = models.CharField(max_length=254)
    language = models.CharField(max_length=5, default="vi")
    follower = models.CharField(max_length=64, default="")
    digest = models.CharField(max_length=64)
    client = models.CharField(max_length=64, default="")
    at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["address", "at"], name="report_code_address"),
            models.Index(fields=["client", "at"], name="report_code_client"),
        ]


class Sending(models.Model):
    """One report counted for its sender's connection: a keyed digest of the address, kept for a day."""

    mark = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["mark", "at"], name="report_sending_mark")]
