"""The clock stands still for reasons the law knows, and never runs backwards."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thanglong.core.cases import service
from thanglong.core.cases.rules import clock as timing
from thanglong.core.cases.rules import pauses
from thanglong.core.cases.tests.dossier_scene import PERMIT, permit
from thanglong.core.cases.tests.helpers import step, verbs
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.types import Case, ClockSegment, Duration, Pause, PauseReason
from thanglong.kit import clock
from thanglong.kit.errors import Conflict, Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS


@pytest.fixture
def city(city: City) -> City:
    service.register(PERMIT)
    return city


def now(city: City, case: Case) -> Case:
    return service.case(city.head, case.id).case


def test_time_used_up_standing_still_is_given_back(city: City, frozen: Any) -> None:
    case = permit(city)
    due = case.due_at
    assert due == datetime(2026, 11, 30, 10, 30, tzinfo=UTC)  # ten working days after Monday 16/11: 17:30
    frozen.at = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # Wednesday 09:00
    paused = service.suspend(city.officer, case.id, "citizen", "Chờ bản vẽ", version=case.version)
    assert (paused.paused, paused.due_at) == ("citizen", None)
    assert paused.paused_until == datetime(2026, 11, 25, 10, 30, tzinfo=UTC)  # five working days, the law's most
    frozen.at = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # Friday 09:00: two working days later
    on = service.resume(city.officer, case.id, version=paused.version)
    assert on.due_at == datetime(2026, 12, 2, 10, 30, tzinfo=UTC)
    assert (on.paused, on.paused_until) == ("", None)
    assert verbs(case) == ["case.opened", "case.paused", "case.resumed"]
    segments = service.case(city.head, case.id).clock
    assert pauses.sound(segments) == []
    assert (segments[1].reason, segments[1].basis, segments[1].note, segments[1].by) == (
        "citizen", "Decree 1, article 2", "Chờ bản vẽ", "Officer",
    )  # fmt: skip
    texts = [service.sentence(event) for event in service.timeline(case.id)]
    assert texts[1:] == ["Đồng hồ dừng: chờ người dân.", "Đồng hồ chạy tiếp."]


def test_the_law_lets_the_clock_go_on_by_itself(city: City, frozen: Any) -> None:
    case = permit(city)
    frozen.at = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
    service.suspend(city.officer, case.id, "citizen", version=case.version)
    frozen.at = datetime(2026, 12, 20, 2, 0, tzinfo=UTC)  # nobody looked for a month
    service.sweep()
    on = now(city, case)
    assert on.paused == ""
    assert on.due_at == datetime(2026, 12, 8, 9, 30, tzinfo=UTC)  # the eight days and seven hours that were left
    assert on.level > 0
    with pytest.raises(Invalid, match="no more time"):
        service.suspend(city.officer, case.id, "citizen", version=on.version)


def test_what_the_law_does_not_know(city: City, frozen: Any) -> None:
    case = permit(city)
    with pytest.raises(Invalid, match="no such reason"):
        service.suspend(city.officer, case.id, "fee", version=case.version)
    with pytest.raises(Invalid, match="what happened"):
        service.suspend(city.officer, case.id, "force_majeure", version=case.version)
    with pytest.raises(Conflict):
        service.resume(city.officer, case.id, version=case.version)
    case = service.suspend(city.officer, case.id, "force_majeure", "Bão số 3", version=case.version)
    with pytest.raises(Conflict):
        service.suspend(city.officer, case.id, "citizen", version=case.version)
    frozen.advance(days=2)
    case = service.resume(city.officer, case.id, version=case.version)
    with pytest.raises(Invalid, match="no more time"):
        service.suspend(city.officer, case.id, "force_majeure", "Bão số 4", version=case.version)


def test_who_may_stop_the_clock(city: City) -> None:
    case = permit(city)
    for actor, error in ((city.stranger, NotFound), (city.leader, Denied), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(error):
            service.suspend(actor, case.id, "citizen", version=case.version)
        with pytest.raises(error):
            service.resume(actor, case.id, version=case.version)
    case = service.suspend(city.officer, case.id, "citizen", version=case.version)
    with pytest.raises(Conflict):
        service.resume(city.second, case.id, version=case.version - 1)
    assert verbs(case) == ["case.opened", "case.paused"]


def test_a_machine_whose_clock_was_set_back_does_not_undo_time(city: City, frozen: Any) -> None:
    case = step(city.officer, permit(city), "take")
    frozen.advance(days=1)
    case = service.suspend(city.officer, case.id, "body", version=case.version)
    left = service.case(city.head, case.id).clock[0].remaining
    frozen.advance(days=-3)
    case = service.resume(city.officer, case.id, version=case.version)
    segments = service.case(city.head, case.id).clock
    assert pauses.sound(segments) == []
    assert case.due_at is not None
    assert left == timing.left(PERMIT, case.data, segments[-1].started_at, case.due_at)


def test_closing_ends_a_pause(city: City, frozen: Any) -> None:
    case = step(city.officer, permit(city), "take")
    case = service.suspend(city.officer, case.id, "body", version=case.version)
    frozen.advance(days=1)
    case = step(city.officer, case, "refuse")
    assert (case.paused, case.closed_at) == ("", frozen.at)
    assert case.due_at is not None
    assert case.due_at > frozen.at
    assert [segment.running for segment in service.case(city.head, case.id).clock] == [True, False, True]


moments = st.integers(0, 60 * 24 * 60).map(
    lambda minutes: datetime(2026, 11, 16, tzinfo=UTC) + timedelta(minutes=minutes)
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(moments, min_size=2, max_size=12, unique=True),
    st.sampled_from([Duration(5), Duration(9, "working_hour"), Duration(3, "day")]),
)
def test_the_due_moment_only_ever_moves_on(times: list[datetime], duration: Duration) -> None:
    """Against a counter that adds up the running stretches: what ran is what was spent."""
    times.sort()
    opened = times[0]
    working = timing.is_working(duration)
    due = timing.after(opened, duration)
    total = timing.seconds_between(opened, due, working)
    spent, latest = 0, due
    for number, (start, end) in enumerate(zip(times, times[1:], strict=False)):
        if number % 2:
            left = timing.seconds_between(start, due, working)
            due = timing.shift(end, left, working)
            assert due >= latest or not working or timing.seconds_between(due, latest, True) == 0
            latest = max(latest, due)
        else:
            spent += timing.seconds_between(start, end, working)
    if len(times) % 2 == 0:
        assert timing.seconds_between(times[-1], due, working) == total - spent


@settings(max_examples=200, deadline=None)
@given(st.lists(moments, min_size=2, max_size=8, unique=True))
def test_all_pauses_together_stay_within_the_law(times: list[datetime]) -> None:
    times.sort()
    pause = Pause(PauseReason.CITIZEN, most=Duration(5))
    done: list[ClockSegment] = []
    for start, wanted in zip(times[::2], times[1::2], strict=False):
        if pauses.exhausted(pause, done):
            break
        limit = pauses.limit(pause, done, start)
        assert limit is not None
        assert limit >= start
        done.append(ClockSegment(False, start, min(wanted, limit), "citizen", None))
    # five working days begin the day after: the rest of the first day comes on top, once
    assert pauses.used(pause, done)[1] <= 6 * 8 * 3600
    assert clock.zone() is not None
