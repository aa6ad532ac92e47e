"""Background work of things."""

from uuid import UUID

from django.conf import settings

from thanglong.core.things import service
from thanglong.core.things.service.reorganising import TASK, rehome
from thanglong.kit import bus


@bus.task("things.close_days")
def close_days() -> None:
    """Close the days that are old enough and drop files whose time is over, as the settings say."""
    if settings.THINGS_HOT_DAYS > 0:
        service.close_days(settings.THINGS_HOT_DAYS, settings.THINGS_KEEP_DAYS, most=2)


bus.every(600, "things.close_days")


@bus.task(TASK)
def rehome_things(reform: str) -> None:
    """The things of units that were reorganised."""
    rehome(UUID(reform))
