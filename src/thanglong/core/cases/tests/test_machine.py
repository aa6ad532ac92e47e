"""Any life of a case, of any definition: only allowed states, a clock that never runs backwards, no lost update."""

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from thanglong.core.cases import service
from thanglong.core.cases.rules import moves, pauses
from thanglong.core.cases.service import catalogue
from thanglong.core.cases.tests import scene
from thanglong.core.cases.tests.helpers import verbs
from thanglong.core.cases.types import (
    Action,
    Auto,
    Case,
    CaseType,
    Deadline,
    Duration,
    Escalation,
    FaultAnswer,
    FaultItem,
    OpinionAsk,
    OpinionRule,
    Pause,
    PauseReason,
    State,
    StateKind,
)
from thanglong.kit import clock
from thanglong.kit.errors import Conflict, Invalid, ThangLongError
from thanglong.kit.ports import ANONYMOUS

KEYS = ("a", "b", "c", "d", "e")
durations = st.builds(Duration, st.integers(1, 6), st.sampled_from(["working_day", "working_hour", "hour", "day"]))


@st.composite
def definitions(draw: Any) -> CaseType:
    """A sound lifecycle: random states, steps between them, pauses, opinions, a return and its answer."""
    keys = KEYS[: draw(st.integers(3, 5))]
    kinds = {key: draw(st.sampled_from(list(StateKind))) for key in keys[2:]}
    kinds |= {"a": StateKind.OPEN, "b": StateKind.WAITING}
    steps = [Action(f"to_{key}", key, (draw(st.sampled_from(keys[:at])),), key) for at, key in enumerate(keys) if at]
    for number in range(draw(st.integers(1, 6))):
        sources = tuple(draw(st.sets(st.sampled_from(keys), min_size=1)))
        effects = tuple(draw(st.sets(st.sampled_from(["claim", "release", "restart", "reopen", "resume"]))))
        steps.append(
            Action(
                f"s{number}", "Step", sources, draw(st.sampled_from(("", *keys))), effects=effects,
                awaits=draw(st.booleans()), within=draw(st.none() | durations),
            )
        )  # fmt: skip
    steps += [
        Action("give_back", "Return", ("a",), "b", effects=("return",)),
        Action("correct", "Correct", ("b",), "a", permission="", reporter=True, effects=("complete",)),
        Action("lapse", "Lapse", ("a", "b"), draw(st.sampled_from(keys)), permission=""),
    ]
    return CaseType(
        key="machine", version=1, title="Machine", prefix="MM", initial="a",
        states=tuple(
            State(
                key, key, kinds[key], stops_clock=not kinds[key].closed and (key != "a" and (key == "b" or draw(st.booleans()))),
                auto=Auto("lapse", draw(durations)) if key in ("a", "b") and draw(st.booleans()) else None,
            )
            for key in keys
        ),
        actions=tuple(steps),
        deadlines=(Deadline(draw(durations)),),
        escalations=(Escalation(0.5, "assignee"), Escalation(1.0, "head"), Escalation(1.5, "parent")),
        pauses=(
            Pause(PauseReason.CITIZEN, "x", draw(st.none() | durations)),
            Pause(PauseReason.BODY, "x"),
            Pause(PauseReason.FORCE_MAJEURE, "x", times=1),
        ),
        opinions=OpinionRule(
            draw(durations), draw(st.sampled_from(["all", "any", "none"])), draw(st.booleans()),
            draw(st.sampled_from(["nothing", "consent"])), "x",
        ),
    )  # fmt: skip


class Lives(RuleBasedStateMachine):
    """One city, one random definition, some cases; every verb in any order, two officers at once, time and its tricks."""

    cases = Bundle("cases")
    town: scene.City

    @initialize(case_type=definitions())
    def begin(self, case_type: CaseType) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.frozen = clock.Frozen(scene.START)
        self.used = clock.use(self.frozen)
        self.used.__enter__()
        for name in ("_registered", "_newest", "_hooks", "_kept"):
            patched = mock.patch.object(catalogue, name, getattr(catalogue, name).copy())
            patched.start()
        assert moves.problems(case_type) == []
        self.city = type(self).town
        service.register(case_type)
        self.type = case_type
        self.secrets: dict[Any, str] = {}
        self.steps: dict[Any, int] = {}

    def teardown(self) -> None:
        mock.patch.stopall()
        if hasattr(self, "used"):
            self.used.__exit__(None, None, None)
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def now(self, case_id: Any) -> Case:
        return service.case(self.city.head, case_id).case

    def done(self, before: Case) -> None:
        """A verb that returned raised the version by at least one; one that did not changed nothing."""
        after = self.now(before.id)
        assert after.version > before.version

    @rule(target=cases)
    def open(self) -> Any:
        case = service.open_case(ANONYMOUS, "machine", {}, key=None, unit=self.city.ward, subject="Việc")
        self.secrets[case.id] = case.secret
        return case.id

    @rule(case=cases, pick=st.integers(0, 20))
    def act(self, case: Any, pick: int) -> None:
        before = self.now(case)
        step = self.type.actions[pick % len(self.type.actions)]
        try:
            after = service.act(self.city.head, case, step.key, {}, version=before.version)
        except ThangLongError:
            assert self.now(case) == before
            return
        assert before.state in step.sources
        assert after.state == (step.target or before.state)
        self.done(before)

    @rule(case=cases, pick=st.integers(0, 20))
    def two_officers_at_once(self, case: Any, pick: int) -> None:
        """Both looked at the same version: at most one of them gets through."""
        before = self.now(case)
        step = self.type.actions[pick % len(self.type.actions)]
        won = 0
        for actor in (self.city.officer, self.city.second):
            try:
                service.act(actor, case, step.key, {}, version=before.version)
                won += 1
            except Conflict:
                assert won or before.state not in step.sources
            except ThangLongError:
                assert self.now(case) == before or won
        assert won <= 1
        assert self.now(case).version == before.version + won

    @rule(case=cases, reason=st.sampled_from(["citizen", "body", "force_majeure", "fee"]))
    def stop(self, case: Any, reason: str) -> None:
        before = self.now(case)
        try:
            after = service.suspend(self.city.officer, case, reason, "Bão", version=before.version)
        except ThangLongError:
            assert self.now(case) == before
            return
        assert after.due_at is None
        self.done(before)

    @rule(case=cases)
    def go_on(self, case: Any) -> None:
        before = self.now(case)
        try:
            service.resume(self.city.officer, case, version=before.version)
        except Conflict:
            assert not before.paused
            return
        self.done(before)

    @rule(case=cases, answer=st.sampled_from(["agree", "decline", "withdraw", "ask"]))
    def opinions(self, case: Any, answer: str) -> None:
        before = self.now(case)
        asked = [item for item in service.case(self.city.head, case).opinions if item.open]
        try:
            if answer == "ask" or not asked:
                ask = OpinionAsk(self.city.other, "Có được không?")
                service.ask_opinions(self.city.officer, case, [ask], version=before.version)
            elif answer == "agree":
                service.answer_opinion(self.city.stranger, asked[0].id, "agree", "Được")
            elif answer == "decline":
                service.decline_opinion(self.city.stranger, asked[0].id, "Không rõ")
            else:
                service.withdraw_opinion(self.city.officer, asked[0].id)
        except (Invalid, Conflict):
            assert self.now(case) == before
            return
        self.done(before)

    @rule(case=cases, head=st.booleans())
    def give_back(self, case: Any, head: bool) -> None:
        before = self.now(case)
        fault = FaultItem("other", "", "Thiếu", "Bổ sung")
        actor = self.city.head if head else self.city.officer
        try:
            service.return_case(actor, case, [fault], version=before.version, reason="Bỏ sót")
        except (Invalid, Conflict):
            assert self.now(case) == before
            return
        self.done(before)

    @rule(case=cases, approve=st.booleans())
    def decide(self, case: Any, approve: bool) -> None:
        for item in service.case(self.city.head, case).returns:
            if item.state == "proposed":
                before = self.now(case)
                try:
                    service.decide_return(self.city.head, item.id, approve, version=before.version)
                except Conflict:
                    assert self.now(case) == before

    @rule(case=cases)
    def correct(self, case: Any) -> None:
        before = self.now(case)
        found = [item for item in service.case(self.city.head, case).returns if item.state == "sent"]
        answers = {finding.id: FaultAnswer(text="Đây") for item in found for finding in item.findings}
        try:
            service.answer_return(ANONYMOUS, case, answers, version=before.version, secret=self.secrets[case])
        except (Invalid, Conflict):
            assert self.now(case) == before
            return
        self.done(before)

    @rule(case=consumes(cases))
    def hand_over(self, case: Any) -> None:
        before = self.now(case)
        try:
            there = service.transfer(self.city.head, case, self.city.other, "Bên kia đường", version=before.version)
        except (Invalid, Conflict):
            return
        assert there.state == self.type.initial

    @rule(hours=st.integers(-30, 400))
    def time_passes(self, hours: int) -> None:
        """Also backwards: a machine's clock may be set back."""
        self.frozen.at += timedelta(hours=hours)
        service.sweep()

    @invariant()
    def all_is_well(self) -> None:
        if not hasattr(self, "type"):
            return
        known = {state.key: state for state in self.type.states}
        for key in self.secrets:
            row = catalogue_case(key)
            state = known[row.state]
            assert row.kind is state.kind
            assert (row.closed_at is not None) == state.kind.closed
            events = service.timeline(key)
            assert events[-1].to_state == row.state
            for event in events:
                if event.verb == "acted":
                    step = self.type.action(event.action)
                    assert step is not None
                    assert event.from_state in step.sources
                    assert event.to_state == (step.target or event.from_state)
                elif event.verb not in ("opened", "transferred"):
                    assert event.from_state == event.to_state
            segments = rows_clock(key)
            assert pauses.sound(segments) == []
            stands = pauses.stands(self.type, row)
            assert (row.due_at is None) == stands
            assert not segments or segments[-1].running != stands
            assert len(verbs(row)) == len(events)


def catalogue_case(key: Any) -> Case:
    """A case whoever asks."""
    from thanglong.core.cases.service import writing

    return writing.load(key)[0]


def rows_clock(key: Any) -> Any:
    """A case's clock whoever asks."""
    from thanglong.core.cases.repository import rows

    return rows.clock_segments(key)


def live(city: scene.City, examples: int, steps: int) -> None:
    Lives.town = city
    checks = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck),
        print_blob=True,
    )  # fmt: skip
    run_state_machine_as_test(Lives, settings=checks)


def test_any_life_of_any_definition(city: scene.City) -> None:
    live(city, 4, 14)


@pytest.mark.slow
def test_many_lives_of_many_definitions(city: scene.City) -> None:
    live(city, 40, 30)
