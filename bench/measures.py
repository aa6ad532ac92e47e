"""Measures: one late day of the whole city against counting its month, and all months, anew, in the same run.

584 units x 100 measures x ``--months`` months of figures stand in the database (120 in full size). On the late day
5,840 records more become known. Figures after the incremental run are compared bit by bit with those of the full count.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import _figures

UNITS, MEASURES, A_DAY = 584, 100, 2


@dataclass(frozen=True, slots=True)
class Record:
    id: UUID
    unit: UUID
    at: datetime
    value: float


result = _figures.of("measures")


def prepare(folder: str) -> None:
    os.environ |= {"THANGLONG_DATA": folder, "DJANGO_SETTINGS_MODULE": "thanglong.site.settings"}
    import django

    django.setup()
    from django.core.management import call_command

    from thanglong.site import compose

    compose.plug()
    call_command("migrate", verbosity=0)


class Source:
    """Records kept in memory by day."""

    def __init__(self, units: list[UUID], first: date, days: int) -> None:
        rng = random.Random(7)
        self.rng, self.units = rng, units
        self.by_day: dict[date, list[Record]] = {}
        for n in range(days):
            self.add(first + timedelta(days=n), A_DAY)

    def add(self, day: date, each: int) -> None:
        at = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
        rng = self.rng
        self.by_day.setdefault(day, []).extend(
            Record(UUID(int=rng.getrandbits(128)), unit, at, rng.random()) for unit in self.units for _ in range(each)
        )

    def read(self, start: datetime, end: datetime, units: Iterable[UUID] | None) -> Iterable[Record]:
        day, wanted = (start + timedelta(hours=7)).date(), None if units is None else set(units)
        while datetime(day.year, day.month, day.day, 3, tzinfo=UTC) < end:
            for record in self.by_day.get(day, ()):
                if wanted is None or record.unit in wanted:
                    yield record
            day += timedelta(days=1)


def fill(keys: list[str], units: list[UUID], months: list[date]) -> None:
    """Figures of all other months, by one statement each, so that the table has its full size."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE u(unit TEXT)")
        cursor.executemany("INSERT INTO u VALUES (%s)", [(unit.hex,) for unit in units])
        cursor.execute("CREATE TEMP TABLE k(measure TEXT)")
        cursor.executemany("INSERT INTO k VALUES (%s)", [(key,) for key in sorted(keys)])
        cursor.execute("CREATE TEMP TABLE p(period TEXT)")
        cursor.executemany("INSERT INTO p VALUES (%s)", [(month.isoformat(),) for month in months])
        cursor.execute(
            "INSERT INTO measures_measurevalue(measure, unit, period, value, numerator, denominator, n, computed_at, "
            "digest, ledger_entry) SELECT measure, unit, period, 50.0, 30.0, 60.0, 60, '2026-01-01 00:00:00', "
            "hex(randomblob(32)), 1 FROM k CROSS JOIN u CROSS JOIN p ORDER BY measure, unit, period"
        )


def snapshot(month: date) -> list[Any]:
    from thanglong.core.measures.models import MeasureValue

    rows = MeasureValue.objects.filter(period=month).order_by("measure", "unit")
    return list(rows.values_list("measure", "unit", "value", "numerator", "denominator", "n", "digest"))


def measures(source: Source) -> list[Any]:
    from thanglong.core.measures import service
    from thanglong.core.measures.types import Measure, Records

    records = Records("bench", source.read, lambda record: record.at)
    made = []
    months: Any = {"compute": lambda window: (), "inputs": lambda unit, period: (), "period": "month"}
    for n in range(MEASURES):
        limit = (n + 1) / (MEASURES + 1)
        limits = {"counts": lambda record, limit=limit: float(record.value < limit), "records": records}
        made.append(service.register(Measure(f"bench.m{n:03d}", "Bench", "%", 1, scale=100.0, **limits, **months)))
    return made


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--months", type=int, default=12, help="months of figures in the database (120: full size)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        run(asked.months)


def run(months: int) -> None:
    from thanglong.core.measures import rules, service
    from thanglong.core.measures.service import computing, tallying

    rng = random.Random(3)
    units = sorted(UUID(int=rng.getrandbits(128)) for _ in range(UNITS))
    late_month = date(2026, 9, 1)
    source = Source(units, late_month, 30)
    items = measures(source)
    others = [rules.following(late_month, "month", -n) for n in range(1, months)]
    begun = time.perf_counter()
    fill([item.key for item in items], units, others)
    print(f"  {UNITS * MEASURES * (months - 1):,} figures filled in {time.perf_counter() - begun:.1f} s")
    cpu = time.process_time()
    tallying.recount(items, {late_month: None})
    month = time.process_time() - cpu

    late = date(2026, 9, 17)
    source.add(late, 10)
    begun, cpu = time.perf_counter(), time.process_time()
    computing.touch("bench", [(unit, late) for unit in units])
    done = service.work()
    wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    followed = snapshot(late_month)

    begun = time.process_time()
    for item in items:
        tallying.blocks.forget_blocks(item.key, late_month)
    tallying.recount(items, {late_month: None})
    anew = time.process_time() - begun
    if snapshot(late_month) != followed or len(followed) != UNITS * MEASURES or done != UNITS:
        sys.exit("the incremental count differs from the full one; no figure is reported")
    print(f"  {len(followed):,} figures of the month equal those counted anew, bit by bit")
    size = f"{UNITS} units x {MEASURES} measures x {months} months, {UNITS * 10} late records"
    result(f"one late day: {size}", cpu, "CPU s", "that month anew", anew / cpu)
    result(f"one late day, wall: {size}", wall, "s")
    result("one late day against all months anew (the month anew, times the months)", cpu, "CPU s", "all anew",
           month * months / cpu)  # fmt: skip


if __name__ == "__main__":
    main()
