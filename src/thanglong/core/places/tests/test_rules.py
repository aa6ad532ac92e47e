from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from thanglong.core.places import rules
from thanglong.core.places.types import NewState, UnitKind

START = date(2020, 1, 1)


@st.composite
def states(draw: st.DrawFn) -> NewState:
    first = START + timedelta(draw(st.integers(0, 60)))
    length = draw(st.none() | st.integers(0, 30))
    name = draw(st.sampled_from("ABC"))
    last = None if length is None else first + timedelta(length)
    return NewState(UnitKind.WARD, "1", name, first, last)


def name_on(history: list[NewState], day: date) -> str | None:
    found = [s.name for s in history if s.valid_from <= day and (s.valid_to is None or day <= s.valid_to)]
    assert len(found) <= 1, "states overlap"
    return found[0] if found else None


@given(st.lists(states(), max_size=6))
def test_splicing_is_writing_on_a_calendar(given_states: list[NewState]) -> None:
    history: list[NewState] = []
    calendar: dict[int, str] = {}
    for state in given_states:
        history = rules.splice(history, state)
        for day in range(200):
            moment = START + timedelta(day)
            if state.valid_from <= moment and (state.valid_to is None or moment <= state.valid_to):
                calendar[day] = state.name
        assert not rules.overlapping(history)
    for day in range(200):
        assert name_on(history, START + timedelta(day)) == calendar.get(day)


@given(st.lists(states(), max_size=5), states())
def test_laying_the_same_twice_changes_nothing(given_states: list[NewState], new: NewState) -> None:
    history: list[NewState] = []
    for state in given_states:
        history = rules.splice(history, state)
    once = rules.overlay(history, new)
    assert rules.overlay(once, new) == once
    assert rules.say_the_same(once, rules.merged(once))


def test_overlay_keeps_what_is_left_open() -> None:
    before = [NewState(UnitKind.WARD, "1", "A", START, population=10, lon=1.0, lat=2.0)]
    after = rules.overlay(before, NewState(UnitKind.WARD, "1", "B", START + timedelta(10), population=20))
    assert [(state.name, state.population, state.lon) for state in after] == [("A", 10, 1.0), ("B", 20, 1.0)]


def test_names() -> None:
    assert rules.kind_of("Phường Cửa Nam") is UnitKind.WARD
    assert rules.kind_of("Thị trấn Tây Đằng") is UnitKind.TOWNSHIP
    assert rules.kind_of("Đặc khu Phú Quốc") is UnitKind.SPECIAL_ZONE
    assert rules.kind_of("Sở Y tế") is UnitKind.OFFICE
    assert rules.short_name("Xã Ba Vì", UnitKind.COMMUNE) == "Ba Vì"
    assert rules.short_name("Phường 1", UnitKind.WARD) == "Phường 1"
    assert rules.english_name("Quận Ba Đình", UnitKind.DISTRICT) == "Ba Đình District"
    assert rules.english_name("Quận 1", UnitKind.DISTRICT) == "District 1"
    assert rules.english_name("Sở Y tế", UnitKind.OFFICE) == "Sở Y tế"


def test_a_code_alone_is_no_identity() -> None:
    old = rules.Identity("local", "00004", "Phường Trúc Bạch", "001", 2)
    assert rules.continues(old, rules.Identity("local", "00004", "Phường Trúc Bạch Mới", "001", 2)), "renamed"
    assert rules.continues(old, rules.Identity("local", "00004", "Phường Trúc Bạch", "002", 2)), "moved"
    assert not rules.continues(old, rules.Identity("local", "00004", "Phường Ba Đình", "", 1)), "another level"
    assert not rules.continues(old, rules.Identity("local", "00004", "Phường X", "002", 2)), "nothing but the code"
