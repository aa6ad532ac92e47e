"""The past of things: aggregates over one attribute of a million instances, and over a day of many entities; read from
the store and from a closed day; against one select over the same rows as plain numbers in DuckDB in the same run.

    ./thanglong bench past [--rows 1000000] [--entities 10000] [--closed]
"""

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import _figures
import duckdb
import numpy as np

from thanglong.kit.past import Period, Window
from thanglong.kit.ports import ThingQuery
from thanglong.stores.parquet import DayFiles
from thanglong.stores.sqlite.things import SqliteThings

result = _figures.of("past")
T0 = datetime(2026, 3, 2, tzinfo=UTC)
FAST = ("totalCount", "sum", "avg", "min", "max")
HOUR, DAY = Period(micros=3_600_000_000), Period(micros=86_400_000_000)
A_DAY = 24


def best(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """The least CPU seconds of some runs, and the answer."""
    least, answer = math.inf, None
    for _ in range(times):
        begun = time.process_time()
        answer = work()
        least = min(least, time.process_time() - begun)
    return least, answer


def fill(store: SqliteThings, rows: int, entities: int) -> np.ndarray:
    """One entity with ``rows`` instances over 30 days, ``entities`` with a day of hours; the first one's values."""
    values = np.random.default_rng(1).normal(20, 5, rows).round(3)
    step = timedelta(days=30) / rows
    for start in range(0, rows, 20_000):
        instances = [
            {"type": "Property", "value": float(values[n]), "observedAt": (T0 + n * step).isoformat()}
            for n in range(start, min(start + 20_000, rows))
        ]
        store.record([{"id": "urn:t:one", "type": "Sensor", "level": instances}], at=T0)
    hours = [(T0 + timedelta(hours=hour)).isoformat() for hour in range(A_DAY)]
    for start in range(0, entities, 500):
        some = []
        for n in range(start, min(start + 500, entities)):
            level = [{"type": "Property", "value": n % 7 + hour, "observedAt": at} for hour, at in enumerate(hours)]
            some.append({"id": f"urn:t:many:{n:06}", "type": "Lamp", "level": level})
        store.record(some, at=T0 + timedelta(hours=1))
    return values


def one(store: SqliteThings, values: np.ndarray, where: str, plain: float) -> None:
    """Aggregates of the one long past."""
    for name, period in (("one period", Period()), ("by day", DAY)):
        took, found = best(lambda period=period: store.aggregates(["urn:t:one"], ["level"], Window(), FAST, period))
        buckets = found[0].aggregates[0].buckets
        total = sum(bucket.values["totalCount"] for bucket in buckets)
        if total != len(values) or not math.isclose(sum(b.values["sum"] for b in buckets), values.sum(), rel_tol=1e-9):
            sys.exit("the aggregates are wrong; no figure is reported")
        versus = "select over plain numbers in DuckDB"
        result(
            f"{len(values):,} instances of one attribute, {name}, {where}", took * 1000, "CPU ms", versus, took / plain
        )


def many(store: SqliteThings, entities: int, where: str) -> None:
    """A day of many entities, page by page as a client asks for them."""
    window = Window(since=T0, until=T0 + timedelta(days=1), timed=True)

    def ask() -> int:
        total, after = 0, ""
        while ids := store.past_ids(ThingQuery(types=["Lamp"], limit=1000, after=after), ["level"], window):
            for summary in store.aggregates(ids, ["level"], window, FAST, Period()):
                total += summary.aggregates[0].buckets[0].values["totalCount"]
            after = ids[-1]
        return total

    took, total = best(ask, 1)
    if total != entities * A_DAY:
        sys.exit("the aggregates are wrong; no figure is reported")
    result(f"a day of {entities:,} entities, {A_DAY} instances each, {where}", took * 1000, "CPU ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--entities", type=int, default=10_000)
    parser.add_argument("--closed", action="store_true", help="also from a closed day; writing it takes a minute")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteThings(Path(folder) / "things.db", days=DayFiles(Path(folder) / "days"))
        begun = time.process_time()
        values = fill(store, given.rows, given.entities)
        recorded = given.rows + given.entities * A_DAY
        result(
            "an instance recorded by the temporal interface", (time.process_time() - begun) / recorded * 1e6, "CPU us"
        )
        numbers = {"value": values}  # noqa: F841  (DuckDB reads the local variable)
        duckdb.execute("CREATE TABLE plain AS SELECT * FROM numbers")
        sql = "SELECT count(*), sum(value), avg(value), min(value), max(value) FROM plain"
        plain, _ = best(lambda: duckdb.execute(sql).fetchall())
        one(store, values, "in the store", plain)
        many(store, given.entities, "in the store")
        if given.closed:
            store.enter_day(store.export_day("2026-03-02", 1, store.last_seq()))
            one(store, values, "in a closed day", plain)
            many(store, given.entities, "in a closed day")
            size = sum(file.stat().st_size for file in (Path(folder) / "days").iterdir())
            result("a closed day, bytes an instance", size / recorded, "bytes")
        store.close()


if __name__ == "__main__":
    main()
