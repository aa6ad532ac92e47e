"""What the pages share: who asks, from where, photos, and a report told as a story."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import get_language, gettext

from thanglong.core.cases.types import Event, PublicCase
from thanglong.domains.requests import service
from thanglong.domains.requests.rules import category
from thanglong.domains.requests.service import words
from thanglong.domains.requests.service.syncing import state_word
from thanglong.domains.requests.types import DONE_STATES, REOPEN_DAYS, Photo, Report, State
from thanglong.kit import clock
from thanglong.kit.errors import Invalid, ThangLongError
from thanglong.kit.ports import ANONYMOUS, Actor
from thanglong.web import words as web_words

VERB_ICONS = {"opened": "report", "transferred": "arrow", "escalated": "clock", "message": "chat", "reply": "chat"}
TAGS = {"open": "info", "done": "ok", "refused": "bad"}


def actor_of(request: HttpRequest) -> Actor:
    """Who asks."""
    actor: Actor = getattr(request, "actor", ANONYMOUS)
    return actor


def language() -> str:
    """The page's language."""
    return (get_language() or "vi")[:2]


def uuids(values: Sequence[str]) -> list[UUID]:
    """The well-formed ids among texts."""
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found


def take_photos(request: HttpRequest) -> tuple[list[UUID], list[str]]:
    """Photos that came as files or as ids of earlier uploads, and what was wrong with some."""
    ids = uuids(request.POST.getlist("photo"))
    wrong: list[str] = []
    for upload in request.FILES.getlist("photo"):
        try:
            content = upload.read()
            if content:
                ids.append(service.add_photo(actor_of(request), content, upload.name or "photo")[0].id)
        except ThangLongError as error:
            wrong += said_of(error)
    return ids, wrong


def said_of(error: ThangLongError) -> list[str]:
    """An error's sentences in the reader's language."""
    if isinstance(error, Invalid):
        return [words.said(fault.text) % dict(fault.params) for fault in error.faults]
    return [words.said(error.text) % dict(error.params)]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the story."""

    text: str
    at: datetime
    icon: str
    kind: str
    quote: str = ""
    photos: tuple[Photo, ...] = ()
    entry: int | None = None


def lines(report: Report, shown: PublicCase) -> list[Line]:
    """The story, oldest first, with what comes next."""
    by_id = {photo.id: photo for photo in report.photos}
    found: list[Line] = []
    for event in shown.events:
        pictures = tuple(by_id[key] for key in event.documents if key in by_id)
        quote = event.body if event.verb in ("message", "reply") else ""
        if event.verb == "opened":
            quote = report.text
        bad = event.to_state == State.REFUSED or event.verb == "escalated"
        found.append(
            Line(words.sentence(event), event.at, _icon(event, shown), "bad" if bad else "done", quote, pictures,
                 event.ledger_entry)
        )  # fmt: skip
    following = _next(report)
    return [*found, following] if following else found


def _icon(event: Event, shown: PublicCase) -> str:
    action = shown.type.action(event.action)
    return action.icon if action else VERB_ICONS.get(event.verb, "check")


def _next(report: Report) -> Line | None:
    if report.state is State.RESOLVED and report.resolved_at:
        text = gettext("If nobody says otherwise, the report is closed.")
        return Line(text, report.resolved_at + timedelta(days=REOPEN_DAYS), "done", "next")
    if report.is_open and report.due_at:
        return Line(gettext("By then it should be done."), report.due_at, "clock", "next")
    return None


def headline(report: Report, shown: PublicCase, mine: bool) -> str:
    """One sentence that says where the matter stands."""
    unit = {"unit": words.unit_name(report.unit)}
    if report.state in DONE_STATES and report.resolved_at:
        taken = {"span": web_words.span(report.resolved_at - report.opened_at, parts=2)}
        text = gettext("Done after %(span)s.") % taken
        if report.due_at:
            early = report.due_at - report.resolved_at
            size = {"span": web_words.span(early, parts=1)}
            text += " " + (
                gettext("That is %(span)s before the deadline.") if early >= timedelta(0)
                else gettext("That is %(span)s after the deadline.")
            ) % size  # fmt: skip
        if mine and report.state is State.RESOLVED:
            text += " " + gettext("Is it fine for you?")
        return text
    told = {
        State.NEW: gettext("%(unit)s has the report and will look at it first."),
        State.ACCEPTED: gettext("%(unit)s took the report and plans the work."),
        State.WORKING: gettext("%(unit)s is working on it."),
        State.WAITING: gettext("%(unit)s asked a question and waits for the answer."),
        State.REFUSED: gettext("%(unit)s did not take it up. The reason stands below."),
    }
    return told.get(report.state, "%(unit)s") % unit


@dataclass(frozen=True, slots=True)
class Face:
    """How a report's state looks."""

    word: str
    title: str
    tag: str
    icon: str


_FACES = {
    State.NEW: ("Waiting to be taken", "inbox"),
    State.ACCEPTED: ("Taken", "user"),
    State.WORKING: ("Being mended", "works"),
    State.WAITING: ("Waiting for the reporter", "ask"),
    State.RESOLVED: ("Done", "done"),
    State.CONFIRMED: ("Done and closed", "done"),
    State.REFUSED: ("Refused, with the reason", "x"),
}


def face(report: Report) -> Face:
    """The state's title, tag and icon; late reports say so."""
    title, icon = _FACES[report.state]
    word = state_word(report.state)
    if word == "open" and report.due_at is not None and report.due_at < clock.now():
        return Face(word, gettext("Late"), "bad", "warn")
    return Face(word, gettext(title), TAGS[word], icon)


@dataclass(frozen=True, slots=True)
class Card:
    """A report in a list."""

    report: Report
    face: Face
    title: str
    icon: str
    unit: str
    photo: Photo | None
    distance_m: float | None = None

    @property
    def late(self) -> bool:
        """Open past its deadline."""
        return self.face.tag == "bad" and self.report.is_open


def card(report: Report, distance_m: float | None = None, names: dict[UUID, str] | None = None) -> Card:
    """What a list shows of a report; ``names`` remembers the units' names from card to card."""
    names = {} if names is None else names
    if report.unit not in names:
        names[report.unit] = words.unit_name(report.unit)
    kind = category(report.category)
    before = [photo for photo in report.photos if photo.kind == "before"]
    return Card(
        report, face(report), words.category_title(report.category), kind.icon if kind else "report",
        names[report.unit], before[0] if before else None, distance_m,
    )  # fmt: skip


def map_of(report: Report) -> Mapping[str, Any] | None:
    """The map beside a report: its pin, or its square's middle when the place is coarse."""
    if report.lon is None or report.lat is None:
        return None
    return {"pin": {"lon": report.lon, "lat": report.lat}, "zoom": 15 if report.coarse else 16.5, "interactive": False}
