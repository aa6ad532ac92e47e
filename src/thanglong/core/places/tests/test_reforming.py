"""A reorganisation from draft to effect: preview, decision, undo, the day itself; who may, and what is written down."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import orjson
import pytest
from shapely.geometry import box, mapping

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.places import service
from thanglong.core.places.repository import rows
from thanglong.core.places.tests.conftest import Town
from thanglong.core.places.types import ActState, NewAct, Plan
from thanglong.kit import clock
from thanglong.kit.errors import Conflict, Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS, SYSTEM

NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
DAY = date(2026, 7, 1)
AFTER = datetime(2026, 7, 1, 3, tzinfo=UTC)
ACT = {
    "number": "9/NQ-HĐND", "title": "Nghị quyết sắp xếp", "issuer": "HĐND", "signed_on": "2026-02-01",
    "effective_on": "2026-07-01",
}  # fmt: skip
# Cửa Nam goes whole to Hồng Hà; Hòa Bình is divided between Hồng Hà (west half) and Đa Sĩ, which lives on
BODY: dict[str, Any] = {
    "act": ACT,
    "units": [
        {"code": "00100", "name": "Phường Hồng Hà", "boundary": mapping(box(105.0, 21.0, 105.15, 21.1))},
        {"code": "00010", "name": "Phường Đa Sĩ", "boundary": mapping(box(105.15, 21.0, 105.3, 21.1))},
    ],
    "mapping": [
        {"old": "00004", "new": "00100"},
        {"old": "00007", "new": "00100"},
        {"old": "00007", "new": "00010"},
    ],
}


def plan(**changes: Any) -> Plan:
    return service.read_reorganisation(orjson.dumps({**BODY, **changes}), "a.json")


def verbs(kind: str, key: object) -> list[str]:
    return [entry.verb for entry in ledger.entries(ObjectRef(kind, str(key)))]


@pytest.fixture
def spring() -> Any:
    with clock.use(clock.Frozen(NOW)):
        yield


def test_the_preview_tells_everything_and_writes_nothing(town: Town, spring: None) -> None:
    version = service.version()
    view = service.preview(SYSTEM, plan())
    assert view.ok, [str(problem) for problem in view.problems]
    assert [unit.name for unit in view.founded] == ["Phường Hồng Hà"]
    assert {unit.name for unit in view.closed} == {"Phường Cửa Nam", "Phường Hòa Bình"}
    assert [unit.name for unit in view.living_on] == ["Phường Đa Sĩ"]
    assert view.divided == 1
    parted = next(item for item in view.divisions if len(item.parts) > 1)
    assert parted.old.name == "Phường Hòa Bình"
    assert dict(parted.parts) == pytest.approx({"Phường Hồng Hà": 0.5, "Phường Đa Sĩ": 0.5})
    founded = view.founded[0]
    assert founded.population == 75_000
    assert founded.area_km2 == pytest.approx(172.5)
    assert service.version() == version


def test_from_draft_to_effect(town: Town, spring: None) -> None:
    reform = service.draft(SYSTEM, plan())
    assert reform.state is ActState.DRAFT
    decided = service.decide(SYSTEM, reform.id, version=1)
    assert decided.state is ActState.DECIDED
    assert service.decide(SYSTEM, reform.id, version=1) == decided, "a double click changes nothing"
    founded = next(unit for unit in service.wards(DAY) if unit.code == "00100")
    assert {unit.name for unit in service.wards(date(2026, 6, 30))} == {
        "Phường Cửa Nam", "Phường Hòa Bình", "Phường Đa Sĩ"
    }  # fmt: skip
    assert {unit.name for unit in service.wards(DAY)} == {"Phường Hồng Hà", "Phường Đa Sĩ"}
    assert service.unit(town.cua_nam, DAY).name == "Phường Cửa Nam", "a closed unit keeps its last name"
    at = service.unit_at(105.18, 21.05, DAY)
    assert at is not None
    assert at.id == town.da_si
    assert {row.new: row.share_area for row in service.successors(town.hoa_binh)} == pytest.approx(
        {founded.id: 0.5, town.da_si: 0.5}
    )
    act = service.act(founded.act) if founded.act else None
    assert act is not None
    assert act.number == ACT["number"]
    assert service.enforce_due() == 0, "its day has not come"
    with clock.use(clock.Frozen(AFTER)):
        assert service.enforce_due() == 1
        assert service.enforce_due() == 0
        done = service.reorganisation(SYSTEM, reform.id)
        assert done.state is ActState.IN_FORCE
        with pytest.raises(Conflict):
            service.undo(SYSTEM, reform.id, version=done.version)
        assert service.former([founded.id]) == {town.cua_nam, town.hoa_binh, town.old}
    assert verbs("reorganisation", reform.id) == [
        "reorganisation.drafted", "reorganisation.decided", "reorganisation.in_force"
    ]  # fmt: skip
    assert verbs("unit", founded.id) == ["unit.created"]
    assert verbs("unit", town.cua_nam)[-2:] == ["unit.closed", "unit.succeeded"]


def test_undone_before_its_day_everything_is_as_it_was(town: Town, spring: None) -> None:
    before = rows.full_states(), rows.successions(), rows.acts()
    reform = service.draft(SYSTEM, plan())
    decided = service.decide(SYSTEM, reform.id, version=1)
    undone = service.undo(SYSTEM, reform.id, version=decided.version)
    assert undone.state is ActState.UNDONE
    assert service.undo(SYSTEM, reform.id, version=decided.version).state is ActState.UNDONE, "a double click"
    assert (rows.full_states(), rows.successions(), rows.acts()) == before
    assert verbs("reorganisation", reform.id)[-1] == "reorganisation.undone"
    assert verbs("unit", town.cua_nam)[-1] == "unit.restored"
    with clock.use(clock.Frozen(AFTER)):
        assert service.enforce_due() == 0
    with pytest.raises(Conflict):
        service.decide(SYSTEM, reform.id, version=undone.version)


def test_undo_is_refused_when_something_was_built_on_it(town: Town, spring: None) -> None:
    reform = service.draft(SYSTEM, plan())
    decided = service.decide(SYSTEM, reform.id, version=1)
    service.update_unit(SYSTEM, town.da_si, {"name": "Phường Đa Sỹ"}, effective=date(2026, 9, 1))
    with pytest.raises(Conflict):
        service.undo(SYSTEM, reform.id, version=decided.version)
    assert service.reorganisation(SYSTEM, reform.id).state is ActState.DECIDED


def test_two_officers_at_once(town: Town, spring: None) -> None:
    reform = service.draft(SYSTEM, plan())
    service.redraft(SYSTEM, reform.id, plan(), version=1)
    for attempt in (
        lambda: service.redraft(SYSTEM, reform.id, plan(), version=1),
        lambda: service.decide(SYSTEM, reform.id, version=1),
        lambda: service.discard(SYSTEM, reform.id, version=1),
    ):
        with pytest.raises(Conflict):
            attempt()
    gone = service.discard(SYSTEM, reform.id, version=2)
    assert gone.state is ActState.DISCARDED
    assert service.discard(SYSTEM, reform.id, version=2).state is ActState.DISCARDED
    assert verbs("reorganisation", reform.id) == [
        "reorganisation.drafted", "reorganisation.changed", "reorganisation.discarded"
    ]  # fmt: skip
    key = uuid4()
    assert service.draft(SYSTEM, plan(), id=key).id == service.draft(SYSTEM, plan(), id=key).id == key


def test_a_second_act_on_the_same_units_is_refused(town: Town, spring: None) -> None:
    first, second = service.draft(SYSTEM, plan()), service.draft(SYSTEM, plan())
    service.decide(SYSTEM, first.id, version=1)
    with pytest.raises(Invalid):
        service.decide(SYSTEM, second.id, version=1)


def test_nobody_else_may(town: Town, spring: None) -> None:
    reform = service.draft(SYSTEM, plan())
    for attempt in (
        lambda: service.draft(ANONYMOUS, plan()),
        lambda: service.redraft(ANONYMOUS, reform.id, plan(), version=1),
        lambda: service.discard(ANONYMOUS, reform.id, version=1),
        lambda: service.preview(ANONYMOUS, reform.id),
        lambda: service.decide(ANONYMOUS, reform.id, version=1),
        lambda: service.undo(ANONYMOUS, reform.id, version=1),
        lambda: service.reorganisation(ANONYMOUS, reform.id),
        lambda: service.reorganisations(ANONYMOUS),
        lambda: service.reviews(ANONYMOUS, reform.id),
        lambda: service.waiting(ANONYMOUS, reform.id),
        lambda: service.finish_review(ANONYMOUS, uuid4()),
    ):
        with pytest.raises((Denied, NotSignedIn)):
            attempt()
    with pytest.raises(NotFound):
        service.reorganisation(SYSTEM, uuid4())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"mapping": [{"old": "00007", "new": "00100", "share": 0.4}, {"old": "00007", "new": "00010", "share": 0.4}]}, "add up"),
        ({"mapping": [*BODY["mapping"], BODY["mapping"][0]]}, "twice"),
        ({"mapping": [{"old": "00099", "new": "00100"}]}, "No unit has the code"),
        ({"mapping": [{"old": "00004", "new": "00555"}]}, "has no name"),
        ({"act": {**ACT, "signed_on": "2026-08-01"}}, "before it was signed"),
        ({"act": {**ACT, "number": ""}}, "number of the act"),
        ({"units": [{**BODY["units"][0], "boundary": mapping(box(105.0, 21.0, 105.2, 21.1))}, BODY["units"][1]]}, "overlap"),
        ({"units": [{**BODY["units"][0], "code": "00010"}], "mapping": [{"old": "00004", "new": "00010"}]}, "Code 00010"),
        ({"units": [{"code": "00100", "name": "Phường Hồng Hà"}, {"code": "00010", "name": "Phường Đa Sĩ"}]}, "its shares are not known"),
        ({"units": [*BODY["units"], {"code": "00101", "name": "Phường Thừa"}]}, "take over nothing"),
        ({"mapping": [], "units": []}, "changes nothing"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_in_the_way(town: Town, spring: None, changes: dict[str, Any], says: str) -> None:
    view = service.preview(SYSTEM, plan(**changes))
    assert not view.ok
    assert any(says in str(problem) for problem in view.problems if not problem.warning), list(map(str, view.problems))
    reform = service.draft(SYSTEM, plan(**changes))
    with pytest.raises(Invalid):
        service.decide(SYSTEM, reform.id, version=1)


def test_an_act_whose_day_has_come_takes_effect_at_once(town: Town, spring: None) -> None:
    late = plan(act={**ACT, "effective_on": "2026-03-01"})
    view = service.preview(SYSTEM, late)
    assert view.ok
    assert any(problem.warning for problem in view.problems)
    reform = service.draft(SYSTEM, late)
    assert service.decide(SYSTEM, reform.id, version=1).state is ActState.IN_FORCE
    assert {unit.name for unit in service.wards()} == {"Phường Hồng Hà", "Phường Đa Sĩ"}


def test_districts_are_abolished_and_their_wards_come_under_the_city(town: Town, spring: None) -> None:
    day = "2024-07-01"
    body = {"act": {**ACT, "signed_on": "2024-01-01", "effective_on": day}, "abolish": ["001"]}
    drafted = service.read_reorganisation(orjson.dumps(body), "a.json")
    view = service.preview(SYSTEM, drafted)
    assert view.ok, list(map(str, view.problems))
    assert [unit.name for unit in view.lifted] == ["Phường Trúc Bạch"]
    service.decide(SYSTEM, service.draft(SYSTEM, drafted).id, version=1)
    assert service.unit(town.old, date(2024, 7, 1)).parent == town.city
    assert service.unit(town.district).valid_to == date(2024, 6, 30)


def test_a_table_of_pairs_is_enough(town: Town, spring: None) -> None:
    basis = NewAct("Nghị quyết", DAY, "1/NQ", "HĐND", date(2026, 2, 1))
    text = "old_code;new_code;new_name;share\n00004;00100;Phường Hồng Hà;\n00007;00100;Phường Hồng Hà;0.7\n00007;00010;Phường Đa Sĩ;0.3\n"
    view = service.preview(SYSTEM, service.read_reorganisation(text.encode(), "pairs.csv", basis))
    assert view.ok, list(map(str, view.problems))
    assert view.divisions[0].parts[0][1] == pytest.approx(0.7)
    for bad in (b"a,b\n1,2\n", "ô".encode("utf-16"), b'{"act": 5}', b"{"):
        with pytest.raises(Invalid):
            service.read_reorganisation(bad, "x", basis if bad[:1] != b"{" else None)
