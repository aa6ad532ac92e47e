"""The past of entities from day files: what the temporal operations of the things stores read of closed days."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from thanglong.stores.ops import REMOVED, WITHDRAWN
from thanglong.stores.parquet.days import DayFiles

STAYING = f"op NOT IN ({REMOVED}, {WITHDRAWN})"
COLUMNS = "entity, attribute, dataset, seq, part, written, moment, observed, op, number, value"


class Skip(NamedTuple):
    """What was taken out of the past: rows up to a number, of an attribute ("" all) and data set (None all)."""

    entity: str
    attribute: str
    dataset: str | None
    seq: int


class Reading(NamedTuple):
    """What to read: names of the files, of whom, of which attributes (none: all), and of what time.

    ``by`` is the column written or moment; ``observed``: only rows that say when; ``deleted``: only deletions;
    ``datasets`` None: all.
    """

    names: Sequence[str]
    tenant: str
    entities: Sequence[str]
    attributes: Sequence[str]
    by: str
    low: int
    high: int
    observed: bool
    deleted: bool
    datasets: Sequence[str] | None
    skips: Sequence[Skip]


def _where(reading: Reading, files: DayFiles) -> tuple[str, list[Any]]:
    sql = "FROM read_parquet(?) WHERE tenant = ? AND list_contains(?, entity) AND attribute <> ''"
    values: list[Any] = [files.paths(reading.names), reading.tenant, list(reading.entities)]
    if len(reading.entities) == 1:
        sql, values[2] = sql.replace("list_contains(?, entity)", "entity = ?"), reading.entities[0]
    if reading.attributes:
        sql, values = f"{sql} AND list_contains(?, attribute)", [*values, list(reading.attributes)]
    sql = f"{sql} AND {reading.by} >= ? AND {reading.by} < ?"
    values += [reading.low, reading.high]
    if reading.observed:
        sql += " AND observed"
    if reading.deleted:
        sql += f" AND op IN ({REMOVED}, {WITHDRAWN})"
    if reading.datasets is not None:
        sql, values = f"{sql} AND list_contains(?, dataset)", [*values, list(reading.datasets)]
    for skip in reading.skips:
        test, given = "entity = ? AND seq <= ?", [skip.entity, skip.seq]
        if skip.attribute:
            test, given = f"{test} AND attribute = ?", [*given, skip.attribute]
        if skip.dataset is not None:
            test, given = f"{test} AND dataset = ?", [*given, skip.dataset]
        sql, values = f"{sql} AND NOT ({test})", [*values, *given]
    return sql, values


def rows(files: DayFiles, reading: Reading, limit: int, newest: bool) -> list[Any]:
    """``COLUMNS`` of at most ``limit`` rows of each attribute, from the asked end."""
    where, values = _where(reading, files)
    order = "DESC" if newest else "ASC"
    sql = (
        f"SELECT {COLUMNS} {where} QUALIFY row_number() OVER (PARTITION BY entity, attribute "
        f"ORDER BY {reading.by} {order}, seq {order}, part {order}) <= ?"
    )
    return files.select(sql, [*values, limit])


def present(files: DayFiles, reading: Reading) -> set[str]:
    """The entities that have any row."""
    where, values = _where(reading, files)
    return {entity for (entity,) in files.select(f"SELECT DISTINCT entity {where}", values)}


def ends(files: DayFiles, reading: Reading) -> list[Any]:
    """``(entity, attribute, first, last)``: the moments between which an attribute has instances."""
    where, values = _where(reading, files)
    ranges = f"SELECT entity, attribute, min({reading.by}), max({reading.by})"
    return files.select(f"{ranges} {where} AND {STAYING} GROUP BY entity, attribute", values)


def sums(files: DayFiles, reading: Reading, start: int, width: int) -> list[Any]:
    """``(entity, attribute, step, rows, numbers, set, sum, squares, least, most, spread)`` of plain numbers.

    Steps of ``width`` count from ``start``; ``set``: whether a data set was named; ``spread``: the sum of squared
    distances from the mean.
    """
    where, values = _where(reading, files)
    sql = (
        f"SELECT entity, attribute, ({reading.by} - ?) // ? AS step, count(*), count(number), max(dataset <> ''), "
        "sum(number), sum(number * number), min(number), max(number), var_pop(number) * count(number) "
        f"{where} AND {STAYING} GROUP BY entity, attribute, step"
    )
    return files.select(sql, [start, width, *values])
