"""A case as the desk shows it: sentences, days, facts, picture pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext

from thanglong.core.cases.rules.links import TITLES
from thanglong.core.cases.service import decisions
from thanglong.core.cases.service.pausing import REASONS
from thanglong.core.cases.service.wording import sentence, translated
from thanglong.core.cases.service.writing import unit_name
from thanglong.core.cases.types import Action, Case, CaseDetail, CaseType, Document, Event, PauseReason
from thanglong.kit import clock
from thanglong.solve.calendar import VIETNAM

VERB_ICONS = {
    "opened": "inbox", "assigned": "user", "released": "user", "transferred": "swap", "message": "chat",
    "reply": "chat",     "note": "note", "escalated": "alert", "document": "doc",
}  # fmt: skip
MAX_SEGMENTS = 7


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline."""

    event: Event
    text: str
    icon: str
    documents: Sequence[Document]
    internal: bool
    newest: bool


def lines(case_type: CaseType, events: Sequence[Event], documents: Sequence[Document]) -> list[Line]:
    """The timeline, newest first."""
    by_id = {document.id: document for document in documents}
    found = []
    for event in events:
        action = case_type.action(event.action)
        icon = action.icon if action else VERB_ICONS.get(event.verb, "check")
        shown = [by_id[key] for key in event.documents if key in by_id]
        found.append(Line(event, sentence(event), icon, shown, not event.public, event is events[-1]))
    return found[::-1]


@dataclass(frozen=True, slots=True)
class Segment:
    """A working day of a deadline's bar: the share that has passed, and whether it is today."""

    day: date
    share: str
    current: bool
    last: bool


def segments(case: Case, now: datetime) -> list[Segment]:
    """One segment per working day from the opening to the due day; empty when there are too many or only one."""
    if case.due_at is None or case.kind.closed:
        return []
    first, last, today = clock.day_of(case.opened_at), clock.day_of(case.due_at), clock.day_of(now)
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    days = [day for day in days if day == last or VIETNAM.is_working_day(day)]
    if not 2 <= len(days) <= MAX_SEGMENTS:
        return []
    local = clock.local(now).replace(tzinfo=None)
    found = []
    for day in days:
        start = datetime.combine(day, datetime.min.time())
        share = 1.0 if day < today else 0.0
        if day == today:
            share = VIETNAM.between(start, local) / VIETNAM.day_seconds
        found.append(Segment(day, f"{min(max(share, 0), 1):.2f}", day == today, day == last))
    return found


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the facts: a title and what it says."""

    title: str
    text: str


def _answer(schema: Mapping[str, Any], value: Any) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, list):
        inner = schema.get("items", {})
        return ", ".join(_answer(inner, item) for item in value)
    for choice in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
        if choice.get("const") == value and "title" in choice:
            return translated(choice["title"])
    return str(value)


def facts(case_type: CaseType, case: Case) -> list[Fact]:
    """The form's answers that have a title in the schema."""
    found = []
    for name, schema in case_type.form.get("properties", {}).items():
        value = case.data.get(name)
        if schema.get("title") and value not in (None, "", [], {}):
            found.append(Fact(translated(schema["title"]), _answer(schema, value)))
    return found


def pictures(documents: Sequence[Document]) -> tuple[list[Document], list[Document]]:
    """Pictures of before, and proofs of after."""
    images = [document for document in documents if document.is_image]
    after = [document for document in images if document.kind.startswith(("proof", "after"))]
    return [document for document in images if document not in after], after


def page(detail: CaseDetail, now: datetime) -> dict[str, Any]:
    """What the template of a case needs."""
    case, case_type = detail.case, detail.type
    before, after = pictures(detail.documents)
    state = case_type.state(case.state)
    return {
        "detail": detail,
        "case": case,
        "type": case_type,
        "state": state,
        "state_title": translated(state.title),
        "type_title": translated(case_type.title),
        "public_url": case_type.public_url % case.number if case_type.public and case_type.public_url else "",
        "paused": state.stops_clock or bool(case.paused) or case.kind == "waiting",
        **dossier(detail),
        "lines": lines(case_type, detail.events, detail.documents),
        "segments": segments(case, now),
        "facts": facts(case_type, case),
        "why": decisions.why(case.id),
        "before": before,
        "after": after,
        "files": [document for document in detail.documents if not document.is_image],
        "now": now,
        "late": case.due_at is not None and not case.kind.closed and case.due_at < now,
        "unit_title": unit_name(case.unit),
        "map": _map(case),
        "actions": [
            Button.of(action, n, detail.blocked.get(action.key, ()))
            for n, action in enumerate(sorted(_usable(detail), key=_rank), 1)
        ],
    }


def _usable(detail: CaseDetail) -> list[Action]:
    """The actions with a button of their own: a return has its list instead."""
    return [action for action in detail.actions if not {"return", "complete"} & set(action.effects)]


def dossier(detail: CaseDetail) -> dict[str, Any]:
    """What hangs on the case: opinions, returns, checklist, links, and the steps that are open."""
    case, case_type = detail.case, detail.type
    works = detail.can_message and not case.kind.closed
    return {
        "pause_title": gettext(REASONS[PauseReason(case.paused)]) if case.paused else "",
        "returns": detail.returns,
        "opinions": [(item, unit_name(item.unit)) for item in detail.opinions],
        "checklist": [(item, translated(item.title)) for item in detail.checklist],
        "links": [(item, gettext(TITLES[item.kind, item.outgoing])) for item in detail.links],
        "can_pause": works and bool(case_type.pauses) and (bool(case.paused) or case.due_at is not None),
        "can_return": any("return" in action.effects for action in detail.actions),
        "can_ask": works and case_type.opinions is not None,
    }


@dataclass(frozen=True, slots=True)
class Button:
    """An action as a button: direct when it needs nothing, else it opens its form."""

    key: str
    title: str
    icon: str
    style: str
    direct: bool
    shortcut: str
    help: str
    blocked: str = ""

    @classmethod
    def of(cls, action: Action, number: int, blocked: Sequence[str] = ()) -> "Button":
        needs = bool(action.fields or action.documents or action.reason or "rate" in action.effects)
        return cls(
            action.key, translated(action.title), action.icon, action.style,
            not needs and action.style != "danger", str(number) if number < 10 else "", translated(action.help),
            " ".join(blocked),
        )  # fmt: skip


def _rank(action: Action) -> int:
    return ("primary", "plain", "danger").index(action.style)


def _map(case: Case) -> dict[str, Any] | None:
    if case.lon is None or case.lat is None:
        return None
    return {
        "center": [case.lon, case.lat], "zoom": 16, "pin": {"lon": case.lon, "lat": case.lat}, "interactive": True,
        "layers": [],
    }  # fmt: skip
