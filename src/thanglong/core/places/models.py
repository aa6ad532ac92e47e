from django.db import models
from django.db.models import F, Q


class Unit(models.Model):
    """The permanent identity of a unit; everything else about it is a dated :class:`UnitState`."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=20)


class Act(models.Model):
    """A legal act: the basis of states and successions."""

    id = models.UUIDField(primary_key=True)
    number = models.CharField(max_length=100, default="", blank=True)
    issuer = models.CharField(max_length=200, default="", blank=True)
    title = models.CharField(max_length=500)
    signed_on = models.DateField(null=True)
    effective_on = models.DateField()


class UnitState(models.Model):
    """What is true of a unit from ``valid_from`` to ``valid_to``, both days included."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="states")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    kind = models.CharField(max_length=20)
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, default="", blank=True)
    parent = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="+")
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    area_km2 = models.FloatField(null=True)
    population = models.IntegerField(null=True)
    boundary = models.BinaryField(null=True)
    boundary_approximate = models.BooleanField(default=False)
    act = models.ForeignKey(Act, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "valid_from"], name="unit_state_once_a_day"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="unit_state_period"
            ),
        ]
        indexes = [models.Index(fields=["code", "valid_from"], name="unit_state_code")]


class Succession(models.Model):
    """``new`` took over a part or the whole of ``old``."""

    old = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="successions")
    new = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="precessions")
    share_population = models.FloatField(null=True)
    share_area = models.FloatField(null=True)
    act = models.ForeignKey(Act, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["old", "new"], name="succession_once")]


class Version(models.Model):
    """One row: a token that every change of the module replaces, in its own transaction."""

    token = models.CharField(max_length=40)


class Reorganisation(models.Model):
    """A reform of units as one act: drafted, decided, in force or undone."""

    id = models.UUIDField(primary_key=True)
    state = models.CharField(max_length=12)
    version = models.PositiveIntegerField(default=1)
    plan = models.TextField()
    effective_on = models.DateField()
    act = models.UUIDField(null=True)
    drafted_by = models.CharField(max_length=200, default="")
    changed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, default="")
    in_force_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, default="")
    # what undoing needs: the states before, and what each follower remembers
    memo = models.TextField(default="")

    class Meta:
        indexes = [
            models.Index(fields=["effective_on"], condition=Q(state="decided"), name="reorganisation_due"),
        ]


class Review(models.Model):
    """A row of another module that a reorganisation placed by a rule of thumb."""

    id = models.UUIDField(primary_key=True)
    reorganisation = models.ForeignKey(Reorganisation, on_delete=models.PROTECT, related_name="reviews")
    kind = models.CharField(max_length=40)
    ref = models.CharField(max_length=100)
    label = models.CharField(max_length=300)
    url = models.CharField(max_length=300, default="")
    old = models.UUIDField()
    new = models.UUIDField()
    reason = models.CharField(max_length=300)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reorganisation", "kind", "ref"], name="review_once")]
        indexes = [
            models.Index(fields=["reorganisation"], condition=Q(done_at__isnull=True), name="review_open"),
        ]
