from django.db import models
from django.db.models import Q


class MeasureValue(models.Model):
    """A figure by unit and period, with what it was computed from as a digest."""

    measure = models.CharField(max_length=80)
    unit = models.UUIDField()
    period = models.DateField()
    value = models.FloatField(null=True)
    numerator = models.FloatField(null=True)
    denominator = models.FloatField(null=True)
    n = models.PositiveIntegerField(default=0)
    computed_at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    ledger_entry = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["measure", "unit", "period"], name="measure_value_once")]
        indexes = [
            models.Index(fields=["measure", "period", "unit"], name="measure_by_period"),
            models.Index(
                fields=["measure", "period"], condition=Q(ledger_entry__isnull=True), name="measure_not_closed"
            ),
        ]


class Dirty(models.Model):
    """A figure that has to be computed again: something behind it changed."""

    measure = models.CharField(max_length=80)
    unit = models.UUIDField()
    period = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["measure", "unit", "period"], name="measure_dirty_once")]


class Cursor(models.Model):
    """How far the change log of cases was followed."""

    name = models.CharField(max_length=40, primary_key=True)
    seq = models.BigIntegerField(default=0)
