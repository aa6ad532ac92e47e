"""The things store in one SQLite file of its own: nothing to install, one writer with group commit, many readers."""

from thanglong.stores.sqlite.things.store import SqliteThings

__all__ = ["SqliteThings"]
