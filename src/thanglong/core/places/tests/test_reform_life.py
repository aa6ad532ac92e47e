"""Any order of steps: a reorganisation never reaches a state it should not, and no day has two truths or none."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thanglong.core.places import models, service
from thanglong.core.places.repository import rows
from thanglong.core.places.tests.conftest import Town
from thanglong.core.places.tests.test_reforming import BODY, plan
from thanglong.core.places.types import ActState
from thanglong.kit import clock
from thanglong.kit.errors import Conflict, Invalid
from thanglong.kit.ports import SYSTEM

START, DAY = datetime(2026, 3, 2, 3, tzinfo=UTC), date(2026, 7, 1)
STEPS = st.lists(
    st.tuples(st.sampled_from(["draft", "redraft", "decide", "undo", "discard", "force", "wait"]), st.integers(0, 3)),
    max_size=14,
)
ALLOWED = {
    ActState.DRAFT: {ActState.DRAFT, ActState.DECIDED, ActState.IN_FORCE, ActState.DISCARDED},
    ActState.DECIDED: {ActState.DECIDED, ActState.UNDONE, ActState.IN_FORCE},
    ActState.IN_FORCE: {ActState.IN_FORCE},
    ActState.UNDONE: {ActState.UNDONE},
    ActState.DISCARDED: {ActState.DISCARDED},
}


def _do(step: str, which: int, acts: list[UUID], moment: clock.Frozen) -> None:
    if step == "wait":
        moment.at += timedelta(days=40)
    elif step == "force":
        service.enforce_due()
    elif step == "draft" or not acts:
        acts.append(service.draft(SYSTEM, plan()).id)
    else:
        reform = service.reorganisation(SYSTEM, acts[which % len(acts)])
        verbs: dict[str, Any] = {"decide": service.decide, "undo": service.undo, "discard": service.discard}
        if step == "redraft":
            service.redraft(SYSTEM, reform.id, plan(mapping=BODY["mapping"]), version=reform.version)
        else:
            verbs[step](SYSTEM, reform.id, version=reform.version)


def _sound(first: object) -> None:
    """No overlap, no gap within a unit's life, parts of every old unit sum to one, nothing left of what was undone."""
    for states in rows.full_states().values():
        for a, b in zip(states, states[1:], strict=False):
            assert a.valid_to is not None
            assert a.valid_to + timedelta(days=1) == b.valid_from
    standing = [item for item in service.reorganisations(SYSTEM) if item.state in (ActState.DECIDED, ActState.IN_FORCE)]
    assert len(standing) <= 1, "two acts on the same units never stand at once"
    if not standing:
        assert (rows.full_states(), rows.successions(), rows.acts()) == first
    else:
        for parts in service.correspondence(DAY - timedelta(days=1), DAY).values():
            assert sum(parts.values()) == pytest.approx(1)
        assert len(service.wards(DAY)) == 2
    assert len(service.wards(DAY - timedelta(days=1))) == 3


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_any_order_of_steps(town: Town, steps: list[tuple[str, int]]) -> None:
    from django.db import transaction

    point = transaction.atomic()
    point.__enter__()
    moment = clock.Frozen(START)
    try:
        with clock.use(moment):
            first = rows.full_states(), rows.successions(), rows.acts()
            acts: list[UUID] = []
            states: dict[UUID, ActState] = {}
            for step, which in steps:
                try:
                    with transaction.atomic():
                        _do(step, which, acts, moment)
                except (Conflict, Invalid):
                    acts[:] = [act for act in acts if models.Reorganisation.objects.filter(pk=act).exists()]
                for reform in service.reorganisations(SYSTEM):
                    assert reform.state in ALLOWED[states.get(reform.id, ActState.DRAFT)]
                    states[reform.id] = reform.state
                _sound(first)
    finally:
        transaction.set_rollback(True)
        point.__exit__(None, None, None)
