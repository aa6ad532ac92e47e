"""Every role at every address, with its role held in the object's ward, above it, beside it and nowhere.

What is expected stands in ``access.py``; an address that is not named there fails. A leak is an open door that should
be closed, a wrong refusal a closed one that should be open.
"""

import importlib.util
import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from PIL import Image
from shapely.geometry import box

from thanglong.core.ledger import service as ledger
from thanglong.core.people import service as people
from thanglong.core.people.types import BUILTIN, NewAccount, NewMembership
from thanglong.core.places import service as places
from thanglong.core.places.types import NewState, NewUnit, UnitKind
from thanglong.domains.requests import service as requests
from thanglong.domains.requests.types import NewReport
from thanglong.kit import clock, ports
from thanglong.kit.ids import seeded_id
from thanglong.kit.ports import ANONYMOUS, SYSTEM

NOW = datetime(2026, 7, 14, 2, 0, tzinfo=UTC)
SINCE = date(2025, 7, 1)
REFUSED = {401, 403, 404}
ROLES = {role.key: role for role in BUILTIN}
PLACES = ("own", "parent", "sibling")


def _table() -> Any:
    spec = importlib.util.spec_from_file_location("access_table", Path(__file__).with_name("access.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


table = _table()


class _Things(dict[str, Any]):
    """Things by parameter; one that the test's world does not have is a thing that does not exist."""

    def __missing__(self, name: str) -> str:
        return "1" if name in ("version", "seq") else str(table.NOWHERE)


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    route: str
    who: str
    post: bool = False
    on_object: bool = False
    in_city: bool = False
    at: dict[str, Any] = field(default_factory=dict)

    @property
    def pattern(self) -> str:
        """The route as the resolver knows it: a query only tells two lines of one route apart."""
        return self.route if self.route.startswith("^") else self.route.partition("?")[0]

    def path(self, things: dict[str, Any]) -> str:
        known = {**things, **self.at}
        template = self.at.get("path") or re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", self.route)
        # twice: a value may itself name a thing
        named = _Things(known)
        return "/" + template.format_map(named).format_map(named)

    def expects(self, role: str, place: str) -> bool:
        """Whether the door ought to be open for a role held in a place (both empty: signed in without a role)."""
        if self.who in (table.EVERYONE, table.NOBODY):
            return bool(self.who == table.EVERYONE)
        if self.who == table.SIGNED_IN:
            return role not in ("anonymous", "citizen") or (role == "citizen" and self.route in table.CITIZENS_OWN)
        held = role in ROLES and self.who in ROLES[role].actions
        return held and (place == "parent" if self.in_city else not self.on_object or place in ("own", "parent"))


def _row(line: tuple[Any, ...]) -> Row:
    route, who, *options = line
    at = next((item for item in options if isinstance(item, dict)), {})
    return Row(route, who, table.POST in options, table.OBJECT in options, table.CITY in options, at)


ROWS = [_row(line) for line in table.ROWS]


def routes(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """Every route of the project's resolver."""
    for item in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(item, URLResolver):
            yield from routes(item.url_patterns, prefix + str(item.pattern))
        elif isinstance(item, URLPattern):
            yield prefix + str(item.pattern)


def test_every_address_is_in_the_table_and_no_other() -> None:
    declared, there = {row.pattern for row in ROWS}, set(routes())
    assert not there - declared, f"say in tests/house/access.py who may open these: {sorted(there - declared)}"
    assert not declared - there, f"tests/house/access.py names addresses that are gone: {sorted(declared - there)}"


@dataclass
class World:
    """Two wards, things in the first of them, and a signed-in browser for every role in every place."""

    things: dict[str, Any]
    clients: dict[tuple[str, str], Client]


def _picture() -> bytes:
    rng = np.random.default_rng(5)
    scene = Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)).resize((640, 480))
    out = io.BytesIO()
    scene.save(out, "JPEG")
    return out.getvalue()


def _units() -> tuple[UUID, UUID, UUID]:
    def unit(kind: UnitKind, code: str, name: str, parent: UUID | None, shape: Any = None) -> NewUnit:
        state = NewState(kind, code, name, SINCE, parent=parent, lon=105.85, lat=21.02, population=9, boundary=shape)
        return NewUnit(seeded_id("access", code), [state])

    root = unit(UnitKind.CITY, "01", "Thành phố Hà Nội", None)
    ward = unit(UnitKind.WARD, "00070", "Phường Cửa Nam", root.id, box(105.84, 21.02, 105.86, 21.03))
    beside = unit(UnitKind.WARD, "00071", "Phường Hoàn Kiếm", root.id, box(105.86, 21.02, 105.88, 21.03))
    places.bulk_load(SYSTEM, [root, ward, beside])
    return root.id, ward.id, beside.id


def _officials(where: dict[str, UUID]) -> dict[tuple[str, str], NewAccount]:
    made = {}
    for role in ["", *ROLES]:
        for place in PLACES if role else ("",):
            name = f"{role or 'none'}.{place}"
            account = seeded_id("access", name)
            post = NewMembership(seeded_id("access", name, "post"), account, role, where.get(place, account), SINCE)
            made[role, place] = NewAccount(account, name, name, memberships=(post,) if role else ())
    people.bulk_load(list(made.values()))
    return made


def _things(ward: UUID, officials: dict[tuple[str, str], NewAccount]) -> dict[str, Any]:
    photo, _ = requests.add_photo(ANONYMOUS, _picture())
    report = NewReport(
        "Rác chưa được thu gom", "waste", 105.845, 21.025, "28 phố Thợ Nhuộm", {"what": "home"}, [photo.id]
    )
    sent = requests.send(ANONYMOUS, report, key="access")
    assert sent.unit == ward
    somebody = NewAccount(seeded_id("access", "somebody"), "somebody", "Somebody")
    member = seeded_id("access", "member")
    post = NewMembership(seeded_id("access", "member", "post"), member, "viewer", ward, SINCE)
    people.bulk_load([somebody, NewAccount(member, "member", "Member", memberships=(post,))])
    lamp, ambulance = "urn:ngsi-ld:Streetlight:access-1", "urn:ngsi-ld:Ambulance:access-1"
    named = {"type": "Property", "value": "CN-1"}
    rows = [{"id": id, "type": id.split(":")[2], "name": named} for id in (lamp, ambulance)]
    ports.plugged.things.write(rows, mode="upsert", at=NOW)
    keeper = people.actor(officials["city_admin", "parent"].id)
    _, system = people.add_client(keeper, "Archive", ["cases:read"], ["https://archive.example/back"])
    measures = _public_measures()
    public = ports.plugged.data / "ledger"
    shutil.rmtree(public, ignore_errors=True)  # of another test's database
    ledger.seal_and_publish()
    folder = next(public.rglob("tile"))
    return {
        "tile": next(str(item.relative_to(folder)) for item in sorted(folder.rglob("*")) if item.is_file()),
        "entry_id": ledger.latest(1)[0].id,
        "unit_id": ward,
        "account_id": member,
        "membership_id": officials["viewer", "own"].memberships[0].id,
        "token_id": people.issue_token(people.actor(somebody.id), "key", ["places:read"])[1].id,
        "client_id": system.id,
        "number": sent.number,
        "secret": sent.secret,
        "document_id": photo.id,
        "photo_id": photo.id,
        "key": measures[0],
        "kind": "Streetlight",
        "id": lamp,
        "ambulance": ambulance,
        "case": sent.case,
    }


def _public_measures() -> list[str]:
    from thanglong.core.measures import service as measures

    return [item.key for item in measures.definitions() if item.public]


@pytest.fixture
def world(db: Any) -> Iterator[World]:
    with clock.use(clock.Frozen(NOW)):
        root, ward, beside = _units()
        officials = _officials({"own": ward, "parent": root, "sibling": beside})
        things = _things(ward, officials)
        clients = {("anonymous", ""): Client(raise_request_exception=False)}
        for key, account in officials.items():
            clients[key] = Client(raise_request_exception=False)
            from thanglong.core.people.models import Account

            clients[key].force_login(Account.objects.get(pk=account.id))
        # somebody with an account and no post: opens what is open to all, and the page about themselves
        clients["citizen", ""] = Client(raise_request_exception=False)
        stranger = people.citizen_of_identity("https://id.example", "079", "Trần Thị Bình")
        clients["citizen", ""].force_login(Account.objects.get(pk=stranger))
        yield World(things, clients)


def _open(client: Client, row: Row, path: str) -> tuple[bool, int]:
    """Whether the door was open, and the status; nothing that the request changed stays."""
    cookies = client.cookies.copy()
    with transaction.atomic():
        answer = client.post(path) if row.post else client.get(path)
        transaction.set_rollback(True)
    client.cookies = cookies  # signing out must not last either
    to_sign_in = answer.status_code in (301, 302, 303) and answer.headers["Location"].startswith("/signin/")
    people.access.renew()
    return not (answer.status_code in REFUSED or to_sign_in), answer.status_code


def test_no_leak_and_no_wrong_refusal(world: World) -> None:
    wrong, cells = [], 0
    for row in ROWS:
        path = row.path(world.things)
        for (role, place), client in world.clients.items():
            if not row.on_object and not row.in_city and place in ("parent", "sibling"):
                continue  # a page's door asks whether anywhere; where the role is held makes no difference
            cells += 1
            is_open, status = _open(client, row, path)
            expected = row.expects(role, place)
            if is_open != expected or status >= 500 or status == 405:
                kind = "leak" if is_open and not expected else "wrong refusal" if expected else "failure"
                wrong.append(f"{kind}: {role or 'no role'} {place} -> {status} {path}")
    print(f"{cells} cells: {len(ROWS)} addresses, {len(world.clients)} browsers")
    assert not wrong, f"{len(wrong)} doors stand wrong:\n" + "\n".join(wrong)


def test_keys_open_no_more_than_their_scopes(world: World) -> None:
    """An access key of the city's administrator without scopes for it opens nothing that needs a role."""
    admin = people.actor(next(a.id for a in people.accounts([seeded_id("access", "city_admin.parent")]).values()))
    secret, _ = people.issue_token(admin, "narrow", ["places:read"])
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {secret}"})
    wrong = []
    for row in ROWS:
        if row.who == table.SIGNED_IN:
            continue  # an empty desk for a program, a closed page where an account is meant
        expected = row.who == table.EVERYONE
        is_open, status = _open(client, row, row.path(world.things))
        if is_open != expected or status >= 500:
            wrong.append(f"{status} {row.path(world.things)}")
    assert not wrong, "\n".join(wrong)


def test_what_is_refused_does_not_tell_whether_it_exists(world: World) -> None:
    """A case of another ward and a case that does not exist read the same."""
    beside = world.clients["unit_head", "sibling"]
    there = beside.get(f"/desk/cases/{world.things['number']}/")
    nowhere = beside.get("/desk/cases/PA-26-999999/")
    assert there.status_code == nowhere.status_code == 404
