"""A fresh things store, and the small city of people for those who ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from thanglong.kit import ports
from thanglong.kit.ports import ThingsStore
from thanglong.stores.sqlite.things import SqliteThings


@pytest.fixture
def things(tmp_path: Path) -> Iterator[ThingsStore]:
    before, store = ports.plugged.things, SqliteThings(tmp_path / "things.db")
    ports.plug(things=store)
    yield store
    ports.plug(things=before)
    store.close()
