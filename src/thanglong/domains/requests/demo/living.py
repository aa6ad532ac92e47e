"""The running day: people report, officers take, ask, mend and prove, people judge. All through the real services.

What happens to a report and when follows from the seed and its number alone, so a restart changes nothing.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from thanglong.core.cases import service as cases
from thanglong.core.cases.types import Case
from thanglong.domains.requests import service
from thanglong.domains.requests.demo import plan as planning
from thanglong.domains.requests.demo.history import A_YEAR, SAMPLE
from thanglong.domains.requests.demo.making import Pictures, Staff, words_for
from thanglong.domains.requests.demo.texts import ANSWERS, OBJECTIONS, PLANS, REFUSALS, VOICES
from thanglong.domains.requests.repository import reports
from thanglong.domains.requests.rules import category
from thanglong.domains.requests.types import NewReport, Report, State
from thanglong.kit import clock
from thanglong.kit.errors import ThangLongError
from thanglong.kit.ports import ANONYMOUS, SYSTEM
from thanglong.solve.city import City

log = logging.getLogger(__name__)
LIVELY = 3.0  # the running day brings this many times the past year's rate
MOST_STEPS = 25  # steps taken in one tick, so that a long pause is caught up with gently
MOST_NEW = 10
CATCH_UP = 0.04  # chance per hour that somebody takes up what was left lying


@dataclass
class Living:
    """What the tick remembers between two calls: drawn pictures, officers, plans (all can be made again)."""

    pictures: Pictures = field(default_factory=Pictures)
    staff: Staff = field(default_factory=Staff)
    staffed_on: str = ""
    plans: dict[str, planning.Plan] = field(default_factory=dict)


def _state(city: City) -> Living:
    living = city.shared.get("requests.living")
    if not isinstance(living, Living):
        living = city.shared["requests.living"] = Living()
    today = clock.today().isoformat()
    if living.staffed_on != today:
        living.staff, living.staffed_on = Staff.load(), today
    return living


def arrivals(city: City, since: datetime, until: datetime) -> list[tuple[int, datetime]]:
    """Numbers and moments of new reports between two moments: fixed for each city hour, by the curve of the day."""
    per_day = A_YEAR / 365 * min(1.0, SAMPLE * city.scale * LIVELY)
    hour = since.replace(minute=0, second=0, microsecond=0)
    found = []
    while hour < until:
        number = int(hour.timestamp() // 3600)
        rng = city.rng("requests", "hour", number)
        share = planning.BY_HOUR[clock.local(hour).hour] / sum(planning.BY_HOUR)
        for i, minute in enumerate(sorted(rng.uniform(0, 3600, rng.poisson(per_day * share)))):
            at = hour + timedelta(seconds=float(minute))
            if since <= at < until:
                found.append((number * 1000 + i, at))
        hour += timedelta(hours=1)
    return found


def tick(city: City, since: datetime, until: datetime) -> None:
    """Live on from one moment to the next."""
    living = _state(city)
    for number, _ in arrivals(city, since, until)[-MOST_NEW:]:
        _try(lambda number=number: _report(city, living, number))
    due = [item for item in _unfinished() if _due(city, living, item, since, until)]
    for item in due[:MOST_STEPS]:
        _try(lambda item=item: _advance(city, living, item))


def _try(step: Any) -> None:
    try:
        step()
    except ThangLongError as error:
        log.info("a step of the demo's reports was not possible: %s", error)


def _report(city: City, living: Living, number: int) -> None:
    rng = city.rng("requests", "new", number)
    (words,) = words_for(city, 1, rng)
    photos: list[UUID] = []
    if rng.random() < 0.75:
        photos = [service.add_photo(None, living.pictures.content(words.kind.key, False))[0].id]
    service.send(
        ANONYMOUS,
        NewReport(words.text, words.kind.key, words.lon, words.lat, words.address, dict(words.answers), photos),
        key=f"demo-live-{number}",
    )


def _unfinished() -> list[Report]:
    return reports.unfinished(timedelta(days=20))


def _plan(city: City, living: Living, report: Report) -> planning.Plan:
    name = f"{report.number}/{report.reopened}"
    if name not in living.plans:
        if len(living.plans) > 20_000:
            living.plans.clear()
        kind = category(report.category)
        assert kind is not None
        begun = report.opened_at if not report.reopened else report.updated_at
        living.plans[name] = planning.make(begun, kind, report.urgent, city.rng("requests", "plan", name))
    return living.plans[name]


def _due(city: City, living: Living, report: Report, since: datetime, until: datetime) -> bool:
    """Whether a report's next step falls between two moments. What was missed comes at a later hour, by chance."""
    plan = _plan(city, living, report)
    if report.state is State.RESOLVED and (report.satisfaction or not (plan.rating or plan.reopen)):
        return False
    moment = {
        State.NEW: plan.accept, State.ACCEPTED: plan.start, State.WORKING: plan.decide,
        State.WAITING: report.updated_at + timedelta(hours=5), State.RESOLVED: plan.judge,
    }.get(report.state)  # fmt: skip
    if moment is None or moment >= until:
        return False
    if moment >= since or moment >= report.updated_at > since:
        return True
    hour = since.replace(minute=0, second=0, microsecond=0)
    chance, share = city.rng("requests", "late", report.number, hour.isoformat()).random(2)
    return bool(chance < CATCH_UP and since <= hour + timedelta(hours=float(share)) < until)


def _advance(city: City, living: Living, report: Report) -> None:
    plan, rng = _plan(city, living, report), city.rng("requests", "step", report.number, report.state, report.reopened)
    case = cases.public_case(report.case).case
    if report.state in (State.RESOLVED, State.WAITING):
        _citizen(report, plan, rng)
        return
    officer = living.staff.one(report.unit, rng, but=_last_solver(report) if report.reopened else None)
    if officer is None:
        return
    if report.state is State.NEW:
        cases.act(officer, case.id, "accept", {}, version=case.version)
    elif report.state is State.ACCEPTED:
        text = PLANS[int(rng.integers(len(PLANS)))]
        cases.act(officer, case.id, "start", {"plan": text} if text else {}, version=case.version)
    elif plan.refuse and not report.reopened:
        data = {"ground": plan.refuse, "reason": REFUSALS[plan.refuse]}
        cases.act(officer, case.id, "refuse", data, version=case.version)
    else:
        _mend(living, report, case, officer, rng)


def _last_solver(report: Report) -> UUID | None:
    decided = [e.actor_id for e in cases.timeline(report.case) if e.action in ("resolve", "resolve_paper", "refuse")]
    return decided[-1] if decided else None


def _mend(living: Living, report: Report, case: Case, officer: Any, rng: np.random.Generator) -> None:
    voice = VOICES[report.category]
    content = living.pictures.content(report.category, True)
    proof = cases.add_document(officer, content, "sau.webp", "image/webp", kind="proof")
    data = {"what": voice.done[int(rng.integers(len(voice.done)))], "who": voice.crew}
    cases.act(officer, case.id, "resolve", data, version=case.version, documents=[proof.id])


def _citizen(report: Report, plan: planning.Plan, rng: np.random.Generator) -> None:
    person = cases.reporter_contact(SYSTEM, report.case)
    if person is None:
        return
    _, secret = person
    if report.state is State.WAITING:
        data, action = {"answer": ANSWERS[int(rng.integers(len(ANSWERS)))]}, "answer"
    elif plan.reopen and not report.reopened:
        data, action = {"why": "poor", "more": OBJECTIONS[int(rng.integers(len(OBJECTIONS)))]}, "reopen"
    elif plan.rating:
        data, action = {"rating": str(plan.rating)}, "confirm"
    else:
        return
    service.reporter_step(ANONYMOUS, report.number, secret, action, data)
