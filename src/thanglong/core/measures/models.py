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
    """A figure that has to be computed again: something behind it changed.

    ``measure`` is a measure's key, or ``=`` and the name of records several measures count: then ``period`` is a day.
    """

    measure = models.CharField(max_length=80)
    unit = models.UUIDField()
    period = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["measure", "unit", "period"], name="measure_dirty_once")]


class Cursor(models.Model):
    """How far the change log of cases was followed."""

    name = models.CharField(max_length=40, primary_key=True)
    seq = models.BigIntegerField(default=0)


class DayBlock(models.Model):
    """What one measure counted on one day, all units in one array (``solve.tally``); may be dropped and made again."""

    measure = models.CharField(max_length=80)
    day = models.DateField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["measure", "day"], name="measure_day_once")]


class Correction(models.Model):
    """A figure set by a person instead of what the records give; the last one not withdrawn holds."""

    measure = models.CharField(max_length=80)
    unit = models.UUIDField()
    period = models.DateField()
    before = models.FloatField(null=True)
    value = models.FloatField()
    reason = models.TextField()
    by = models.UUIDField(null=True)
    by_label = models.CharField(max_length=200)
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    ledger_entry = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "unit", "period"],
                condition=Q(withdrawn_at__isnull=True),
                name="measure_corrected_once",
            )
        ]


class Alert(models.Model):
    """A figure outside its band, from the moment it left until it was back."""

    measure = models.CharField(max_length=80)
    unit = models.UUIDField()
    period = models.DateField()
    side = models.CharField(max_length=5)
    value = models.FloatField()
    raised_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)
    seen_by = models.CharField(max_length=200, default="")
    seen_at = models.DateTimeField(null=True)
    note = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "unit"], condition=Q(cleared_at__isnull=True), name="measure_alert_once"
            )
        ]
        indexes = [models.Index(fields=["-raised_at"], name="measure_alert_newest")]
