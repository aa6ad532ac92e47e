"""Background work of reports: messages, things, tidying. Ids in, safe to run twice."""

from datetime import timedelta
from uuid import UUID

from thanglong.core.cases.types import CaseMoved, CaseTransferred
from thanglong.domains.requests import service
from thanglong.domains.requests.repository import codes, photos, sendings
from thanglong.domains.requests.service.syncing import THING_TASK
from thanglong.domains.requests.types import CASE_TYPE
from thanglong.kit import bus, clock


@bus.task(THING_TASK)
def write_thing(thing: str, number: str, what: str) -> None:
    """Tell the city database what became of a thing."""
    service.write_thing(thing, number, what)


def on_moved(event: CaseMoved) -> None:
    """A report moved: tell those who wait."""
    if event.type == CASE_TYPE:
        service.notify(event.case_id, event.at)


def on_transferred(event: CaseTransferred) -> None:
    """A report changed hands: its public row follows, and those who wait hear of it."""
    if event.type == CASE_TYPE:
        service.refresh(event.case_id)
        service.notify(event.case_id, event.at)


@bus.task("requests.refresh")
def refresh(case_id: str) -> None:
    """Bring one public row up to date."""
    service.refresh(UUID(case_id))


@bus.task("requests.tidy")
def tidy() -> None:
    """Forget codes that are over, who sent how many, and photos that never got a report."""
    now = clock.now()
    codes.sweep(now - timedelta(days=1))
    photos.loose(now - timedelta(days=1))
    sendings.sweep(now - timedelta(days=1))


bus.every(3600, "requests.tidy")
bus.listen(CaseMoved, "requests.on_moved", on_moved)
bus.listen(CaseTransferred, "requests.on_transferred", on_transferred)
