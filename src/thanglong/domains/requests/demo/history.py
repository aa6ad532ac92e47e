"""A year of past reports, loaded in bulk through the same rules as single steps."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from thanglong.core.cases import service as cases
from thanglong.core.cases.types import BulkCase, BulkStep, Case, Place
from thanglong.core.places import service as places
from thanglong.domains.requests import service
from thanglong.domains.requests.demo import plan as planning
from thanglong.domains.requests.demo.making import Pictures, Staff, Words, words_for, words_in
from thanglong.domains.requests.demo.texts import ANSWERS, OBJECTIONS, PLANS, QUESTIONS, REFUSALS, TRANSFER, VOICES
from thanglong.domains.requests.service.routing import offices, route
from thanglong.domains.requests.service.syncing import row_of
from thanglong.domains.requests.types import CASE_TYPE, DONE_STATES, REOPEN_DAYS, Proof, Route, RouteFacts
from thanglong.kit import clock
from thanglong.kit.ids import seeded_id
from thanglong.kit.ports import ANONYMOUS, SYSTEM, Actor
from thanglong.solve.city import City

A_YEAR = 57_670  # 158 a day
SAMPLE = 7.0
DAYS = 365
HOME_WARD, HOME_SHARE = "Cửa Nam", 0.14
Rng = np.random.Generator


@dataclass
class Story:
    """One generated report with everything that its rows need."""

    item: BulkCase
    words: Words
    photos: list[dict[str, Any]]
    resolved: datetime | None
    transfers: int
    updated: datetime


@dataclass
class Maker:
    """Makes the past of one city."""

    city: City
    staff: Staff
    pictures: Pictures
    root: UUID
    offices: dict[str, UUID]
    kinds: dict[UUID, str] = field(default_factory=dict)

    def route(self, words: Words, unit: UUID | None, at: datetime) -> Route:
        """Where the report goes by the routing model."""
        if unit is not None and unit not in self.kinds:
            self.kinds[unit] = places.unit(unit).kind.value
        kind = self.kinds.get(unit, "") if unit else ""
        facts = RouteFacts(words.kind.key, unit, kind, None, clock.local(at).hour, bool(words.urgent_words))
        found = route(facts, self.offices, self.root)
        return found if self.staff.of.get(found.unit) else Route(unit or self.root, "place")

    def story(self, i: int, words: Words, ward: UUID | None, opened: datetime, rng: Rng) -> Story:
        """A report and its life up to now."""
        case = seeded_id(self.city.seed, "request", i)
        target = self.route(words, ward, opened)
        photos: list[dict[str, Any]] = []
        documents = []
        if rng.random() < 0.72:
            shot = opened - timedelta(minutes=float(rng.uniform(1, 20)))
            documents.append(self.pictures.document(words.kind.key, False, seeded_id(case, "before"), shot))
            photos.append(self.pictures.row(words.kind.key, False, seeded_id(case, "before"), case, shot))
        life = Life(self, case, words, target.unit, opened, rng)
        life.run()
        item = BulkCase(
            type=CASE_TYPE, unit=target.unit, subject=words.subject, data=words.data(target.rule), opened_at=opened,
            actor=ANONYMOUS, id=case, place=Place(words.lon, words.lat, words.address), documents=documents,
            steps=life.steps, key=f"demo-{i}",
        )  # fmt: skip
        updated = life.steps[-1].at if life.steps else opened
        return Story(item, words, photos + life.photos, life.resolved, life.transfers, updated)


class Life:
    """The steps of one report until the present."""

    def __init__(self, maker: Maker, case: UUID, words: Words, unit: UUID, opened: datetime, rng: Rng) -> None:
        self.maker, self.case, self.words, self.unit, self.opened, self.rng = maker, case, words, unit, opened, rng
        self.now = maker.city.now
        self.plan = planning.make(opened, words.kind, bool(words.urgent_words), rng)
        self.steps: list[BulkStep] = []
        self.photos: list[dict[str, Any]] = []
        self.resolved: datetime | None = None
        self.transfers = 0
        self.proofs = 0
        self.solver: UUID | None = None

    def _step(self, at: datetime, action: str, actor: Actor, data: dict[str, Any] | None = None, **more: Any) -> bool:
        """Note a step; False when it lies in the future."""
        if at >= self.now:
            return False
        self.steps.append(BulkStep(at, action, actor, data or {}, **more))
        return True

    def _pick(self, values: tuple[str, ...]) -> str:
        return values[int(self.rng.integers(len(values)))]

    def run(self) -> None:
        """All steps, in order."""
        plan, staff = self.plan, self.maker.staff
        officer = staff.one(self.unit, self.rng)
        if officer is None or not self._hand_on(plan.accept, officer):
            return
        officer = staff.one(self.unit, self.rng)
        fresh = self.opened > self.now - timedelta(days=float(self.rng.exponential(planning.STUCK_DAYS)))
        stuck = fresh and self.rng.random() < planning.STUCK
        if officer is None or (stuck and self.rng.random() < 0.25):
            return
        # about half of them are taken first and begun later, the others are begun at once
        if self.rng.random() < 0.5 and not self._step(plan.accept, "accept", officer):
            return
        if stuck and self.rng.random() < 0.35 and self.opened > self.now - timedelta(days=10):
            self._step(plan.start, "ask", officer, {"question": self._pick(QUESTIONS)})
            return
        if plan.ask and not plan.refuse:
            asked = plan.accept + (plan.start - plan.accept) * 0.5
            if not self._step(asked, "ask", officer, {"question": self._pick(QUESTIONS)}):
                return
            if not self._step(plan.start, "answer", ANONYMOUS, {"answer": self._pick(ANSWERS)}):
                return
        elif not self._step(plan.start, "start", officer, {"plan": self._pick(PLANS)}):
            return
        if stuck:
            return
        if plan.refuse:
            self._step(plan.decide, "refuse", officer, {"ground": plan.refuse, "reason": REFUSALS[plan.refuse]})
        elif self._solve(plan.decide, officer):
            self._judge(officer)

    def _hand_on(self, before: datetime, officer: Actor) -> bool:
        wards = self.maker.city.wards
        if not self.plan.transfer:
            return True
        ward = self.maker.city.ward_of(self.words.lon, self.words.lat) or wards[0]
        staffed = [unit for unit in (*self.maker.offices.values(), ward.id) if unit in self.maker.staff.of]
        others = [unit for unit in staffed if unit != self.unit]
        if not others:
            return True
        target = others[int(self.rng.integers(len(others)))]
        at = self.opened + (before - self.opened) * 0.5
        if not self._step(at, "transfer", officer, {"reason": TRANSFER}, unit=target):
            return False
        self.unit, self.transfers = target, 1
        return True

    def _solve(self, at: datetime, officer: Actor) -> bool:
        voice, key = VOICES[self.words.kind.key], self.words.kind.key
        done = {"what": self._pick(voice.done), "who": voice.crew}
        self.proofs += 1
        name = seeded_id(self.case, "proof", self.proofs)
        paper = self.words.kind.proof is not Proof.PHOTO and self.rng.random() < 0.3
        action = "resolve_paper" if paper else "resolve"
        document = self.maker.pictures.document(key, True, name, at)
        if not self._step(at, action, officer, done, documents=[document]):
            return False
        self.photos.append(self.maker.pictures.row(key, True, name, self.case, at))
        self.resolved, self.solver = at, officer.id
        return True

    def _judge(self, officer: Actor) -> None:
        plan = self.plan
        if plan.reopen:
            why = str(self.rng.choice(["poor", "elsewhere", "again"]))
            if not self._step(plan.judge, "reopen", ANONYMOUS, {"why": why, "more": self._pick(OBJECTIONS)}):
                return
            self.resolved = None
            other = self.maker.staff.one(self.unit, self.rng, but=officer.id)
            taken = planning.at_work(plan.judge + timedelta(hours=2), self.rng)
            if other is None or not self._step(taken, "start", other, {"plan": ""}):
                return
            if self._solve(taken + timedelta(hours=float(self.rng.uniform(3, 30))), other):
                self._close(self.steps[-1].at, 0)
        elif plan.rating:
            self._step(plan.judge, "confirm", ANONYMOUS, {"rating": plan.rating})
        else:
            self._close(plan.decide, 0)

    def _close(self, since: datetime, _: int) -> None:
        self._step(since + timedelta(days=REOPEN_DAYS), "close", SYSTEM)


def times(n: int, now: datetime, rng: Rng) -> list[datetime]:
    """``n`` moments of the past year, more of late, most in the last (stormy) week, fewer on Sundays, oldest first."""
    day = np.arange(1, DAYS + 1)
    weight = 1.35 - 0.7 * day / DAYS
    weekdays = np.array([(clock.local(now) - timedelta(days=int(back))).weekday() for back in day])
    weight *= np.where(weekdays == 6, 0.6, 1.0) * np.where(day <= 8, 2.2, 1.0)
    counts = rng.multinomial(n, weight / weight.sum())
    found = [
        planning.moment_of_day(now - timedelta(days=int(back)), rng)
        for back, count in zip(day, counts, strict=True)
        for _ in range(int(count))
    ]
    return sorted(moment for moment in found if moment < now)


def at_home(city: City, written: list[Words], opened: list[datetime], rng: Rng) -> None:
    """Move a part of the newest reports into one ward of the centre, so that its desk has a full day's work."""
    home = next((ward for ward in city.wards if ward.name.endswith(HOME_WARD)), city.wards[0])
    newest = [i for i, at in enumerate(opened) if at > city.now - timedelta(days=25)]
    chosen = [i for i in newest if rng.random() < HOME_SHARE]
    for i, words in zip(chosen, words_in(city, home, len(chosen), rng), strict=False):
        written[i] = words


def build(city: City, report: Callable[[str], None]) -> None:
    """Load the past year: ``SAMPLE x scale`` of the city's real flow."""
    rng = city.rng("requests", "history")
    n = min(A_YEAR, round(A_YEAR * SAMPLE * city.scale))
    opened = times(n, city.now, rng)
    written = words_for(city, len(opened), rng)
    at_home(city, written, opened, rng)
    wards = city.units(np.array([item.lon for item in written]), np.array([item.lat for item in written]))
    maker = Maker(city, Staff.load(), Pictures(), places.city().id, offices())
    stories = {
        story.item.id: story
        for story in (maker.story(i, *parts, rng) for i, parts in enumerate(zip(written, wards, opened, strict=True)))
    }
    loaded = cases.bulk_load([story.item for story in stories.values()])
    _rows(loaded, stories)
    while cases.erase_personal(500):  # the year's cases that are closed long enough lost their names in their time
        pass
    city.shared["requests"] = maker
    done = sum(case.state in DONE_STATES for case in loaded)
    report(f"{len(loaded)} reports of a year, {100 * done / max(1, len(loaded)):.0f} % done")


def _rows(loaded: list[Case], stories: dict[UUID | None, Story]) -> None:
    rows, exact, photos = [], {}, []
    for case in loaded:
        story = stories[case.id]
        values, place = row_of(case)
        values |= {
            "first_at": case.responded_at, "closed_at": case.closed_at, "reopened": case.reopened,
            "satisfaction": case.rating, "transfers": story.transfers, "updated_at": story.updated,
            "resolved_at": story.resolved if case.state in DONE_STATES else None,
        }  # fmt: skip
        rows.append(values)
        if place is not None:
            exact[case.id] = place
        photos += story.photos
    service.load_rows(rows, exact, photos)
