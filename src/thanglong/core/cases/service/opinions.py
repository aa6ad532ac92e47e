"""Asking other units at once: each has its own time; the case waits for all, any or none of them."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from thanglong.core.cases.repository import dossier, rows
from thanglong.core.cases.rules import clock as timing
from thanglong.core.cases.service import changing, guarding, writing
from thanglong.core.cases.service.catalogue import definition
from thanglong.core.cases.service.pausing import go_on, pause
from thanglong.core.cases.types import Case, Opinion, OpinionAsk, OpinionAsked, OpinionGiven, OpinionRule, PauseReason
from thanglong.core.places import service as places
from thanglong.kit import bus, clock, ports
from thanglong.kit.errors import N_, Conflict, Fault, Invalid, NotFound, NotSignedIn
from thanglong.kit.ids import new_id
from thanglong.kit.ports import SYSTEM, Actor

MAX_ASKED, MAX_TEXT = 20, 4000
VERDICTS = ("agree", "object", "remarks")
_WRITE = N_("Please write your opinion.")
_LIMIT = N_("Please write at most %(limit)s characters.")


def ask_opinions(actor: Actor, case_id: UUID, asks: Sequence[OpinionAsk], *, version: int) -> list[Opinion]:
    """Ask other units, each with its own question and time. Needs ``cases.act`` in the case's unit.

    Where the type says so the clock stands still until they have answered. Raises Invalid (all faults), Conflict.
    """
    with transaction.atomic():
        case, case_type = changing.open_for(actor, case_id, "cases.act", version)
        rule = case_type.opinions
        if rule is None or case.kind.closed:
            raise Conflict(N_("No opinions are asked about this case."))
        running = {item.unit for item in dossier.opinions(case.id) if item.open}
        faults = _ask_faults(case, asks, running)
        if faults:
            raise Invalid(faults)
        now = changing.now_for(case)
        made = [
            Opinion(
                id=new_id(), case_id=case.id, unit=item.unit, question=item.question.strip(), state="asked", late=False,
                consent=rule.silence == "consent", asked_at=now, asked_by=actor.label,
                due_at=timing.after(now, item.within or rule.within), number=case.number, subject=case.subject,
            )
            for item in asks
        ]  # fmt: skip
        dossier.add_opinions(made)
        names = ", ".join(writing.unit_name(item.unit) for item in made)
        done = changing.commit(
            actor, "opinion_asked", case, case, case_type, now, params={"units": names},
            public=True, facts={"asked": [str(item.unit) for item in made]},
            private={str(item.unit): item.question for item in made},
        )  # fmt: skip
        for item in made:
            bus.publish(OpinionAsked(item.id, case.id, case.number, case.unit, item.unit, item.due_at, now))
        if rule.pauses and rule.waits != "none" and done.due_at is not None:
            pause(actor, done, case_type, PauseReason.BODY)
    return made


def _ask_faults(case: Case, asks: Sequence[OpinionAsk], running: set[UUID]) -> list[Fault]:
    found = [] if asks else [Fault("units", N_("Please choose at least one unit."))]
    if len(asks) > MAX_ASKED:
        found.append(Fault("units", N_("Please choose at most %(limit)s."), {"limit": MAX_ASKED}))
    today, seen = clock.today(), set(running)
    for at, item in enumerate(asks[:MAX_ASKED]):
        try:
            unit = places.unit(item.unit)
            gone = unit.valid_to is not None and unit.valid_to <= today
        except NotFound:
            gone = True
        if gone or item.unit == case.unit:
            found.append(Fault(f"{at}.unit", N_("Please choose another unit that exists today.")))
        elif item.unit in seen:
            found.append(Fault(f"{at}.unit", N_("This unit is asked already.")))
        seen.add(item.unit)
        if not item.question.strip():
            found.append(Fault(f"{at}.question", N_("Please write the question.")))
        elif len(item.question) > MAX_TEXT:
            found.append(Fault(f"{at}.question", _LIMIT, {"limit": MAX_TEXT}))
        if item.within is not None and item.within.n <= 0:
            found.append(Fault(f"{at}.within", N_("Please give the unit some time.")))
    return found


def opinions_asked(actor: Actor, limit: int = 50) -> list[Opinion]:
    """The open questions to the units in which the asker works on cases, most urgent first."""
    if actor.kind == "citizen":
        raise NotSignedIn()
    return dossier.asked(ports.reach(actor, "cases.act"), limit)


def _asked(actor: Actor, opinion_id: UUID) -> Opinion:
    if actor.id is None:
        raise NotSignedIn()
    found = dossier.opinion(opinion_id)
    if found is None or not ports.plugged.access.allowed(actor, "cases.view", found.unit):
        raise NotFound()
    ports.require(actor, "cases.act", found.unit)
    return found


def answer_opinion(
    actor: Actor, opinion_id: UUID, verdict: str, text: str, *, documents: Sequence[UUID] = ()
) -> Opinion:
    """Give the opinion a unit was asked for: agree, object or remarks, with reasons. Needs ``cases.act`` in that unit.

    What is answered late is kept and marked late. Raises Invalid, Conflict (answered or withdrawn meanwhile).
    """
    given = _asked(actor, opinion_id)
    faults = [] if verdict in VERDICTS else [Fault("verdict", N_("Please choose one of the given answers."))]
    text = text.strip()
    if not text or len(text) > MAX_TEXT:
        faults.append(Fault("text", _LIMIT, {"limit": MAX_TEXT}) if text else Fault("text", _WRITE))
    if faults:
        raise Invalid(faults)
    return _settle(actor, given, "answered", "opinion_given", text, verdict, documents)


def decline_opinion(actor: Actor, opinion_id: UUID, text: str) -> Opinion:
    """Say that the unit gives no opinion, and why. Needs ``cases.act`` in the asked unit."""
    given = _asked(actor, opinion_id)
    if not text.strip():
        raise Invalid([Fault("text", N_("Please say why."))])
    return _settle(actor, given, "declined", "opinion_declined", text.strip()[:MAX_TEXT])


def withdraw_opinion(actor: Actor, opinion_id: UUID, text: str = "") -> Opinion:
    """Stop waiting for an opinion. Needs ``cases.act`` in the case's own unit."""
    found = dossier.opinion(opinion_id)
    if found is None:
        raise NotFound()
    with transaction.atomic():
        changing.open_for(actor, found.case_id, "cases.act")
        return _settle(actor, found, "withdrawn", "opinion_withdrawn", text.strip()[:MAX_TEXT])


def _settle(
    actor: Actor,
    given: Opinion,
    state: str,
    verb: str,
    text: str,
    verdict: str = "",
    documents: Sequence[UUID] = (),
) -> Opinion:
    """Close an opinion, tell of it, and let the clock go on when the case waits for nothing more."""
    with transaction.atomic():
        case = rows.locked(given.case_id)
        if case is None:
            raise NotFound()
        case_type = definition(case.type, case.type_version)
        now = changing.now_for(case)
        answered = {} if state == "withdrawn" else {"answered_at": now, "answered_by": actor.label}
        if not dossier.close_opinion(
            given.id, state=state, answer=text, verdict=verdict, late=given.late or now > given.due_at,
            documents=[str(key) for key in documents], **answered,
        ):  # fmt: skip
            raise Conflict(N_("This question was answered or withdrawn meanwhile."))
        if state == "answered":
            writing.take_documents(case.id, documents)
        facts = {"asked": str(given.unit), "verdict": verdict, "late": now > given.due_at,
                 **writing.digests(rows.documents_by_id(documents))}  # fmt: skip
        done = changing.commit(
            actor, verb, case, case, case_type, now, params={"asked": writing.unit_name(given.unit)}, public=True,
            facts=facts, private={"text": text} if text else None, documents=documents,
        )  # fmt: skip
        bus.publish(OpinionGiven(given.id, case.id, case.number, case.unit, given.unit, state, now))
        _perhaps_go_on(actor, done, case_type.opinions)
        found = dossier.opinion(given.id)
    assert found is not None
    return found


def _perhaps_go_on(actor: Actor, case: Case, rule: OpinionRule | None) -> None:
    case_type = definition(case.type, case.type_version)
    if rule is None or not rule.pauses or case.paused != PauseReason.BODY:
        return
    if not guarding.awaited(case_type, dossier.opinions(case.id)):
        go_on(actor, case, case_type)


def sweep_late(limit: int = 500) -> int:
    """Note opinions whose time has passed; where the law says so, silence is consent and the case waits no longer."""
    done = dossier.late_opinions(clock.now(), limit)
    for key in done:
        with transaction.atomic():
            _let_pass(key)
    return len(done)


def _let_pass(key: UUID) -> None:
    given = dossier.opinion(key)
    case = rows.locked(given.case_id) if given else None
    if given is None or case is None:
        return
    changes = {"late": True, **({"state": "silent", "verdict": "agree"} if given.consent else {})}
    if not dossier.close_opinion(key, **changes):
        return
    case_type = definition(case.type, case.type_version)
    now = changing.now_for(case)
    done = changing.commit(
        SYSTEM, "opinion_late", case, case, case_type, now, params={"asked": writing.unit_name(given.unit)},
        public=True, facts={"asked": str(given.unit), "consent": given.consent},
    )  # fmt: skip
    state = "silent" if given.consent else "late"
    bus.publish(OpinionGiven(given.id, case.id, case.number, case.unit, given.unit, state, now))
    _perhaps_go_on(SYSTEM, done, case_type.opinions)
