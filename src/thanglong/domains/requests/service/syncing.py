"""Keeping the public row of a report in step with its case, and telling those who wait."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext, override

from thanglong.core.cases import service as cases
from thanglong.core.cases.types import Case, Contact, Document, StepContext
from thanglong.core.things import service as things
from thanglong.core.things.types import prop
from thanglong.domains.requests.repository import photos as photo_rows
from thanglong.domains.requests.repository import reports
from thanglong.domains.requests.rules import category, coarse_place
from thanglong.domains.requests.rules import photos as photo_rules
from thanglong.domains.requests.rules.publish import coarse_address
from thanglong.domains.requests.service import photos, words
from thanglong.domains.requests.types import CASE_TYPE, DONE_STATES, State
from thanglong.kit import clock, ports
from thanglong.kit.errors import Invalid, NotFound, TooLarge
from thanglong.kit.ports import SYSTEM, Outgoing
from thanglong.kit.text import fold

THING_TASK = "requests.write_thing"
PROOF, BEFORE, AGAIN = "proof", "before", "again"


def on_step(context: StepContext) -> None:
    """Hears every step of a report inside its transaction: the public row and the photos move with the case."""
    if context.before is None:
        reports.insert(*row_of(context.case))
        photo_rows.give([document.id for document in context.documents], context.case.id, BEFORE)
        _thing_job(context.case, "reported")
        return
    reports.update(context.case.id, moving(context.case, context.before, context.at, context.action))
    kind = AGAIN if context.action in ("reopen", "appeal", "again") else PROOF
    adopt(context.case.id, context.documents, kind)
    if context.case.state in DONE_STATES and context.before.state not in DONE_STATES:
        _thing_job(context.case, "mended")


def row_of(case: Case) -> tuple[dict[str, Any], tuple[float, float] | None]:
    """The public row of a new case, and its real place when only the square is shown."""
    data = case.data
    kind = category(str(data["category"]))
    assert kind is not None, "the form's schema knows only these"
    lon, lat, address, exact = case.lon, case.lat, case.address, None
    if kind.coarse:
        address = coarse_address(address)
        if lon is not None and lat is not None:
            exact = (lon, lat)
            lon, lat = coarse_place(lon, lat)
    values = {
        "case": case.id, "number": case.number, "category": kind.key, "family": kind.family.value, "state": case.state,
        "unit": case.unit, "subject": case.subject, "text": data["public_text"], "address": address, "lon": lon,
        "lat": lat, "coarse": kind.coarse, "urgent": bool(data.get("urgent")), "thing": data.get("thing", ""),
        "rule": data.get("rule", ""), "channel": data.get("channel", "web"), "opened_at": case.opened_at,
        "due_at": case.due_at, "promised_at": case.due_at, "updated_at": case.opened_at, "version": case.version,
        "search": fold(f"{case.number} {case.subject} {address}"),
    }  # fmt: skip
    return values, exact


def moving(case: Case, before: Case, at: datetime, action: str) -> dict[str, Any]:
    """The columns that a step changes."""
    done = case.state in DONE_STATES
    values: dict[str, Any] = {
        "state": case.state, "unit": case.unit, "due_at": case.due_at, "closed_at": case.closed_at,
        "first_at": case.responded_at, "reopened": case.reopened, "satisfaction": case.rating, "updated_at": at,
        "version": case.version,
    }  # fmt: skip
    if done and before.state not in DONE_STATES:
        values["resolved_at"] = at
    elif not done:
        values["resolved_at"] = None
    if action == "transfer":
        report = reports.one(case=case.id)
        values["transfers"] = (report.transfers if report else 0) + 1
    return values


def adopt(case: UUID, documents: Sequence[Document], kind: str) -> None:
    """Make published copies of the pictures that came with a step, if they are not known yet."""
    known = photo_rows.known([document.id for document in documents])
    photo_rows.give(sorted(known, key=str), case, kind)
    for document in documents:
        if document.id in known or not document.is_image:
            continue
        try:
            with ports.plugged.blobs.open(document.digest) as source:
                made = photo_rules.prepare(source.read())
        except (Invalid, TooLarge, NotFound):
            continue
        photos.keep(document.id, made, document.at, case, kind)


def refresh(case_id: UUID) -> None:
    """Bring the row of a case up to date after a change that no hook told of; may run twice."""
    found = cases.public_case(case_id)
    if found.case.type != CASE_TYPE or not reports.has(case_id):
        return
    case = found.case
    done = [event.at for event in found.events if event.to_state in DONE_STATES and event.from_state not in DONE_STATES]
    values = {
        "state": case.state, "unit": case.unit, "due_at": case.due_at, "closed_at": case.closed_at,
        "first_at": case.responded_at, "reopened": case.reopened, "satisfaction": case.rating,
        "resolved_at": done[-1] if done and case.state in DONE_STATES else None,
        "transfers": sum(event.verb == "transferred" for event in found.events), "followers": found.followers,
        "updated_at": found.events[-1].at if found.events else case.opened_at,
    }  # fmt: skip
    reports.update(case_id, values, version=case.version)


def load_rows(
    rows: Sequence[Mapping[str, Any]], places: Mapping[UUID, tuple[float, float]], pictures: Sequence[Mapping[str, Any]]
) -> None:
    """Public rows of cases loaded in bulk (the demo city)."""
    reports.insert_many(rows, places)
    photo_rows.insert_many(pictures)


def _thing_job(case: Case, what: str) -> None:
    thing = str(case.data.get("thing", ""))
    if thing:
        ports.plugged.jobs.put(THING_TASK, {"thing": thing, "number": case.number, "what": what})


def write_thing(thing: str, number: str, what: str) -> None:
    """Write to the thing that a report about it came in, or that it was mended; nothing when the thing is gone."""
    try:
        entity = things.get(SYSTEM, thing)
    except NotFound:
        return
    now = clock.now()
    change: dict[str, Any] = {"id": thing, "type": entity["type"]}
    if what == "mended":
        change |= {"status": prop("ok", now), "lastReport": prop(f"{number} mended", now)}
    else:
        change |= {"lastReport": prop(f"{number} reported", now)}
    things.upsert(SYSTEM, [change])


def notify(case_id: UUID, at: datetime) -> int:
    """Tell the reporter and the followers, where their address is confirmed, the newest public sentence; how many."""
    found = cases.public_case(case_id)
    told = [event for event in found.events if event.at <= at and event.verb != "opened"]
    if not told:
        return 0
    who: list[tuple[Contact, str]] = []
    person = cases.reporter_contact(SYSTEM, case_id)
    if person is not None and person[0].confirmed:
        who.append((person[0], f"/my/{found.case.number}/{person[1]}/"))
    for item in cases.followers(case_id):
        email, phone = (item.address, "") if item.channel == "email" else ("", item.address)
        contact = Contact(email=email, phone=phone, language=item.language)
        who.append((contact, f"/reports/{found.case.number}/"))
    for contact, path in who:
        with override(contact.language):
            _send(contact, found.case.number, words.sentence(told[-1]), path)
    return len(who)


def _send(contact: Contact, number: str, sentence: str, path: str) -> None:
    link = f"{settings.PUBLIC_URL}{path}"
    subject = gettext("Report %(number)s") % {"number": number}
    if contact.email:
        ports.plugged.sender.send(Outgoing("email", contact.email, subject, f"{sentence}\n\n{link}\n"))
    elif contact.phone:
        ports.plugged.sender.send(Outgoing("sms", contact.phone, "", f"{subject}: {sentence} {link}"))


def state_word(state: str) -> str:
    """open, done or refused: the three words of the public map."""
    if state in DONE_STATES:
        return "done"
    return "refused" if state == State.REFUSED else "open"
