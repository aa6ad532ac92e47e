"""Telling officials that a case needs more time than promised."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext, override

from thanglong.core.cases.service import writing
from thanglong.core.cases.types import Case, CaseEscalated
from thanglong.core.people import service as people
from thanglong.core.people.types import AccountInfo
from thanglong.core.places import service as places
from thanglong.kit import ports
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import Outgoing

MAX_TOLD = 10


def escalated(event: CaseEscalated) -> None:
    """Write to those whom the escalation step names: the person in charge, the unit's head, or city hall."""
    case, _ = writing.load(event.case_id)
    if case.kind.closed:
        return
    for person in list(_told(event, case))[:MAX_TOLD]:
        if person.email:
            with override(person.language):
                ports.plugged.sender.send(_letter(person, case))


def _told(event: CaseEscalated, case: Case) -> Iterable[AccountInfo]:
    if event.notify == "assignee" and case.assignee is not None:
        try:
            return [people.account(case.assignee)]
        except NotFound:
            return []
    unit = _unit(event.notify, case.unit)
    return [member.account for member in people.members(unit, action="cases.assign")]


def _unit(notify: str, unit: UUID) -> UUID:
    """Whose head is told: the unit's own, the one above it, or city hall."""
    if notify == "city":
        return places.city().id
    above = places.unit(unit).parent if notify == "parent" else None
    return above or unit


def _letter(person: AccountInfo, case: Case) -> Outgoing:
    values = {
        "number": case.number,
        "subject": case.subject,
        "unit": writing.unit_name(case.unit),
        "name": person.display_name,
    }
    subject = gettext("%(number)s needs more time than promised") % values
    text = gettext(
        "Dear %(name)s,\n\nthe case %(number)s (%(subject)s) of %(unit)s was not finished in the time that was "
        "promised. Please look at it: /desk/cases/%(number)s/"
    )
    return Outgoing("email", person.email, subject, text % values)
