"""Things follow a reform behind the act, as often as it takes."""

from datetime import date
from uuid import UUID

import pytest

from thanglong.core.places import service as places
from thanglong.core.places.tests.conftest import Town, town  # noqa: F401
from thanglong.core.places.tests.test_reforming import AFTER, DAY, NOW, plan
from thanglong.core.things.service.reorganising import rehome
from thanglong.core.things.types import geo, plain, thing_id, unit_rel
from thanglong.kit import clock, registry
from thanglong.kit.ports import SYSTEM, ThingsStore
from thanglong.stores.jobs import queue


def _lamp(name: str, unit: UUID, lon: float) -> dict[str, object]:
    return {
        "id": thing_id("Streetlight", name),
        "type": "Streetlight",
        "unit": unit_rel(unit),
        "location": geo(lon, 21.05),
    }


@pytest.mark.django_db
def test_lamps_go_where_they_stand(town: Town, things: ThingsStore) -> None:  # noqa: F811
    with clock.use(clock.Frozen(NOW)):
        lamps = [_lamp("a", town.cua_nam, 105.05), _lamp("b", town.hoa_binh, 105.12), _lamp("c", town.hoa_binh, 105.18)]
        things.write(lamps, mode="create", at=clock.now())
        reform = places.draft(SYSTEM, plan())
        assert {line.key: line.count for line in places.preview(SYSTEM, reform.id).affected}["things"] == 3
        places.decide(SYSTEM, reform.id, version=1)
    with clock.use(clock.Frozen(AFTER)):
        places.enforce_due()
        change = places.change_now(reform.id)
        assert change is not None
        assert registry.followers["things"].waiting(change) == 3
        queue.drain()
        assert registry.followers["things"].waiting(change) == 0
        assert rehome(reform.id) == 0, "again changes nothing"
        new = next(unit.id for unit in places.wards(DAY) if unit.code == "00100")
        found = things.get([str(lamp["id"]) for lamp in lamps])
        homes = {key[-1]: plain(entity, "unit")[-36:] for key, entity in found.items()}
        assert homes == {"a": str(new), "b": str(new), "c": str(town.da_si)}
    assert places.unit(town.hoa_binh).valid_to == date(2026, 6, 30)
