"""A decision of who may do what: cached and cold, against Django's own ``has_perm`` with cached permissions.

States its sizes, checks the answers before it times them.
"""

import os
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import _figures

os.environ["THANGLONG_DATA"] = tempfile.mkdtemp(prefix="thanglong-bench-")
os.environ["DJANGO_SETTINGS_MODULE"] = "thanglong.site.settings"

import django

django.setup()

from django.contrib.auth.backends import ModelBackend  # noqa: E402
from django.core.management import call_command  # noqa: E402

from thanglong.core.people import service  # noqa: E402
from thanglong.core.people.types import NewAccount, NewMembership  # noqa: E402
from thanglong.core.places import service as places  # noqa: E402
from thanglong.core.places.types import NewState, NewUnit, UnitKind  # noqa: E402
from thanglong.kit.ids import new_id  # noqa: E402
from thanglong.kit.ports import SYSTEM  # noqa: E402
from thanglong.site import compose  # noqa: E402

SINCE = date(2025, 7, 1)
WARDS, PEOPLE, TRIES = 126, 2_000, 50_000


def timed(work: Callable[[], object], count: int) -> float:
    """CPU microseconds of one call, the best of three rounds."""
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        for _ in range(count):
            work()
        best = min(best, (time.process_time() - begun) / count * 1e6)
    return best


class Reference:
    """Django's user as its own backend sees it, with permissions already cached: the quickest it can be."""

    is_active, is_anonymous, is_superuser = True, False, False

    def __init__(self) -> None:
        self._perm_cache = {f"cases.action{number}" for number in range(20)}
        self._user_perm_cache = self._group_perm_cache = self._perm_cache


def main() -> None:
    """Build a city, check, time, print."""
    call_command("migrate", verbosity=0)
    compose.plug()
    root = NewUnit(new_id(), [NewState(UnitKind.CITY, "01", "Thành phố Hà Nội", SINCE)])
    wards = [
        NewUnit(new_id(), [NewState(UnitKind.WARD, f"{n:05d}", f"Phường {n}", SINCE, parent=root.id)])
        for n in range(WARDS)
    ]
    places.bulk_load(SYSTEM, [root, *wards])
    rows = []
    for number in range(PEOPLE):
        account, unit = new_id(), wards[number % WARDS].id
        post = NewMembership(new_id(), account, "officer", unit, SINCE)
        rows.append(NewAccount(account, f"p{number}", f"P {number}", memberships=(post,)))
    service.bulk_load(rows)
    access = service.access
    with access.pinned():
        officer = service.actor(rows[0].id)
        assert access.allowed(officer, "cases.act", wards[0].id)
        assert not access.allowed(officer, "cases.act", wards[1].id)
        assert not access.allowed(officer, "people.manage", wards[0].id)
        cached = timed(lambda: access.allowed(officer, "cases.act", wards[0].id), TRIES)
        actors = [service.actor(row.id) for row in rows[:500]]

        def cold() -> None:
            access.snapshot().reaches.clear()
            for actor in actors:
                access.allowed(actor, "cases.act", wards[0].id)

        first = timed(cold, 1) / len(actors)
    reference, backend = Reference(), ModelBackend()
    assert backend.has_perm(reference, "cases.action3")  # type: ignore[arg-type]
    peer = timed(lambda: backend.has_perm(reference, "cases.action3"), TRIES)  # type: ignore[arg-type]
    print(f"{WARDS} wards, {PEOPLE} officials; one decision, CPU microseconds")
    print(f"  cached                       {cached:8.2f}")
    print(f"  rights in memory, not cached {first:8.2f}")
    print(f"  Django ModelBackend.has_perm {peer:8.2f}  (no unit, no period)")
    tell = _figures.of("people")
    for metric, value in (("decision cached", cached), ("decision not cached", first)):
        tell(metric, value, "us CPU", "ModelBackend.has_perm", value / peer)


if __name__ == "__main__":
    try:
        main()
    finally:
        import shutil

        shutil.rmtree(Path(os.environ["THANGLONG_DATA"]), ignore_errors=True)
