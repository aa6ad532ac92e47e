from django.db import models
from django.db.models import Q


class Job(models.Model):
    """One piece of work. A row that is gone is done: it is deleted in the transaction that did the work."""

    task = models.CharField(max_length=100)
    arguments = models.JSONField()
    key = models.CharField(max_length=200, null=True)
    run_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(default="")
    failed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "key"], condition=Q(key__isnull=False), name="job_once_per_key"),
        ]
        indexes = [models.Index(fields=["failed", "run_at", "id"], name="job_next")]
