"""Tables of the road network: what was seen of the reach of units and stations. The network itself is a file."""

from django.db import models


class CoverLook(models.Model):
    """One look at a service's reach over the whole city; ``reached`` by unit: weight, then the weight reached within
    each of ``minutes`` from stations, then from free units."""

    id = models.UUIDField(primary_key=True)
    service = models.CharField(max_length=40)
    hour = models.DateTimeField()
    at = models.DateTimeField()
    network = models.CharField(max_length=32)
    free = models.IntegerField()
    minutes = models.JSONField()
    reached = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["service", "hour"], name="roads_look_an_hour"),)
