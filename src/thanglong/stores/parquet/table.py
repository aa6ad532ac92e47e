"""A small table as a Parquet file in memory, with metadata: for exports."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from thanglong.stores.parquet.days import quoted


def table(columns: Mapping[str, str], rows: Sequence[Sequence[Any]], metadata: Mapping[str, str]) -> bytes:
    """The bytes of a Parquet file (zstd). ``columns``: name -> DuckDB type; ``metadata`` enters the file's footer."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(config={"threads": 1}) as database:
        path = Path(folder) / "table.parquet"
        named = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        database.execute(f"CREATE TABLE made({named})")
        marks = "(" + ", ".join("?" * len(columns)) + ")"
        for start in range(0, len(rows), 500):
            some = rows[start : start + 500]
            values = [value for row in some for value in row]
            database.execute(f"INSERT INTO made VALUES {', '.join([marks] * len(some))}", values)
        facts = ", ".join(f"{quoted(key)}: {quoted(value)}" for key, value in metadata.items())
        database.execute(
            f"COPY made TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{facts}}})"
        )
        return path.read_bytes()
