"""What people outside do with a report: follow it, answer, confirm, object, say that it is broken again."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from thanglong.core.cases import service as cases
from thanglong.core.cases.types import Case
from thanglong.domains.requests.repository import reports
from thanglong.domains.requests.service.confirming import contact_of, request_code
from thanglong.domains.requests.types import DONE_STATES, REOPEN_DAYS, Followed, Report
from thanglong.kit import clock
from thanglong.kit.errors import N_, Conflict, Fault, Invalid, NotFound
from thanglong.kit.ports import SYSTEM, Actor


def _report(number: str) -> Report:
    found = reports.one(number=number)
    if found is None:
        raise NotFound()
    return found


def follow(actor: Actor, number: str, address: str, *, language: str = "vi", client: str = "") -> Followed:
    """Follow a report by e-mail or phone; a code is sent, and without it no message ever follows."""
    report = _report(number)
    contact = contact_of(address, language)
    if contact is None:
        raise Invalid([Fault("contact", N_("Please give an e-mail address or a phone number."))])
    channel = "email" if contact.email else "sms"
    entry = cases.follow(actor, report.case, channel, contact.email or contact.phone, language=language)
    confirm = None
    if not entry.confirmed:
        confirm = request_code(report.case, "follower", contact, client=client, follower=entry.secret)
    return Followed(report.number, entry.secret, confirm)


def reporter_step(
    actor: Actor, number: str, secret: str, action: str, data: Mapping[str, Any], *, version: int | None = None,
    documents: Sequence[UUID] = (),
) -> Case:  # fmt: skip
    """A step of the reporter (confirm, rate, reopen, appeal, answer), proved by the secret; its photos come along.

    ``reopen`` and ``appeal`` are possible within 14 days. Raises Denied, Conflict, Invalid.
    """
    case = cases.case_by_secret(number, secret)
    if action in ("reopen", "appeal") and case.closed_at is not None:
        _in_time(case.closed_at)
    return cases.act(
        actor, case.id, action, data, version=case.version if version is None else version, documents=documents,
        secret=secret,
    )  # fmt: skip


def _in_time(closed_at: Any) -> None:
    if clock.now() - closed_at > timedelta(days=REOPEN_DAYS):
        raise Conflict(N_("The 14 days for objections are over. Please send a new report; it may name the old number."))


def again(actor: Actor, number: str, more: str, photos: Sequence[UUID] = ()) -> Case:
    """Anybody says that a finished report is broken again: it is open again, for somebody else. Within 14 days."""
    report = _report(number)
    if report.state not in DONE_STATES or report.closed_at is None:
        raise Conflict(N_("This report is open already. You can follow it."))
    _in_time(report.closed_at)
    if len(more.strip()) < 5:
        raise Invalid([Fault("more", N_("Please say in a few words what is wrong."))])
    case = cases.public_case(report.case).case
    # the step is the platform's own: a passer-by has no right in the case, only the word that it is broken again
    return cases.act(SYSTEM, case.id, "again", {"more": more.strip()[:2000]}, version=case.version, documents=photos)
