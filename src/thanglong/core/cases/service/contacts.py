"""Name, telephone, e-mail behind a case: open to its handler, to others once they say why; looks are on record."""

from uuid import UUID

from django.utils.translation import get_language, gettext

from thanglong.core.cases.repository import rows
from thanglong.core.cases.service import writing
from thanglong.core.cases.service.people import case_by_secret, cases_of_account
from thanglong.core.cases.types import Case, Contact, Look
from thanglong.core.people import service as people
from thanglong.core.people.types import PURPOSES
from thanglong.kit import ports
from thanglong.kit.errors import Denied, NotFound, NotSignedIn
from thanglong.kit.ports import Actor


def _subject(case_id: UUID) -> str:
    return f"case:{case_id}"


def handles(actor: Actor, case: Case) -> bool:
    """Whether the actor works on the case: may act in its unit, or is in charge of it."""
    if ports.plugged.access.allowed(actor, "cases.act", case.unit):
        return True
    return actor.kind == "person" and actor.id is not None and actor.id == case.assignee


def shown(actor: Actor, case: Case) -> tuple[Contact | None, bool]:
    """The contact as somebody who sees the case may read it now, and whether saying why would open it.

    What is handed out is on record before it leaves; the system, which sends the messages, is no reader.
    """
    row = rows.reporter(case.id)
    personal = row is not None and bool(row.name or row.email or row.phone)
    if row is None or not personal:
        return None, False
    if handles(actor, case):
        people.note_reading(actor, _subject(case.id))
    elif not people.purpose_stated(actor, _subject(case.id)):
        return None, actor.kind == "person"
    return rows.to_contact(row), False


def reporter_contact(actor: Actor, case_id: UUID) -> tuple[Contact, str] | None:
    """Contact and secret of a case's reporter. The system, which writes to them, gets both.

    An official gets the contact by the rule of ``shown`` and never the secret; None where it is closed to them.
    NotFound outside the reach.
    """
    if actor.kind == "system":
        row = rows.reporter(case_id)
        return (rows.to_contact(row), row.secret) if row else None
    case = _visible(actor, case_id)
    contact, _ = shown(actor, case)
    return (contact, "") if contact else None


def _visible(actor: Actor, key: UUID | str) -> Case:
    if actor.id is None and actor.kind != "system":
        raise NotSignedIn()
    case, _ = writing.load(key)
    if not ports.plugged.access.allowed(actor, "cases.view", case.unit):
        raise NotFound()
    return case


def state_purpose(actor: Actor, key: UUID | str, purpose: str, note: str) -> None:
    """Say why one needs the contact of a case one does not handle: opens it for an hour, and the reporter reads of it.

    Invalid without a purpose and a few words. Who handles the case, or has said why within the hour (a double click),
    has nothing to say. NotFound outside the reach, also for a unit that was only asked for its opinion.
    """
    case = _visible(actor, key)
    if actor.kind != "person":
        raise Denied()
    if handles(actor, case) or people.purpose_stated(actor, _subject(case.id)):
        return
    people.state_purpose(actor, _subject(case.id), purpose, note)


def own_records(actor: Actor) -> dict[str, str]:
    """The newest cases that the asker opened with their account: subject of the looks, number."""
    return {_subject(case.id): case.number for case in cases_of_account(actor)}


def who_looked(key: UUID | str, secret: str) -> list[Look]:
    """Who looked at the contact of a case, newest first, for the reporter who holds its secret; NotFound otherwise.

    Role and unit, never the official's name, in the reader's language.
    """
    case = case_by_secret(key, secret)
    language = get_language() or "vi"
    return [
        Look(
            at=item.at,
            role=people.role_name(item.role, language) if item.role else gettext("an official"),
            unit=writing.unit_name(item.unit) if item.unit else "",
            purpose=gettext(PURPOSES[item.purpose]),
            note=item.note,
        )
        for item in people.readings([_subject(case.id)])
    ]
