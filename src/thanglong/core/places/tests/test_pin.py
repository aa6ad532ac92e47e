"""One look at the version of the places per request, and a change made in the request is seen in it."""

from datetime import date

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from thanglong.core.places import service
from thanglong.core.places.repository import watch
from thanglong.core.places.tests.conftest import Town
from thanglong.kit.ports import SYSTEM

DAY = date(2026, 1, 1)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a pin every question reads the version."""
    monkeypatch.setattr(watch, "PAUSE", -1.0)


def looks(queries: CaptureQueriesContext) -> int:
    return sum("places_version" in query["sql"] for query in queries.captured_queries)


# a transaction that has changed the places looks every time, so these need real commits
@pytest.mark.django_db(transaction=True)
def test_the_version_is_read_once(town: Town, hasty: None) -> None:
    with CaptureQueriesContext(connection) as bare:
        for _ in range(5):
            service.unit(town.cua_nam)
    with CaptureQueriesContext(connection) as held, service.pinned():
        for _ in range(5):
            service.unit(town.cua_nam)
    assert (looks(bare), looks(held)) == (5, 1)


@pytest.mark.django_db(transaction=True)
def test_a_change_in_the_block_is_seen_in_it(town: Town) -> None:
    with service.pinned():
        assert service.unit(town.cua_nam, DAY).name == "Phường Cửa Nam"
        service.update_unit(SYSTEM, town.cua_nam, {"name": "Phường Cửa Bắc"}, effective=DAY)
        assert service.unit(town.cua_nam, DAY).name == "Phường Cửa Bắc"
        try:
            with transaction.atomic():
                service.update_unit(SYSTEM, town.cua_nam, {"name": "Phường Cửa Tây"}, effective=DAY)
                assert service.unit(town.cua_nam, DAY).name == "Phường Cửa Tây"
                raise RuntimeError
        except RuntimeError:
            pass
        assert service.unit(town.cua_nam, DAY).name == "Phường Cửa Bắc"


@pytest.mark.django_db(transaction=True)
def test_a_page_reads_it_once(client: Client, town: Town, hasty: None) -> None:
    client.get(f"/units/{town.cua_nam}/")
    for address in (f"/units/{town.cua_nam}/", "/units/?q=hoa", "/"):
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        assert looks(seen) <= 1, address
