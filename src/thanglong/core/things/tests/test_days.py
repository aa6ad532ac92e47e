"""Closing days: ledger, settings, and a process that dies between any two steps."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.things import service
from thanglong.kit import clock, ports
from thanglong.kit.errors import NotSignedIn
from thanglong.kit.ports import ANONYMOUS, SYSTEM
from thanglong.stores.parquet import DayFiles
from thanglong.stores.sqlite.things import SqliteThings

T0 = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A store with four days of one lamp, and the clock ten days later."""
    store = SqliteThings(tmp_path / "things.db", days=DayFiles(tmp_path / "days"))
    monkeypatch.setattr(ports.plugged, "things", store)
    for n in range(40):
        lamp = {"id": "urn:lamp:1", "type": "Streetlight", "power": {"type": "Property", "value": n}}
        store.write([lamp], mode="upsert", at=T0 + timedelta(days=n // 10, minutes=n))
    with clock.use(clock.Frozen(T0 + timedelta(days=10))):
        yield store
    store.close()


def values() -> list[Any]:
    return [sample.instance["value"] for sample in service.history(SYSTEM, "urn:lamp:1", "power") if sample.instance]


def test_days_are_closed_entered_and_checked(past: Any, tmp_path: Path) -> None:
    closed = service.close_days(hot=7)
    assert [file.day for file in closed] == ["2026-03-02", "2026-03-03", "2026-03-04"]
    assert service.close_days(hot=7) == []
    assert values() == list(range(40))
    for file in closed:
        entry = ledger.entry(file.entry)
        assert (entry.verb, entry.facts["sha256"], entry.facts["rows"]) == ("things.day_closed", file.sha256, 10)
    assert service.verify_days(content=True) == []
    assert service.closed(service.days(SYSTEM))[0] == 30
    path = tmp_path / "days" / closed[1].name
    path.write_bytes(path.read_bytes()[:-1])
    (tmp_path / "days" / closed[2].name).unlink()
    faults = [(fault.day, "not the file" in fault.text) for fault in service.verify_days()]
    assert faults == [("2026-03-03", True), ("2026-03-04", False)]


def test_an_entry_that_says_something_else_is_found(past: Any) -> None:
    file = service.close_days(hot=8)[0]
    wrong = [("UPDATE archive SET entry = entry + 1000", ()), ("UPDATE meta SET value = 99 WHERE key = 'archive'", ())]
    past._transact(None, wrong)
    assert file.day in [fault.day for fault in service.verify_days()]


def test_files_whose_time_is_over_are_dropped_with_an_entry(past: Any, tmp_path: Path) -> None:
    service.close_days(hot=6, keep=8)
    dropped = [(file.day, file.dropped) for file in service.days(SYSTEM)]
    assert dropped == [("2026-03-02", True), ("2026-03-03", True), ("2026-03-04", False), ("2026-03-05", False)]
    assert values() == list(range(20, 40))
    entries = ledger.entries(ObjectRef("things-day", "2026-03-02"))
    assert [one.facts["rows"] for one in entries if one.verb == "things.day_dropped"] == [10]
    assert service.verify_days(content=True) == []
    assert len(list((tmp_path / "days").iterdir())) == 2


@pytest.mark.parametrize("step", ["export_day", "append", "enter_day", "entered", "trim"])
def test_dying_between_any_two_steps(past: Any, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def die(*given: Any, **named: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        if step == "append":
            patch.setattr(ledger, "append", die)
        elif step == "entered":
            inner = past.enter_day
            patch.setattr(past, "enter_day", lambda file: inner(file) and die())
        elif step == "trim":
            trims: list[int] = []
            inner_trim = past.trim
            patch.setattr(past, "trim", lambda: die() if trims else trims.append(1) or inner_trim())
        else:
            patch.setattr(past, step, die)
        with pytest.raises(Killed):
            service.close_days(hot=7)
    assert values() == list(range(40))
    service.close_days(hot=7)
    assert values() == list(range(40))
    assert service.verify_days(content=True) == []
    assert past.oldest() == (31, T0 + timedelta(days=3, minutes=30))
    for file in service.days(SYSTEM):
        assert len(ledger.entries(ObjectRef("things-day", file.day))) == 1


def test_who_may_see_the_days(past: Any) -> None:
    with pytest.raises(NotSignedIn):
        service.days(ANONYMOUS)
