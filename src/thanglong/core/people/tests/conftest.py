"""A small city: the root, two wards, an office; an official for each role."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from thanglong.core.people import service
from thanglong.core.people.types import NewAccount, NewMembership
from thanglong.core.places import service as places
from thanglong.core.places.types import NewState, UnitKind
from thanglong.kit import clock
from thanglong.kit.ids import seeded_id
from thanglong.kit.ports import SYSTEM, Actor

PASSWORD = "cầu Long Biên 1902"
SINCE = date(2025, 7, 1)
NOW = datetime(2026, 7, 14, 2, 0, tzinfo=UTC)


@dataclass
class SmallCity:
    """Units and people by short names."""

    clock: clock.Frozen
    root: UUID
    ward: UUID
    sibling: UUID
    office: UUID
    accounts: dict[str, UUID] = field(default_factory=dict)

    def actor(self, name: str) -> Actor:
        return service.actor(self.accounts[name])

    def add(self, name: str, role: str, unit: UUID, since: date = SINCE, until: date | None = None) -> UUID:
        """An account that holds a role."""
        from django.contrib.auth.hashers import make_password

        account = seeded_id("test", name)
        post = NewMembership(seeded_id("test", name, "post"), account, role, unit, since, until)
        memberships = (post,) if role else ()
        row = NewAccount(account, name, name.title(), password=make_password(PASSWORD), memberships=memberships)
        service.bulk_load([row])
        self.accounts[name] = account
        return account


def unit(kind: UnitKind, code: str, name: str, parent: UUID | None) -> UUID:
    return places.create_unit(SYSTEM, NewState(kind, code, name, date(2020, 1, 1), parent=parent)).id


@pytest.fixture
def city(db: None) -> Iterator[SmallCity]:
    with clock.use(clock.Frozen(NOW)) as frozen:
        root = unit(UnitKind.CITY, "01", "Thành phố Hà Nội", None)
        ward = unit(UnitKind.WARD, "00070", "Phường Cửa Nam", root)
        sibling = unit(UnitKind.WARD, "00004", "Phường Ba Đình", root)
        office = unit(UnitKind.OFFICE, "lighting", "Công ty Chiếu sáng", root)
        assert isinstance(frozen, clock.Frozen)
        made = SmallCity(frozen, root, ward, sibling, office)
        for name, role, where in (
            ("admin", "city_admin", root),
            ("leader", "city_leader", root),
            ("head", "unit_head", ward),
            ("officer", "officer", ward),
            ("operator", "operator", root),
            ("auditor", "auditor", root),
            ("viewer", "viewer", sibling),
            ("nobody", "", ward),
        ):
            made.add(name, role, where)
        yield made
