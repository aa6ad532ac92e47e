"""The indicators of the 114: who is reached in time from stations, and by the engines that are free."""

from thanglong.domains.fire.service import ENGINES, READY, STATIONS
from thanglong.domains.roads.service import covering
from thanglong.domains.roads.types import Cover
from thanglong.kit.errors import N_

COVER = Cover(
    "fire", STATIONS, ENGINES, READY, (5, 10),
    (N_("Within 5 minutes of a fire station"), N_("Within 10 minutes of a fire station")),
    (N_("Within 5 minutes of a free fire engine"), N_("Within 10 minutes of a free fire engine")),
)  # fmt: skip


def register() -> None:
    """Enter the measures (called by ``apps.py``)."""
    covering.register(COVER)
