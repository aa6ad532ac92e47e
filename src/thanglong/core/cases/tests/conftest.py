"""Fixtures; what they build stands in ``scene`` (imported late: Django is set up after this file is read)."""

from collections.abc import Iterator
from typing import Any

import pytest

from thanglong.kit import clock


@pytest.fixture
def frozen() -> Iterator[clock.Frozen]:
    from thanglong.core.cases.tests.scene import START

    moment = clock.Frozen(START)
    with clock.use(moment):
        yield moment


@pytest.fixture
def city(db: Any, frozen: clock.Frozen, monkeypatch: pytest.MonkeyPatch) -> Any:
    from thanglong.core.cases.service import catalogue
    from thanglong.core.cases.tests import scene

    for name in ("_registered", "_newest", "_hooks", "_kept"):  # the scene's case types are gone after the test
        monkeypatch.setattr(catalogue, name, getattr(catalogue, name).copy())
    return scene.build()
