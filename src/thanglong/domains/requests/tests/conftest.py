"""A small city with two square wards and two offices, officers in each, and a sender that keeps what it sends."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from django.test import Client
from PIL import Image
from shapely.geometry import box

from thanglong.core.people import service as people
from thanglong.core.people.types import NewAccount, NewMembership
from thanglong.core.places import service as places
from thanglong.core.places.types import NewState, NewUnit, UnitKind
from thanglong.domains.requests import service
from thanglong.domains.requests.types import NewReport, Sent
from thanglong.kit import clock, ports
from thanglong.kit.ids import seeded_id
from thanglong.kit.ports import ANONYMOUS, SYSTEM, Actor, Outgoing

START = datetime(2026, 7, 14, 1, 20, tzinfo=UTC)  # Tuesday 08:20 in Hà Nội
SINCE = date(2025, 7, 1)
HERE = (105.845, 21.025)
THERE = (105.865, 21.025)


class Outbox:
    """Keeps messages instead of sending them."""

    def __init__(self) -> None:
        self.messages: list[Outgoing] = []

    def send(self, message: Outgoing) -> None:
        self.messages.append(message)

    def code(self) -> str:
        """The newest six-digit code."""
        found = [re.search(r"\b(\d{6})\b", message.text) for message in self.messages]
        return [match.group(1) for match in found if match][-1]


@dataclass
class Small:
    """The small city of these tests."""

    clock: clock.Frozen
    root: UUID
    ward: UUID
    other: UUID
    lighting: UUID
    drainage: UUID
    people: dict[str, Actor] = field(default_factory=dict)

    def send(self, text: str = "Đèn ngõ không sáng ba đêm nay", category: str = "streetlight", **more: Any) -> Sent:
        """A report from a citizen without account."""
        values: dict[str, Any] = {
            "lon": HERE[0],
            "lat": HERE[1],
            "address": "28 phố Thợ Nhuộm",
            "answers": {"what": "out"},
        }
        if category != "streetlight":
            values["answers"] = {}
        key = more.pop("key", str(uuid4()))
        values |= more
        return service.send(ANONYMOUS, NewReport(text, category, **values), key=key)


def jpeg(seed: int = 1, size: tuple[int, int] = (640, 480), quality: int = 80) -> bytes:
    """A small picture with a scene of its own for each seed."""
    rng = np.random.default_rng(seed)
    picture = Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _unit(name: str, kind: UnitKind, code: str, parent: UUID | None, shape: Any = None) -> NewUnit:
    state = NewState(kind, code, name, SINCE, parent=parent, lon=105.85, lat=21.02, population=50_000, boundary=shape)
    return NewUnit(seeded_id("requests", code), [state])


def _account(name: str, role: str, unit: UUID) -> NewAccount:
    account = seeded_id("requests", "account", name)
    post = NewMembership(seeded_id("requests", "post", name), account, role, unit, SINCE)
    return NewAccount(account, name, name.title(), memberships=(post,))


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> Outbox:
    box_ = Outbox()
    monkeypatch.setattr(ports.plugged, "sender", box_)
    return box_


def build(moment: clock.Frozen) -> Small:
    """The small city's units and people."""
    top = _unit("Thành phố Hà Nội", UnitKind.CITY, "01", None)
    units = [
        _unit("Phường Cửa Nam", UnitKind.WARD, "00070", top.id, box(105.84, 21.02, 105.86, 21.03)),
        _unit("Phường Hoàn Kiếm", UnitKind.WARD, "00071", top.id, box(105.86, 21.02, 105.88, 21.03)),
        _unit("Công ty Chiếu sáng", UnitKind.OFFICE, "lighting", top.id),
        _unit("Công ty Thoát nước", UnitKind.OFFICE, "drainage", top.id),
    ]
    places.bulk_load(SYSTEM, [top, *units])
    ward, other, lighting, drainage = (unit.id for unit in units)
    rows = [
        _account(f"{role}.{name}", "unit_head" if role == "head" else "officer", unit)
        for name, unit in (("cuanam", ward), ("hoankiem", other), ("light", lighting), ("drain", drainage))
        for role in ("head", "one", "two")
    ] + [_account("leader", "city_leader", top.id), _account("admin", "city_admin", top.id)]
    people.bulk_load(rows)
    made = Small(moment, top.id, ward, other, lighting, drainage)
    made.people = {row.username: people.actor(row.id) for row in rows}
    return made


@pytest.fixture
def small(db: Any, outbox: Outbox) -> Iterator[Small]:
    with clock.use(clock.Frozen(START)) as moment:
        assert isinstance(moment, clock.Frozen)
        yield build(moment)


@pytest.fixture
def signed_in(small: Small) -> Any:
    """A browser of an official, by user name."""
    from django.contrib.auth import get_user_model

    def browser(name: str) -> Client:
        client = Client()
        user = get_user_model().objects.get(username=name)
        client.force_login(user, backend="thanglong.core.people.backend.AccountBackend")
        return client

    return browser
