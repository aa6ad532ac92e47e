from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from thanglong.core.ledger import service as ledger
from thanglong.core.people import demo, models, service
from thanglong.core.people.tests.conftest import NOW, unit
from thanglong.core.places.types import UnitKind
from thanglong.kit import clock
from thanglong.solve.city import City


@pytest.fixture
def city(db: Any) -> Iterator[City]:
    with clock.use(clock.Frozen(NOW)):
        root = unit(UnitKind.CITY, "01", "Thành phố Hà Nội", None)
        for number, name in enumerate(("Phường Cửa Nam", "Phường Ba Đình", "Xã Ba Vì")):
            unit(UnitKind.WARD, f"0000{number}", name, root)
        unit(UnitKind.OFFICE, "lighting", "Công ty Chiếu sáng", root)
        made = City(7, 0.01, "Hà Nội", NOW)
        demo.build(made, lambda text: None)
        yield made


def test_every_unit_is_staffed_and_demo_logins_work(city: City) -> None:
    roles = {}
    for name in ("admin", "lanhdao", "truongphuong", "canbo", "dieuhanh", "kiemtoan"):
        roles[name] = service.authenticate(name, demo.PASSWORD, "127.0.0.1").role
    assert roles == {
        "admin": "city_admin",
        "lanhdao": "city_leader",
        "truongphuong": "unit_head",
        "canbo": "officer",
        "dieuhanh": "operator",
        "kiemtoan": "auditor",
    }
    head, officer = (models.Account.objects.get(username=name) for name in ("truongphuong", "canbo"))
    home = service.actor(head.id).unit
    assert home == service.actor(officer.id).unit
    for place, staff in city.shared["people"].items():
        if place != service.memberships(models.Account.objects.get(username="admin").id)[0].unit:
            kinds = [role for _, role in staff]
            assert kinds.count("unit_head") == 1
            assert kinds.count("officer") >= 2
            assert len(service.members(place, on=date(2026, 7, 14))) == len(staff)


def test_the_same_seed_makes_the_same_people(city: City) -> None:
    first = list(models.Account.objects.order_by("id").values_list("id", "username", "display_name"))
    models.Membership.objects.all().delete()
    models.Account.objects.all().delete()
    demo.build(City(7, 0.01, "Hà Nội", NOW), lambda text: None)
    assert list(models.Account.objects.order_by("id").values_list("id", "username", "display_name")) == first


def test_the_ledger_knows_them_and_not_their_names(city: City) -> None:
    accounts = models.Account.objects.count()
    found = [entry.verb for entry in ledger.latest(10_000)]
    assert found.count("account.created") == found.count("membership.granted") == accounts
    assert ledger.check().ok
