"""A reform of units that is taken back leaves memberships as they were, to the last mark."""

from datetime import date, timedelta

import orjson

from thanglong.core.people import models, service
from thanglong.core.people.tests.conftest import SmallCity
from thanglong.core.people.types import Kind
from thanglong.core.places import service as places
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM

DAY = date(2027, 1, 1)
BODY = {
    "act": {
        "number": "12/NQ-HĐND", "title": "Nghị quyết nhập phường", "issuer": "HĐND thành phố",
        "signed_on": "2026-07-01", "effective_on": DAY.isoformat(),
    },
    "units": [{"code": "00100", "name": "Phường Văn Miếu"}],
    "mapping": [{"old": "00070", "new": "00100", "share": 1}],
}  # fmt: skip


def rows() -> list[object]:
    return sorted(map(str, models.Membership.objects.values()))


def test_an_undone_reform_keeps_full_time_secondments(city: SmallCity) -> None:
    """One that has begun is split, one that begins after the day moves whole: both come back as they were."""
    admin = city.actor("admin")
    for name, first in (("viewer", clock.today()), ("auditor", DAY + timedelta(days=30))):
        service.grant(
            admin, city.accounts[name], "officer", city.ward, first, DAY + timedelta(days=90), Kind.SECONDMENT, True
        )
    before = rows()
    found = places.draft(SYSTEM, places.read_reorganisation(orjson.dumps(BODY), "a.json"))
    decided = places.decide(SYSTEM, found.id, version=found.version)
    moved = models.Membership.objects.filter(releases=True, valid_from__gte=DAY)
    assert {row.unit for row in moved} == {getattr(places.by_code("00100", DAY), "id", None)}
    assert len(moved) == 2
    places.undo(SYSTEM, found.id, version=decided.version)
    assert rows() == before
