"""A city with a leader, an operator and an administrator, and a generated network."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from thanglong.core.people import service as people
from thanglong.core.people.types import NewAccount, NewMembership
from thanglong.core.places import service as places
from thanglong.core.places.types import NewState, NewUnit, UnitKind
from thanglong.domains.roads import service
from thanglong.domains.roads.demo.drawing import invent
from thanglong.domains.roads.service import live, routing
from thanglong.kit import ports
from thanglong.kit.ids import seeded_id
from thanglong.kit.ports import SYSTEM
from thanglong.solve.city import Roads
from thanglong.solve.network import generate
from thanglong.solve.sample import sample_city
from thanglong.stores.sqlite.things import SqliteThings

SINCE = date(2025, 7, 1)


@pytest.fixture(scope="session")
def sample_roads() -> Roads:
    city = sample_city()
    return generate(city, invent(city), edges=3000)


class Town:
    """The people of these tests and clients signed in as them."""

    def __init__(self) -> None:
        state = NewState(UnitKind.CITY, "01", "Thành phố Hà Nội", SINCE, lon=105.85, lat=21.02, population=50_000)
        top = NewUnit(seeded_id("roads", "city"), [state])
        places.bulk_load(SYSTEM, [top])
        rows = [
            NewAccount(
                id, role, role, memberships=(NewMembership(seeded_id("roads", "post", role), id, role, top.id, SINCE),)
            )
            for role in ("city_admin", "operator", "viewer", "auditor")
            for id in [seeded_id("roads", "account", role)]
        ]
        people.bulk_load(rows)
        self.people = {row.username: people.actor(row.id) for row in rows}
        self._ids = {row.username: row.id for row in rows}

    def client(self, role: str = "") -> Client:
        client = Client(raise_request_exception=False)
        if role:
            user: Any = get_user_model().objects.get(pk=self._ids[role])
            client.force_login(user, backend="thanglong.core.people.backend.AccountBackend")
        return client


@pytest.fixture
def town(db: None, tmp_path: Path, sample_roads: Roads) -> Iterator[Town]:
    """The town with a city database of its own: things are not rolled back with the test."""
    before, store = ports.plugged.things, SqliteThings(tmp_path / "things.db")
    ports.plug(things=store)
    live._kept.streets = None
    made = Town()
    service.replace(SYSTEM, sample_roads)
    routing.ready(600)
    yield made
    ports.plug(things=before)
    live._kept.streets = None
    store.close()
