"""Case types: a lifecycle as data. Frozen, versioned, the same as JSON, and free of code.

Every title and sentence is an English message id (mark it with ``kit.errors.N_`` where it is written).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from thanglong.core.cases.types.parts import (
    AssignRule,
    Duration,
    OpinionRule,
    Pause,
    RequiredDocument,
    Retention,
)


class StateKind(StrEnum):
    """What a state means for the work queue and the clock."""

    OPEN = "open"
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"

    @property
    def closed(self) -> bool:
        return self in (StateKind.DONE, StateKind.REFUSED)


@dataclass(frozen=True, slots=True)
class Deadline:
    """``duration`` applies when ``when`` (see ``formats.conditions``) holds over ``{"data": …}``; the first wins."""

    duration: Duration
    when: Any = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """A rung: at ``share`` of the allowed time (1.0 = the due moment) ``notify`` is told and the timeline says
    ``text``.

    A share below 1 is a reminder. Each rung is climbed once; a restart of the clock begins again below the first.
    """

    share: float
    notify: Literal["assignee", "head", "parent", "city"]
    text: str = ""
    public: bool = False


@dataclass(frozen=True, slots=True)
class Auto:
    """The platform itself takes ``action`` when the case has been ``after`` in a state."""

    action: str
    after: Duration


@dataclass(frozen=True, slots=True)
class State:
    """``stops_clock`` halts the deadline while the case is here; ``tag`` and ``icon`` choose its look."""

    key: str
    title: str
    kind: StateKind = StateKind.OPEN
    icon: str = "circle"
    tag: Literal["", "ok", "warn", "bad", "info"] = ""
    stops_clock: bool = False
    auto: Auto | None = None
    help: str = ""


FieldKind = Literal["text", "longtext", "number", "choice", "bool", "date", "rating", "unit"]


@dataclass(frozen=True, slots=True)
class Field:
    """An entry an action needs. ``public`` values are shown to everyone; ``choices`` are (value, title) pairs.

    With ``into`` the value is also written into the case's data under that name.
    """

    key: str
    title: str
    kind: FieldKind = "text"
    required: bool = True
    public: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""
    max_length: int = 2000
    into: str = ""


@dataclass(frozen=True, slots=True)
class DocumentNeed:
    """Documents of ``kind`` that an action needs: at least ``least``, with a media type that begins with ``media``."""

    kind: str
    title: str
    least: int = 1
    media: str = ""
    help: str = ""


Effect = Literal["claim", "release", "restart", "reopen", "resume", "rate", "return", "complete"]


@dataclass(frozen=True, slots=True)
class Action:
    """A step from one of ``sources`` to ``target`` (empty: the case stays where it is).

    Who: an official with ``permission`` in the case's unit (empty: no official), and the reporter when ``reporter``.
    ``guard`` is a condition over ``case data input actor documents past`` (``guard_text`` says why it does not hold);
    ``past.<action>`` is the id of the account that last took an action.
    ``reason`` is the template of a text shown to the citizen before it is sent; with it the field ``reason`` is needed.
    ``text`` is the timeline's sentence; its parameters are ``unit who number reason`` and the public fields.
    Effects: claim (the actor becomes assignee), release, restart (the clock), reopen (count, and restart the clock),
    resume (with reopen: the clock goes on with the time that was left at the closing), rate (the field ``rating`` is
    the reporter's satisfaction, 1 to 5), return (the step is taken with a list of faults, by ``return_case``),
    complete (the reporter's answer to all of them, by ``answer_return``).
    ``within`` limits a step out of a closed state: so long after the closing. ``awaits``: not while opinions are
    awaited. ``complete``: not while a required document is missing or faulty.
    """

    key: str
    title: str
    sources: tuple[str, ...]
    target: str = ""
    permission: str = "cases.act"
    reporter: bool = False
    guard: Any = None
    guard_text: str = ""
    fields: tuple[Field, ...] = ()
    documents: tuple[DocumentNeed, ...] = ()
    reason: str = ""
    text: str = ""
    public: bool = True
    icon: str = "check"
    style: Literal["plain", "primary", "danger"] = "plain"
    effects: tuple[Effect, ...] = ()
    help: str = ""
    within: Duration | None = None
    awaits: bool = False
    complete: bool = False


@dataclass(frozen=True, slots=True)
class CaseType:
    """One version of a lifecycle. ``prefix`` begins the numbers; ``form`` is the JSON Schema of a case's ``data``.

    ``open_permission`` is needed to open a case (empty: everybody may). ``public`` cases have a page for everyone that
    shows the properties named in ``public_fields``. ``texts`` are sentences for the built-in events ``opened assigned
    released transferred message note escalated document``. ``public_url`` is
    that page's address with ``%s`` for the number. ``panel_template`` is drawn beside the case on the desk.
    ``keep_personal_days`` after closing, names and contacts are erased. ``pauses`` are the reasons for which the clock
    may stand still, ``documents`` what the case needs, ``opinions`` how other units are asked, ``assign`` who gets it,
    ``retention`` how long its files are kept.
    """

    key: str
    version: int
    title: str
    prefix: str
    states: tuple[State, ...]
    initial: str
    actions: tuple[Action, ...] = ()
    form: Mapping[str, Any] = field(default_factory=lambda: {"type": "object"})
    deadlines: tuple[Deadline, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    open_permission: str = ""
    public: bool = False
    public_fields: tuple[str, ...] = ()
    public_url: str = ""
    icon: str = "doc"
    panel_template: str = ""
    keep_personal_days: int = 365
    pauses: tuple[Pause, ...] = ()
    documents: tuple[RequiredDocument, ...] = ()
    opinions: OpinionRule | None = None
    assign: AssignRule | None = None
    retention: Retention = field(default_factory=Retention)

    def state(self, key: str) -> State:
        """The state called ``key``; KeyError when there is none."""
        for state in self.states:
            if state.key == key:
                return state
        raise KeyError(key)

    def action(self, key: str) -> Action | None:
        """The action called ``key``, or None."""
        return next((action for action in self.actions if action.key == key), None)

    def pause(self, reason: str) -> Pause | None:
        """What the type says of pauses for ``reason``, or None when there are none."""
        return next((pause for pause in self.pauses if pause.reason == reason), None)
