"""The small city of the cases' tests, and measures over its case type."""

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


@pytest.fixture
def repair(city: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Five measures over repairs, registered for one test."""
    from thanglong.core.measures.service import case_measures, catalogue
    from thanglong.kit.registry import Registry

    fresh: Registry[Any] = Registry("measure")
    monkeypatch.setattr(catalogue, "registered", fresh)
    monkeypatch.setattr("thanglong.core.measures.service.computing.registered", fresh)
    for item in case_measures("repair", ["repair"], domain="repair", targets={"in_time": 90.0}):
        fresh.add(item.key, item)
    return fresh


@pytest.fixture
def admin(city: Any) -> Any:
    """Someone who may manage measures."""
    from thanglong.core.cases.tests import scene
    from thanglong.core.people import service as people
    from thanglong.kit.ids import seeded_id

    people.bulk_load([scene._account("admin", "city_admin", city.city)])
    return people.actor(seeded_id("account", "admin"))
