"""The things store on both profiles, fresh for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from thanglong.kit.ports import ThingsStore
from thanglong.stores.postgres.things import PostgresThings
from thanglong.stores.sqlite.things import SqliteThings

Opener = Callable[[], ThingsStore]


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The place of an empty things store: a path or a PostgreSQL URI."""
    if request.param == "sqlite":
        return str(tmp_path / "things.db")
    uri: str = request.getfixturevalue("postgres_uri")
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS things CASCADE")
    return uri


@pytest.fixture
def opener(where: str) -> Iterator[Opener]:
    """Opens the same store again, as another process would; all are closed at the end."""
    opened: list[ThingsStore] = []

    def open_store() -> ThingsStore:
        store: ThingsStore = PostgresThings(where) if where.startswith("postgres") else SqliteThings(Path(where))
        opened.append(store)
        return store

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture
def store(opener: Opener) -> ThingsStore:
    return opener()
