from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from thanglong.core.people import rules
from thanglong.core.people.types import ACTIONS, BUILTIN, CITY, SCOPES, Kind, Membership, Role, Throttle, Token
from thanglong.kit.ports import Reach

ROLES = {role.key: role for role in BUILTIN}
UNITS = [UUID(int=n) for n in range(1, 8)]  # 1 is the root; 2 and 3 below it; 4, 5 below 2; 6, 7 below 3
ROOT = UNITS[0]
CHILDREN = {1: (2, 3), 2: (4, 5), 3: (6, 7)}
DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(6)]
NOW = datetime(2026, 1, 3, tzinfo=UTC)


def subtree(unit: UUID) -> frozenset[UUID]:
    below = [subtree(UUID(int=child)) for child in CHILDREN.get(unit.int, ())]
    return frozenset({unit}).union(*below)


memberships = st.builds(
    lambda role, unit, start, length: Membership(
        UUID(int=99), UUID(int=98), role, unit, start, start + timedelta(days=length) if length < 9 else None, Kind.POST
    ),
    st.sampled_from([*ROLES, "unknown"]),
    st.sampled_from([*UNITS, CITY]),
    st.sampled_from(DAYS),
    st.integers(0, 10),
)


@given(
    st.lists(memberships, max_size=4), st.sampled_from(sorted(ACTIONS)), st.sampled_from(DAYS), st.sampled_from(UNITS)
)
def test_a_decision_is_role_and_subtree_and_day(held: list[Membership], action: str, day: date, unit: UUID) -> None:
    expected = any(
        item.role in ROLES
        and action in ROLES[item.role].actions
        and item.valid_from <= day
        and (item.valid_to is None or day <= item.valid_to)
        and (item.unit == CITY or unit in subtree(item.unit))
        for item in held
    )
    reach = rules.where(held, ROLES, action, day, subtree, ROOT)
    assert (unit in reach) == expected
    assert not expected or bool(reach)


@given(
    st.lists(memberships, max_size=3),
    st.sampled_from(sorted(ACTIONS)),
    st.lists(st.sampled_from(sorted(SCOPES)), max_size=2),
)
def test_a_key_never_reaches_beyond_its_owner(held: list[Membership], action: str, scopes: list[str]) -> None:
    whole = rules.where(held, ROLES, action, DAYS[2], subtree, ROOT)
    for limit in (None, UNITS[1]):
        token = Token(UUID(int=1), UUID(int=98), "k", frozenset(scopes), limit, NOW, None)
        part = rules.narrowed(whole, token, action, NOW, subtree)
        for unit in UNITS:
            allowed = (
                unit in whole and any(action in SCOPES[s] for s in scopes) and (limit is None or unit in subtree(limit))
            )
            assert (unit in part) == allowed


def test_a_key_that_is_over_reaches_nothing() -> None:
    for expires, revoked in ((NOW, None), (NOW - timedelta(1), None), (None, NOW)):
        token = Token(UUID(int=1), UUID(int=98), "k", frozenset(SCOPES), None, NOW, expires, None, revoked)
        assert not rules.narrowed(Reach(True), token, "cases.view", NOW, subtree)


@given(st.lists(memberships, max_size=3), st.sampled_from(sorted(ROLES)), st.sampled_from(DAYS), st.integers(0, 10))
def test_nobody_passes_on_more_than_they_hold(held: list[Membership], role: str, start: date, length: int) -> None:
    end = start + timedelta(days=length) if length < 9 else None
    for unit in rules.within(held, ROLES, ROLES[role], (start, end)):
        source = [item for item in held if item.unit == unit]
        assert any(
            ROLES[role].actions <= ROLES[item.role].actions
            and item.valid_from <= start
            and (item.valid_to is None or (end is not None and end <= item.valid_to))
            for item in source
            if item.role in ROLES
        )


def test_every_action_and_scope_is_known() -> None:
    for role in BUILTIN:
        assert role.actions <= set(ACTIONS)
    for actions in SCOPES.values():
        assert actions <= set(ACTIONS)


def test_the_first_capacity_is_the_post_of_highest_rank() -> None:
    def held(role: str, kind: Kind, number: int) -> Membership:
        return Membership(UUID(int=number), UUID(int=98), role, ROOT, DAYS[0], None, kind)

    rows = [held("officer", Kind.POST, 1), held("city_leader", Kind.DEPUTY, 2), held("unit_head", Kind.POST, 3)]
    first = rules.primary(rows, ROLES, DAYS[1])
    assert first is not None
    assert first.id.int == 3
    assert rules.primary(rows, ROLES, DAYS[0] - timedelta(1)) is None


@given(st.integers(1, 400))
def test_pauses_double_and_are_bounded(failures: int) -> None:
    state, now, pauses = Throttle(), NOW, []
    for _ in range(failures):
        state = rules.failed(state, now, 8, timedelta(minutes=15))
        if state.until is not None and rules.locked(state, now):
            pauses.append(state.until - now)
            now = state.until
        now += timedelta(seconds=1)
    assert pauses == [min(timedelta(minutes=15) * 2 ** min(n, 16), rules.LONGEST_LOCK) for n in range(failures // 8)]


def test_a_quiet_day_forgets_failures() -> None:
    state = Throttle(7, NOW, 3, None)
    after = rules.failed(state, NOW + timedelta(hours=25), 8, timedelta(minutes=15))
    assert (after.failures, after.locks) == (1, 0)


def test_keys_are_long_and_recognisable() -> None:
    made = {rules.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert all(secret.startswith("tlg_") and len(secret) >= 47 for secret in made)


def test_unknown_roles_give_nothing() -> None:
    extra = {**ROLES, "odd": Role("odd", "", "", frozenset())}
    held = [Membership(UUID(int=1), UUID(int=2), "odd", ROOT, DAYS[0], None, Kind.POST)]
    assert not rules.where(held, extra, "cases.view", DAYS[1], subtree, ROOT)
