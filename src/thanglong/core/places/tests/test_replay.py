"""The reform of 1 July 2025 of Hà Nội, replayed from its published table as one act: 526 wards of 30 districts become 126
units under the city, 199 of them divided."""

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from thanglong.core.places import service
from thanglong.core.places.repository import rows
from thanglong.core.places.types import ActState, NewAct, NewState, Plan, UnitKind
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM
from thanglong.kit.text import spelled

EVE, DAY = date(2025, 6, 30), date(2025, 7, 1)
BEFORE = datetime(2025, 6, 20, 3, tzinfo=UTC)
MIDNIGHT = datetime(2025, 6, 30, 17, 1, tzinfo=UTC)
ACT = NewAct(
    "Nghị quyết về việc sắp xếp các đơn vị hành chính cấp xã của thành phố Hà Nội năm 2025", DAY, "1656/NQ-UBTVQH15",
    "Ủy ban Thường vụ Quốc hội", date(2025, 6, 16),
)  # fmt: skip


def _read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open(encoding="utf-8-sig")))


def _text(records: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(records[0]))
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue().encode()


@pytest.fixture
def records(shared_data: Path) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    folder = shared_data / "places"
    releases = _read(folder / "hanoi_units_snapshots_2021_2026.csv")
    return releases, _read(folder / "hanoi_ward_mapping_legacy_to_2025.csv")


def _plan(releases: list[dict[str, str]], pairs: list[dict[str, str]], outlines: Path) -> Plan:
    """The table with equal shares where it gives none, the districts abolished, and the outlines of today."""
    parts = Counter(pair["wardCode"] for pair in pairs)
    table = [{**pair, "share": repr(1 / parts[pair["wardCode"]])} for pair in pairs]
    empty = dict.fromkeys(table[0], "")
    eve = [row for row in releases if row["effective_from"] == "2025-01-01"]
    table += [{**empty, "wardCode": code} for code in sorted({row["district_code"] for row in eve})]
    plan = service.read_reorganisation(_text(table), "mapping.csv", ACT)
    return service.with_outlines(plan, service.read_units(outlines))


@pytest.mark.slow
@pytest.mark.django_db
def test_the_reform_of_2025(records: tuple[list[dict[str, str]], list[dict[str, str]]], shared_data: Path) -> None:
    releases, pairs = records
    assert len(pairs) == 794
    with clock.use(clock.Frozen(BEFORE)) as moment:
        del moment
        service.create_unit(SYSTEM, NewState(UnitKind.CITY, "01", "Thành phố Hà Nội", date(2008, 8, 1)))
        old = [row for row in releases if row["effective_from"] < "2025-07-01"]
        assert service.import_units(SYSTEM, service.read_content(_text(old), "old.csv"), dry_run=False).ok
        before = rows.full_states(), rows.successions(), rows.acts()
        wards = service.wards(EVE)
        assert len(wards) == 526

        plan = _plan(releases, pairs, shared_data / "places" / "hanoi_wards_126_2026.geojson")
        view = service.preview(SYSTEM, plan)
        assert view.ok, [str(problem) for problem in view.problems if not problem.warning][:10]
        assert Counter(len(item.parts) for item in view.divisions) == {1: 327, 2: 147, 3: 36, 4: 15, 5: 1}
        assert len(view.closed) == 526 + 30
        assert len(view.founded) == 126

        decided = service.decide(SYSTEM, service.draft(SYSTEM, plan).id, version=1)
        service.undo(SYSTEM, decided.id, version=decided.version)
        assert (rows.full_states(), rows.successions(), rows.acts()) == before, "undone to the last byte"
        decided = service.decide(SYSTEM, service.draft(SYSTEM, plan).id, version=1)
    with clock.use(clock.Frozen(MIDNIGHT)):
        assert service.enforce_due() == 1
        assert service.reorganisation(SYSTEM, decided.id).state is ActState.IN_FORCE
        now = {(unit.code, spelled(unit.name)) for unit in service.wards()}
        listed = {(row["ward_code"], spelled(row["ward"])) for row in releases if row["effective_from"] == "2025-07-01"}
        assert now == listed
        assert len(now) == 126
        assert service.units(kinds={UnitKind.DISTRICT}) == []
        assert {unit.parent for unit in service.wards()} == {service.city().id}
        assert service.wards(EVE) == [service.unit(unit.id, EVE) for unit in wards], "yesterday is what it was"
        _totals({unit.id: 0.0 for unit in wards})


def _totals(old: dict[UUID, float]) -> None:
    """Sums are the same on either geography, whole and broken, there and back, with every method."""
    draw = np.random.default_rng(1656)
    new = {unit.id for unit in service.wards(DAY)}
    counts = dict(zip(old, draw.integers(0, 20_000, len(old)).tolist(), strict=True))
    broken = dict(zip(old, (draw.random(len(old)) * 1e4).tolist(), strict=True))
    for method in ("share", "population", "area", "largest"):
        whole = service.rebase(counts, EVE, DAY, method, whole=True)  # type: ignore[arg-type]
        assert set(whole.values) <= new
        assert sum(whole.values.values()) == sum(counts.values())
        assert all(isinstance(value, int) for value in whole.values.values())
        there = service.rebase(broken, EVE, DAY, method)  # type: ignore[arg-type]
        assert np.isclose(sum(there.values.values()), sum(broken.values()), rtol=1e-15)
        assert all(0 <= part <= 1 for part in there.exact.values())
        back = service.rebase(there.values, DAY, EVE, method)  # type: ignore[arg-type]
        assert set(back.values) <= set(old)
        assert np.isclose(sum(back.values.values()), sum(broken.values()), rtol=1e-14)
    assert service.rebase(broken, DAY, DAY).values == broken
