"""Making one report of the demo: category, words, place, photos from the drawn scenes, officers by unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
import shapely

from thanglong.core.cases.types import BulkDocument
from thanglong.core.people import service as people
from thanglong.domains.requests.demo import scenes
from thanglong.domains.requests.demo.texts import REQUIRED, VOICES, question_code
from thanglong.domains.requests.repository.photos import hex_hash
from thanglong.domains.requests.rules import category, mask, read
from thanglong.domains.requests.rules.publish import subject
from thanglong.domains.requests.types import Category
from thanglong.kit import ports
from thanglong.kit.ports import Actor
from thanglong.solve.city import City, Ward

Rng = np.random.Generator
CLASSES = ("secondary", "tertiary", "residential")


@dataclass(frozen=True, slots=True)
class Stored:
    """A drawn photo in the blob store."""

    digest: str
    size: int
    thumb: str
    hash: int


@dataclass(frozen=True, slots=True)
class Words:
    """A report before it is sent."""

    kind: Category
    text: str
    address: str
    answers: Mapping[str, str]
    lon: float
    lat: float

    @property
    def urgent_words(self) -> tuple[str, ...]:
        """Words that say danger."""
        return _read(self.text)

    @property
    def subject(self) -> str:
        """The line for lists."""
        return subject(self.text, self.kind.title, self.address)

    def data(self, rule: str) -> dict[str, Any]:
        """The case's data."""
        said = []
        for question in self.kind.questions:
            if question.code in self.answers:
                value = self.answers[question.code]
                said.append([question.text, dict(question.values).get(value, value)])
        return {
            "category": self.kind.key, "text": self.text, "public_text": mask(self.text),
            "urgent": bool(self.urgent_words), "urgent_words": list(self.urgent_words), "said": said,
            "answers": dict(self.answers), "thing": "", "rule": rule, "channel": "web",
            "hide_name": True, "media_url": "",
        }  # fmt: skip


@lru_cache(maxsize=10_000)
def _read(text: str) -> tuple[str, ...]:
    return read(text).urgent


@dataclass
class Staff:
    """Officers by unit, as actors."""

    of: dict[UUID, list[Actor]] = field(default_factory=dict)

    @classmethod
    def load(cls) -> "Staff":
        """Everybody who may act on cases, by the unit they work in."""
        found: dict[UUID, list[Actor]] = {}
        for member in people.members_of(None, action="cases.act"):
            unit = member.membership.unit
            actor = Actor("person", member.account.id, member.account.display_name, unit=unit, role=member.role.key)
            found.setdefault(unit, []).append(actor)
        officers = {
            unit: [actor for actor in actors if actor.role == "officer"] or actors for unit, actors in found.items()
        }
        return cls(officers)

    def one(self, unit: UUID, rng: Rng, but: UUID | None = None) -> Actor | None:
        """An officer of a unit, not ``but``; None when there is nobody."""
        able = [actor for actor in self.of.get(unit, ()) if actor.id != but]
        return able[int(rng.integers(len(able)))] if able else None


class Pictures:
    """The drawn scenes, each put into the blob store once."""

    def __init__(self) -> None:
        self._stored: dict[tuple[str, bool], Stored] = {}
        self._content: dict[tuple[str, bool], bytes] = {}

    def get(self, key: str, mended: bool) -> Stored:
        """Where the photo of a category lies."""
        if (key, mended) not in self._stored:
            scene, blobs = scenes.draw(key, mended), ports.plugged.blobs
            view = blobs.put(scene.view)
            self._stored[key, mended] = Stored(view.digest, view.size, blobs.put(scene.thumb).digest, scene.hash)
            self._content[key, mended] = scene.view
        return self._stored[key, mended]

    def content(self, key: str, mended: bool) -> bytes:
        """The photo's bytes."""
        self.get(key, mended)
        return self._content[key, mended]

    def document(self, key: str, mended: bool, id: UUID, at: datetime) -> BulkDocument:
        """A document of a generated case that shows the photo."""
        found = self.get(key, mended)
        kind, name = ("proof", "sau.webp") if mended else ("photo", "truoc.webp")
        return BulkDocument(
            id, kind, name, "image/webp", found.size, found.digest, found.digest, found.thumb, at
        )  # fmt: skip

    def row(self, key: str, mended: bool, id: UUID, case: UUID, at: datetime) -> dict[str, Any]:
        """The photo's row in the reports' own table."""
        found = self.get(key, mended)
        return {
            "id": id, "case": case, "kind": "proof" if mended else "before", "view": found.digest, "thumb": found.thumb,
            "width": scenes.W, "height": scenes.H, "hash": hex_hash(found.hash), "at": at,
        }  # fmt: skip


def words_for(city: City, n: int, rng: Rng) -> list[Words]:
    """``n`` reports where people live and move, in people's words."""
    roads = city.points_on_roads(n, rng, CLASSES, people=0.6)
    order = rng.permutation(n)
    return [_words(float(roads.lon[i]), float(roads.lat[i]), roads.name[i], rng) for i in order]


def words_in(city: City, ward: Ward, n: int, rng: Rng) -> list[Words]:
    """At most ``n`` reports on the streets of one ward."""
    roads = city.points_on_roads(20_000, rng, CLASSES, people=0.6)
    inside = np.flatnonzero(shapely.contains_xy(ward.polygon, roads.lon, roads.lat))
    chosen = rng.permutation(inside)[:n]
    return [_words(float(roads.lon[i]), float(roads.lat[i]), roads.name[i], rng) for i in chosen]


_KEYS = tuple(VOICES)
_SHARES = np.array([VOICES[key].share for key in _KEYS])
_SUMS = np.cumsum(_SHARES) / _SHARES.sum()


def _words(lon: float, lat: float, street: str, rng: Rng) -> Words:
    key = _KEYS[int(np.searchsorted(_SUMS, rng.random(), side="right"))]
    said, street = VOICES[key].said, street or "khu dân cư"
    number = int(rng.integers(2, 280))
    text = said[int(rng.integers(len(said)))].format(no=number, street=street)
    kind = category(key)
    assert kind is not None
    shift = rng.normal(0, 6e-5, 2)
    place = (float(lon + shift[0]), float(lat + shift[1]))
    return Words(kind, text, f"{number} {street}", _answers(key, rng), *place)


def _answers(key: str, rng: Rng) -> dict[str, str]:
    values: Sequence[str] = REQUIRED.get(key, ())
    return {question_code(key): values[int(rng.integers(len(values)))]} if values else {}
