"""The isolation matrix of the live process: every role, held in the ward, above, beside, nowhere, at every stream."""

import asyncio
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

import pytest
from tests.surfaces.conftest import run
from tests.surfaces.test_streams import Page, thing

from thanglong.core.people import service as people
from thanglong.core.people.types import BUILTIN, NewAccount, NewMembership
from thanglong.core.places import service as places
from thanglong.core.places.types import NewState, UnitKind
from thanglong.core.things import service
from thanglong.core.things.types import Pass
from thanglong.kit import clock
from thanglong.kit.ids import seeded_id
from thanglong.kit.ports import ANONYMOUS, SYSTEM, Actor, ThingsStore
from thanglong.surfaces.asgi import Request, Router
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.stream.app import Streams
from thanglong.surfaces.stream.cases import reach_of

SINCE = date(2020, 1, 1)
OPEN, CLOSED = "Streetlight", "Ambulance"


@dataclass
class Town:
    """A city with two wards, one ward that has ended, and whoever may ask."""

    units: dict[str, UUID]
    actors: dict[tuple[str, str], Actor]


@pytest.fixture
def town(db: None) -> Town:
    root = places.create_unit(SYSTEM, NewState(UnitKind.CITY, "01", "Thành phố Hà Nội", SINCE)).id
    units = {"parent": root}
    for at, name in enumerate(("own", "sibling", "gone")):
        state = NewState(UnitKind.WARD, f"0007{at}", f"Phường {name}", SINCE, parent=root)
        units[name] = places.create_unit(SYSTEM, state).id
    places.close_unit(SYSTEM, units["gone"], last_day=date.fromordinal(clock.today().toordinal() - 1))
    rows = {}
    for role in BUILTIN:
        for place, unit in units.items():
            name = f"{role.key}.{place}"
            account = seeded_id("live", name)
            post = NewMembership(seeded_id("live", name, "post"), account, role.key, unit, SINCE)
            rows[role.key, place] = NewAccount(account, name, name, memberships=(post,))
    people.bulk_load(list(rows.values()))
    actors: dict[tuple[str, str], Actor] = {key: people.actor(row.id) for key, row in rows.items()}
    actors["anonymous", ""] = ANONYMOUS
    actors["citizen", ""] = people.actor(people.citizen_of_identity("https://id.example", "079", "Trần Thị Bình"))
    actors["", ""] = people.actor(people.create_account(SYSTEM, "nobody", "Nobody").id)
    return Town(units, actors)


def holds(role: str, action: str) -> bool:
    return any(item.key == role and action in item.actions for item in BUILTIN)


def test_hints_of_cases_reach_those_who_may_see_them(town: Town) -> None:
    """A role in a ward that has ended reaches nothing of today; the units beside reach nothing of the ward."""
    wrong = []
    for (role, place), actor in town.actors.items():
        found = reach_of(actor)
        heard = found is not None and town.units["own"] in found
        if heard != (holds(role, "cases.view") and place in ("own", "parent")):
            wrong.append(f"{role} {place}: {heard}")
    assert not wrong, wrong


class Asked(Gate):
    """A gate at which askers stand, told apart by their keys."""

    def __init__(self, askers: dict[str, Pass]) -> None:
        super().__init__(1)
        self.askers = askers

    async def pass_of(self, request: Request) -> Pass:
        return self.askers[request.headers["authorization"].removeprefix("Bearer ")]


async def _heard(askers: dict[str, Pass], query: str, things: ThingsStore) -> dict[str, set[str] | None]:
    """The types of what each asker hears of one write of each type; None where the door stays shut."""
    gate = Asked(askers | {"control": Pass(SYSTEM, True, True)})
    streams = Streams(gate)
    try:
        pages = {key: Page(streams, "/live/things", query, key=key) for key in askers}
        control = Page(streams, "/live/things", key="control")
        for page in (*pages.values(), control):
            await page.until(lambda page=page: page.status)
        await control.until(lambda: control.events("hello"))
        rows = [thing(OPEN, 1), thing(CLOSED, 1), thing("Meter", 1)]
        await asyncio.to_thread(things.write, rows, mode="upsert", at=clock.now())
        await control.until(lambda: len(control.changes()) == len(rows))
        await asyncio.sleep(0.2)  # what goes out goes out to all at once
        found = {
            key: None if page.status in (401, 403) else {item["type"] for item in page.changes()}
            for key, page in pages.items()
        }
        for page in (*pages.values(), control):
            await page.leave()
        return found
    finally:
        streams.close()
        gate.close()


def _expected(sees: bool, types: frozenset[str], query: str) -> set[str] | None:
    everything = {OPEN, CLOSED, "Meter"}
    mine = {OPEN} | (set(types) or everything if sees else set())
    if query:
        asked = set(query.removeprefix("types=").split(",")) & mine
        return asked or None
    return (set(types) or everything) if sees else None


@pytest.mark.parametrize("query", ["", f"types={CLOSED}", f"types={OPEN},{CLOSED}", "types=Meter"])
def test_streams_of_things_tell_what_each_may_read(town: Town, things: ThingsStore, query: str) -> None:
    askers: dict[str, tuple[Pass, bool]] = {}
    for (role, place), actor in town.actors.items():
        sees = holds(role, "things.view") and place != "gone"
        askers.setdefault(f"{role or 'none'}-{sees}", (service.pass_of(actor), sees))
    bound = Actor("client", uuid4(), "meters", role="client", types=frozenset({"Meter"}))
    askers["bound-key"] = (Pass(bound, True, True), True)
    found = run(_heard({key: who for key, (who, _) in askers.items()}, query, things))
    expected = {key: _expected(sees, who.actor.types, query) for key, (who, sees) in askers.items()}
    assert {key: (found[key], expected[key]) for key in askers if found[key] != expected[key]} == {}


def test_every_stream_is_in_this_matrix() -> None:
    gate = Gate(1)
    router = Router()
    Streams(gate).routes(router)
    known = {"/live/things", "/live/cases", "/live/pulse"}
    found = {path for path in known if router.find(path)}
    assert found == known
    gate.close()
