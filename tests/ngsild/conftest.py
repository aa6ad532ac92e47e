"""The NGSI-LD interface in process, over a fresh things store on both profiles."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.surfaces.conftest import Ask, Broker, FakeGate, broker, run

from thanglong.kit import ports
from thanglong.kit.ports import ThingsStore
from thanglong.stores.parquet import DayFiles
from thanglong.stores.postgres.things import PostgresThings
from thanglong.stores.sqlite.things import SqliteThings

__all__ = ["Ask", "Broker", "FakeGate", "broker", "run", "things"]


@pytest.fixture(params=["sqlite", "postgres"])
def things(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ThingsStore]:
    """An empty things store with a folder for day files, plugged in for the test."""
    before, days = ports.plugged.things, DayFiles(tmp_path / "days")
    store: ThingsStore
    if request.param == "sqlite":
        store = SqliteThings(tmp_path / "things.db", days=days)
    else:
        uri: str = request.getfixturevalue("postgres_uri")
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS things CASCADE")
        store = PostgresThings(uri, days=days, connections=3)
    ports.plug(things=store)
    yield store
    ports.plug(things=before)
    store.close()
