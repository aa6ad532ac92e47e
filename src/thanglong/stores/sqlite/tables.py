"""Reading tables of a SQLite file that somebody else made, such as a data set inside a package."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from thanglong.stores.sqlite import driver

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_table(
    path: Path, table: str, columns: Sequence[str], among: Mapping[str, Sequence[Any]] | None = None
) -> Iterator[tuple[Any, ...]]:
    """Rows of ``table`` as tuples of ``columns``, in the order they were entered.

    ``among`` keeps rows whose column has one of the given values. The file is opened for reading only and may lie on a
    read-only disk.
    """
    wanted = dict(among or {})
    for name in (table, *columns, *wanted):
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a name: {name!r}")
    where = " AND ".join(f"{name} IN ({', '.join('?' * len(values))})" for name, values in wanted.items())
    text = f"SELECT {', '.join(columns)} FROM {table}{f' WHERE {where}' if where else ''} ORDER BY rowid"
    values = [value for group in wanted.values() for value in group]
    source = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(driver.module().connect(source, uri=True)) as connection:
        yield from connection.execute(text, values)
