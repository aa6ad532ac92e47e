"""One moment of several SQLite files, copied while the platform goes on.

For an instant the write locks of all files are held together (in one fixed order, so that nobody waits in a circle);
then no transaction is open anywhere and a reader is begun on each file. The locks are let go at once and SQLite's
online backup copies what the readers see. In WAL mode nobody waits; in DELETE mode writers wait until the copy is made.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from thanglong.stores.backup.pool import Advance, digest_of, nothing
from thanglong.stores.sqlite import driver

PAGES = 2048
HEADER = b"SQLite format 3\0"
CACHED = "SELECT count(*) FROM sqlite_master"


def is_database(path: Path) -> bool:
    """Whether a file is a SQLite database."""
    try:
        with path.open("rb") as file:
            return file.read(len(HEADER)) == HEADER
    except OSError:
        return False


def _connect(path: Path) -> Any:
    return driver.module().connect(str(path), timeout=60, isolation_level=None, check_same_thread=False)


@contextmanager
def cut(paths: Sequence[Path]) -> Iterator[Mapping[Path, Any]]:
    """Readers on all files, each seeing the same moment; writers go on behind them."""
    with ExitStack() as readers:
        found = {}
        with ExitStack() as locks:
            for path in paths:
                lock = locks.enter_context(closing(_connect(path)))
                lock.execute("BEGIN IMMEDIATE")
            for path in paths:
                reader = readers.enter_context(closing(_connect(path)))
                reader.execute("BEGIN")
                reader.execute(CACHED).fetchone()
                found[path] = reader
        yield found


def size_of(reader: Any) -> int:
    """Bytes of the database as the reader sees it."""
    pages, page = (reader.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages * page)


def copy(reader: Any, target: Path, advance: Advance = nothing) -> tuple[str, int]:
    """Copy what ``reader`` sees into the new file ``target``; its digest and size."""
    page = reader.execute("PRAGMA page_size").fetchone()[0]
    done = 0

    def heard(_: int, left: int, total: int) -> None:
        nonlocal done
        advance((total - left) * page - done)
        done = (total - left) * page

    with closing(_connect(target)) as out:
        out.execute("PRAGMA synchronous=FULL")
        reader.backup(out, pages=PAGES, progress=heard)
    for extra in ("-wal", "-shm", "-journal"):
        target.with_name(target.name + extra).unlink(missing_ok=True)
    return digest_of(target)


def counts(path: Path) -> dict[str, int]:
    """Rows of every table of a database file that nobody writes."""
    with closing(driver.module().connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        names = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        virtual = [name for name, sql in names if (sql or "").upper().startswith("CREATE VIRTUAL")]
        hidden = tuple(f"{name}_" for name in virtual)
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for name, _ in names
            if name not in virtual and not name.startswith(("sqlite_", *hidden))
        }


def fault(path: Path) -> str | None:
    """What is wrong inside a database file (a full integrity check), None when all is well."""
    with closing(_connect(path)) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
    return None if found == ["ok"] else "; ".join(found)
