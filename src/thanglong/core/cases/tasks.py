"""Background work of cases."""

from uuid import UUID

from thanglong.core.cases import service
from thanglong.core.cases.service.documents import TASK, sweep_loose
from thanglong.kit import bus


@bus.task(TASK)
def make_previews(document_id: str) -> None:
    """Published copy and preview of one picture."""
    service.make_previews(UUID(document_id))


@bus.task("cases.sweep")
def sweep() -> None:
    """Escalations and automatic actions that are due."""
    service.sweep()


@bus.task("cases.tidy")
def tidy() -> None:
    """Files without a case, personal data whose time is over."""
    sweep_loose()
    service.erase_personal()
    service.erase_documents()


bus.every(5, "cases.sweep")
bus.every(600, "cases.tidy")
