"""Day files: one Parquet file a day (zstd), sorted by entity, attribute and moment, so that the past of one attribute
lies together and most row groups are skipped. Names stand in the rows in full: the file explains itself.

| column | type | meaning |
|---|---|---|
| seq | BIGINT | number of the write in the change log |
| tenant entity type attribute dataset | VARCHAR | names; type is the entity's first; attribute '' tells of the entity |
| written moment | BIGINT | microseconds since 1970: when it was written; when it was observed, or else written |
| observed | BOOLEAN | whether the value said when it was observed |
| op | TINYINT | 0 came with its entity, 1 came, 2 changed, 3 went, 4 the entity went, 5 put into the past alone |
| number | DOUBLE | a plain numeric value |
| value | VARCHAR | the attribute's instance as JSON |
| part | INTEGER | order among the data sets of one write |
"""

import contextlib
import hashlib
import os
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from thanglong.stores.ops import RECORDED, REMOVED

if TYPE_CHECKING:
    import duckdb

# duckdb and numpy are imported where they are used: a store without day files starts without them

CHUNK = 50_000
GROUP = 50_000
COLUMNS = (
    ("seq", "BIGINT"), ("tenant", "VARCHAR"), ("entity", "VARCHAR"), ("type", "VARCHAR"), ("attribute", "VARCHAR"),
    ("dataset", "VARCHAR"), ("written", "BIGINT"), ("moment", "BIGINT"), ("observed", "BOOLEAN"), ("op", "TINYINT"),
    ("number", "DOUBLE"), ("value", "VARCHAR"), ("part", "INTEGER"),
)  # fmt: skip
NAMES = tuple(name for name, _ in COLUMNS)
MODULUS = 2**256
VALUE = f"CASE WHEN op = {REMOVED} THEN NULL ELSE value END"


class Row(NamedTuple):
    """One history row as it stands in a day file."""

    seq: int
    tenant: str
    entity: str
    type: str
    attribute: str
    dataset: str
    at: int
    moment: int
    observed: bool
    op: int
    number: float | None
    value: str | None
    part: int


class Made(NamedTuple):
    """A written file: its name, SHA-256 and size; rows, and a digest of their content in any order; their range."""

    name: str
    sha256: str
    size: int
    rows: int
    content: str
    first_at: int
    last_at: int
    first_moment: int
    last_moment: int


class Content:
    """A digest of rows that does not depend on their order: the sum of their SHA-256, so a file can be sorted."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, row: Sequence[Any]) -> None:
        """Take a row in."""
        line = orjson.dumps(
            [*row[:8], bool(row[8]), *row[9:10], None if row[10] is None else float(row[10]), *row[11:]]
        )
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(line).digest())) % MODULUS
        self.rows += 1

    def hexdigest(self) -> str:
        """64 hexadecimal digits."""
        return f"{self._sum:064x}"


class DayFiles:
    """The folder of day files. One DuckDB in memory, a cursor for each thread."""

    def __init__(self, folder: Path, memory: str = "256MB", threads: int = 2) -> None:
        self.folder = folder
        self._options: dict[str, Any] = {"memory_limit": memory, "threads": threads}
        self._local = threading.local()
        self._lock = threading.Lock()
        self._database: duckdb.DuckDBPyConnection | None = None

    def _cursor(self) -> "duckdb.DuckDBPyConnection":
        import duckdb

        found: duckdb.DuckDBPyConnection | None = getattr(self._local, "cursor", None)
        if found is None:
            with self._lock:
                if self._database is None:
                    self._database = duckdb.connect(config=dict(self._options))
                    self._database.execute("SET TimeZone = 'UTC'")
                found = self._local.cursor = self._database.cursor()
        return found

    def write(self, day: str, rows: Iterable[Row]) -> Made:
        """Write a day's rows; the file is on disk and read back when this returns.

        Nothing stands under its final name before that; OSError (disk full) leaves nothing behind. The name holds the
        beginning of the digest, so another content of the same day is another file.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self.folder, prefix=f".{day}-", suffix=".tmp")
        os.close(handle)
        path = Path(draft)
        try:
            content, bounds = self._copy(rows, path)
            _sync(path)
            digest = sha256_of(path)
            self._check(path, content)
            name = f"{day}-{digest[:16]}.parquet"
            size = path.stat().st_size
            path.replace(self.folder / name)
            _sync(self.folder)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Made(name, digest, size, content.rows, content.hexdigest(), *bounds)

    def _copy(self, rows: Iterable[Row], path: Path) -> tuple[Content, tuple[int, int, int, int]]:
        import duckdb

        content, following = Content(), iter(rows)
        with duckdb.connect(config=dict(self._options)) as database:
            database.execute(f"SET temp_directory = {quoted(str(path.with_suffix('.spill')))}")
            database.execute(f"CREATE TABLE day({', '.join(f'{name} {kind}' for name, kind in COLUMNS)})")
            while chunk := list(islice(following, CHUNK)):
                for row in chunk:
                    content.add(row)
                part = _arrays(chunk)  # noqa: F841  (DuckDB reads the local variable)
                database.execute(f"INSERT INTO day SELECT {', '.join(NAMES)} FROM part")
            bounds = database.execute("SELECT min(written), max(written), min(moment), max(moment) FROM day").fetchone()
            database.execute(
                "COPY (SELECT * FROM day ORDER BY tenant, entity, attribute, moment, seq, part) "
                f"TO {quoted(str(path))} "
                f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP})"
            )
        return content, bounds or (0, 0, 0, 0)

    def _check(self, path: Path, expected: Content) -> None:
        found = Content()
        for row in self._read(path):
            found.add(row)
        if (found.rows, found.hexdigest()) != (expected.rows, expected.hexdigest()):
            raise OSError(f"{path}: what was read back is not what was written; the disk may be failing")

    def _read(self, path: Path) -> Iterator[Sequence[Any]]:
        cursor = self._cursor()
        cursor.execute(f"SELECT {', '.join(NAMES)} FROM read_parquet(?)", [str(path)])
        while chunk := cursor.fetchmany(10_000):
            yield from chunk

    def content(self, name: str) -> tuple[int, str]:
        """Rows of a file and the digest of their content."""
        found = Content()
        for row in self._read(self.folder / name):
            found.add(row)
        return found.rows, found.hexdigest()

    def history(
        self,
        names: Sequence[str],
        tenant: str,
        entity: str,
        attribute: str,
        by: str,
        low: int,
        high: int,
        limit: int,
        newest: bool,
    ) -> list[tuple[int, bool, int, str | None]]:
        """``(at, observed, moment, value)`` of one attribute with ``low <= by < high``; by: written or moment."""
        order = "DESC" if newest else "ASC"
        sql = (
            f"SELECT written, observed, moment, {VALUE} FROM read_parquet(?) "
            f"WHERE tenant = ? AND entity = ? AND attribute = ? AND {by} >= ? AND {by} < ? "
            f"ORDER BY {by} {order}, seq {order}, part {order} LIMIT ?"
        )  # fmt: skip
        return self.select(sql, [self.paths(names), tenant, entity, attribute, low, high, limit])

    def log(self, name: str, tenant: str | None, after: int, upto: int, types: Sequence[str]) -> list[Any]:
        """``(seq, at, tenant, entity, type, attribute, op, value)`` of the writes in (after, upto], in the log's order.

        ``tenant`` None: of everyone.
        """
        narrow, values = "", list[Any]()
        if tenant is not None:
            narrow, values = "AND tenant = ? ", [tenant]
        if types:
            narrow, values = f"{narrow}AND list_contains(?, type) ", [*values, list(types)]
        sql = (
            "SELECT seq, written, tenant, entity, type, attribute, op, value FROM read_parquet(?) "
            f"WHERE seq > ? AND seq <= ? AND op < {RECORDED} {narrow}ORDER BY seq, attribute, part"
        )
        return self.select(sql, [self.paths([name]), after, upto, *values])

    def steps(
        self, name: str, tenant: str, after: int, upto: int, types: Sequence[str], attributes: Sequence[str], limit: int
    ) -> list[Any]:
        """``(at, entity, type, attribute, value)`` of some attributes in (after, upto], in the log's order."""
        sql = (
            f"SELECT written, entity, type, attribute, {VALUE} FROM read_parquet(?) "
            f"WHERE seq > ? AND seq <= ? AND op < {RECORDED} AND tenant = ? AND list_contains(?, type) "
            "AND list_contains(?, attribute) ORDER BY seq, attribute, part LIMIT ?"
        )
        return self.select(sql, [self.paths([name]), after, upto, tenant, list(types), list(attributes), limit])

    def first_from(self, name: str, at: int) -> int | None:
        """The first number written at or after a moment."""
        found = self.select("SELECT min(seq) FROM read_parquet(?) WHERE written >= ?", [self.paths([name]), at])
        return found[0][0] if found else None

    def paths(self, names: Sequence[str]) -> list[str]:
        """Where files lie."""
        return [str(self.folder / name) for name in names]

    def select(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """All rows of a statement."""
        return self._cursor().execute(sql, list(values)).fetchall()

    def remove(self, name: str) -> None:
        """Delete a file."""
        (self.folder / name).unlink(missing_ok=True)

    def leftovers(self, known: Iterable[str]) -> list[str]:
        """Drafts of a killed process and files nobody knows; they may be deleted by who holds the closing."""
        kept = set(known)
        if not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir() if path.is_file() and path.name not in kept)

    def close(self) -> None:
        """Let go of DuckDB."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None
        self._local = threading.local()


def _arrays(rows: Sequence[Row]) -> dict[str, Any]:
    import numpy as np

    columns = dict(zip(NAMES, zip(*rows, strict=True), strict=True))
    kinds: dict[str, Any] = {"BIGINT": np.int64, "TINYINT": np.int8, "INTEGER": np.int32, "BOOLEAN": np.bool_}
    found: dict[str, Any] = {}
    for name, kind in COLUMNS:
        if kind == "DOUBLE":
            values = columns[name]
            numbers = np.array([0.0 if value is None else value for value in values], np.float64)
            found[name] = np.ma.masked_array(numbers, mask=[value is None for value in values])
        elif kind == "VARCHAR":
            found[name] = np.array(columns[name], object)
        else:
            found[name] = np.array(columns[name], kinds[kind])
    return found


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        with contextlib.suppress(OSError):
            os.close(handle)
