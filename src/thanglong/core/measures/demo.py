"""The demo city's figures: a year of them, computed from its cases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from thanglong.core.cases import service as cases
from thanglong.core.measures import repository, service
from thanglong.core.measures.service.computing import CURSOR
from thanglong.kit import clock


def build(city: Any, report: Callable[[str], None]) -> None:
    """Compute every measure over the past year and close the ended periods."""
    since = clock.today() - timedelta(days=400)
    figures = 0
    with repository.atomic():
        repository.set_cursor(CURSOR, cases.last_change())
        for item in service.definitions():
            figures += service.recompute(item.key, since)
    entries = service.close_periods()
    report(f"{figures} figures of {len(service.definitions())} measures, {entries} closed periods")
