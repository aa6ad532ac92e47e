"""The indicators of the 115: who is reached in time from stations, and by the ambulances that are free."""

from thanglong.domains.emergency.service import AMBULANCES, READY, STATIONS
from thanglong.domains.roads.service import covering
from thanglong.domains.roads.types import Cover
from thanglong.kit.errors import N_

COVER = Cover(
    "emergency", STATIONS, AMBULANCES, READY, (8, 12),
    (N_("Within 8 minutes of an ambulance station"), N_("Within 12 minutes of an ambulance station")),
    (N_("Within 8 minutes of a free ambulance"), N_("Within 12 minutes of a free ambulance")),
)  # fmt: skip


def register() -> None:
    """Enter the measures (called by ``apps.py``)."""
    covering.register(COVER)
