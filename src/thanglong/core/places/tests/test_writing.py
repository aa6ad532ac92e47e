from datetime import date, timedelta
from uuid import uuid4

import pytest
import shapely
from django.db import IntegrityError, transaction
from shapely.geometry import box

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.places import models, service
from thanglong.core.places.tests.conftest import REFORM, Town
from thanglong.core.places.types import MappingRow, NewAct, NewState, NewUnit, Succession, UnitKind, UnitRows
from thanglong.kit import clock
from thanglong.kit.errors import Conflict, Denied, Invalid, NotFound
from thanglong.kit.ports import ANONYMOUS, SYSTEM

DAY = date(2026, 1, 1)
ACT = NewAct("Nghị quyết thử", DAY, "1/NQ", "Hội đồng nhân dân", date(2025, 12, 1))


def verbs(unit: object) -> list[str]:
    return [entry.verb for entry in ledger.entries(ObjectRef("unit", str(unit)))]


def state(town: Town, **more: object) -> NewState:
    values: dict[str, object] = {"kind": UnitKind.WARD, "code": "00099", "name": "Phường Mới", "valid_from": DAY}
    return NewState(**{**values, "parent": town.city, **more})  # type: ignore[arg-type]


def test_create(town: Town) -> None:
    before = service.version()
    made = service.create_unit(SYSTEM, state(town), act=ACT)
    assert made.name_en == "Mới Ward"
    assert service.version() != before
    assert verbs(made.id) == ["unit.created"]
    act = service.act(made.act) if made.act else None
    assert act
    assert act.number == "1/NQ"
    assert [entry.verb for entry in ledger.entries(ObjectRef("act", str(act.id)))] == ["act.recorded"]
    assert service.unit(made.id) == made


def test_everything_wrong_is_told_at_once(town: Town) -> None:
    bad = state(town, name=" ", code="00004", lon=200.0, lat=None, valid_to=DAY - timedelta(1), parent=uuid4())
    with pytest.raises(Invalid) as caught:
        service.create_unit(SYSTEM, bad)
    assert {fault.field for fault in caught.value.faults} == {"name", "code", "lon", "valid_to", "parent"}
    assert models.Unit.objects.count() == 7
    crossed = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    with pytest.raises(Invalid):
        service.create_unit(SYSTEM, state(town, boundary=crossed))
    with pytest.raises(Conflict):
        service.create_unit(SYSTEM, state(town), id=town.city)
    with pytest.raises(NotFound):
        service.create_unit(SYSTEM, state(town), act=uuid4())


def test_rename_keeps_what_was(town: Town) -> None:
    changed = service.update_unit(SYSTEM, town.cua_nam, {"name": "Phường Cửa Bắc"}, effective=DAY, act=ACT)
    assert (changed.name, changed.name_en, changed.valid_from) == ("Phường Cửa Bắc", "Cửa Bắc Ward", DAY)
    assert [item.name for item in service.states(town.cua_nam)] == ["Phường Cửa Nam", "Phường Cửa Bắc"]
    assert service.unit(town.cua_nam, DAY - timedelta(1)).valid_to == DAY - timedelta(1)
    assert service.boundary(town.cua_nam, DAY) is not None, "what is not changed stays"
    assert verbs(town.cua_nam) == ["unit.created", "unit.changed"]
    assert service.find("cua nam")[0].id == town.cua_nam, "an old name still finds it"


def test_change_refused(town: Town) -> None:
    with pytest.raises(Invalid):
        service.update_unit(SYSTEM, town.cua_nam, {"name": "X"}, effective=date(2020, 1, 1))
    with pytest.raises(Invalid) as caught:
        service.update_unit(SYSTEM, town.city, {"parent": town.cua_nam}, effective=DAY)
    assert caught.value.faults[0].field == "parent"
    with pytest.raises(NotFound):
        service.update_unit(SYSTEM, uuid4(), {}, effective=DAY)


def test_close(town: Town) -> None:
    with pytest.raises(Invalid):
        service.close_unit(SYSTEM, town.city, last_day=DAY)
    with pytest.raises(Invalid):
        service.close_unit(SYSTEM, town.cua_nam, last_day=date(2020, 1, 1))
    with pytest.raises(NotFound):
        service.close_unit(SYSTEM, uuid4(), last_day=DAY)
    heir = Succession(town.da_si, town.hoa_binh, 1.0)
    closed = service.close_unit(SYSTEM, town.da_si, last_day=DAY, act=ACT, successors=[heir])
    assert closed.valid_to == DAY
    assert service.unit_at(105.25, 21.05, DAY + timedelta(1)) is None
    assert service.unit(town.da_si).name == "Phường Đa Sĩ", "a closed unit keeps its last name"
    assert [row.new for row in service.successors(town.da_si)] == [town.hoa_binh]
    assert verbs(town.da_si) == ["unit.created", "unit.closed", "unit.succeeded"]


def test_succession(town: Town) -> None:
    service.record_succession(SYSTEM, Succession(town.da_si, town.cua_nam, 0.5))
    assert verbs(town.da_si)[-1] == "unit.succeeded"
    with pytest.raises(Conflict):
        service.record_succession(SYSTEM, Succession(town.da_si, town.cua_nam))
    for other in (town.da_si, uuid4()):
        with pytest.raises(Invalid):
            service.record_succession(SYSTEM, Succession(town.da_si, other))


def test_record_act(town: Town) -> None:
    act_id = service.record_act(SYSTEM, ACT)
    assert any(act.id == act_id for act in service.acts())
    with pytest.raises(Invalid):
        service.record_act(SYSTEM, NewAct(" ", DAY))


def test_nobody_else_may(town: Town) -> None:
    tries = [
        lambda: service.create_unit(ANONYMOUS, state(town)),
        lambda: service.update_unit(ANONYMOUS, town.cua_nam, {"name": "X"}, effective=DAY),
        lambda: service.close_unit(ANONYMOUS, town.cua_nam, last_day=DAY),
        lambda: service.record_act(ANONYMOUS, ACT),
        lambda: service.record_succession(ANONYMOUS, Succession(town.da_si, town.cua_nam)),
        lambda: service.bulk_load(ANONYMOUS, []),
        lambda: service.import_units(ANONYMOUS, UnitRows(), dry_run=True),
        lambda: service.import_mapping(ANONYMOUS, [MappingRow(1, "a", "b")], dry_run=True),
    ]
    version = service.version()
    for attempt in tries:
        with pytest.raises(Denied):
            attempt()
    assert service.version() == version


def test_two_states_never_overlap(town: Town) -> None:
    twice = [state(town, valid_to=None), state(town, valid_from=DAY + timedelta(9))]
    with pytest.raises(Invalid):
        service.bulk_load(SYSTEM, [NewUnit(uuid4(), twice)])
    row = models.UnitState.objects.get(unit_id=town.cua_nam)
    row.pk, row.valid_from = None, DAY
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)
    other = models.UnitState.objects.get(unit_id=town.old)
    other.valid_to = None
    other.save()
    later = models.UnitState(unit_id=town.old, kind="ward", code="1", name="x", valid_from=REFORM)
    with pytest.raises(IntegrityError), transaction.atomic():
        later.save(force_insert=True)


def test_what_is_rolled_back_was_never_there(town: Town) -> None:
    version = service.version()
    with pytest.raises(RuntimeError), transaction.atomic():
        service.create_unit(SYSTEM, state(town, boundary=box(105.3, 21.0, 105.4, 21.1)))
        assert service.unit_at(105.35, 21.05) is not None, "a transaction sees its own work"
        raise RuntimeError
    assert service.version() == version
    assert service.unit_at(105.35, 21.05) is None


@pytest.mark.django_db(transaction=True)
def test_other_threads_see_a_change_once_it_is_committed() -> None:
    import threading

    from django.db import connection

    seen: list[int] = []

    def look() -> None:
        seen.append(len(service.units()))
        connection.close()

    def ask() -> None:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    city = NewState(UnitKind.CITY, "01", "Thành phố Thử", DAY)
    with clock.use(clock.Frozen(clock.now())):
        ask()
        service.create_unit(SYSTEM, city)
        ask()
    assert seen == [0, 1]
