"""Which SQLite is used, and how.

SQLite 3.7.0 to 3.51.2 can lose committed data in WAL mode with two or more connections (fixed in 3.51.3, back-ported to
3.44.6 and 3.50.7, https://sqlite.org/changes.html). ``pysqlite3`` brings a fixed one and is put in the place of the
standard module before Django loads; where its wheel does not exist and the system's version has the bug, the journal is
kept in the slower, safe DELETE mode.
"""

import sys
from types import ModuleType

FIXED_BRANCHES = {(3, 44): 6, (3, 50): 7, (3, 51): 3}


def install() -> None:
    """Make ``import sqlite3`` mean the newest driver at hand; call before Django loads. Idempotent."""
    try:
        import pysqlite3 as newest
    except ImportError:
        import sqlite3 as newest
    sys.modules["sqlite3"] = newest
    sys.modules["sqlite3.dbapi2"] = newest.dbapi2
    # this changes nothing but the time it takes: where there is no adapter, the driver asks each value whether it
    # adapts itself, and the errors that say no cost a microsecond a value
    newest.register_adapter(type(None), {}.get)
    newest.register_adapter(bool, int)


def module() -> ModuleType:
    """The driver module in use."""
    install()
    import sqlite3

    return sqlite3


def version() -> tuple[int, int, int]:
    """Version of the SQLite library in use."""
    major, minor, patch = module().sqlite_version_info
    return major, minor, patch


def wal_is_safe(of: tuple[int, int, int] | None = None) -> bool:
    """Whether WAL mode is free of the WAL-reset bug in this version (the one in use by default)."""
    major, minor, patch = of or version()
    if (major, minor) >= (3, 52):
        return True
    fixed = FIXED_BRANCHES.get((major, minor))
    return (fixed is not None and patch >= fixed) or (major, minor, patch) < (3, 7, 0)


def journal_mode() -> str:
    return "WAL" if wal_is_safe() else "DELETE"


def pragmas() -> str:
    """Statements for every new connection: durable on each commit (synchronous=FULL), foreign keys held."""
    return (
        f"PRAGMA journal_mode={journal_mode()};PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
        "PRAGMA cache_size=-16000;PRAGMA temp_store=MEMORY;PRAGMA wal_autocheckpoint=2000;"
    )
