"""The life of a report as data: states, actions, proof, deadlines, sentences."""

from collections.abc import Iterable
from typing import Any

from thanglong.core.cases.types import (
    Action,
    Auto,
    CaseType,
    Deadline,
    DocumentNeed,
    Duration,
    Escalation,
    Field,
    StateKind,
)
from thanglong.core.cases.types import State as CaseState
from thanglong.domains.requests.rules.catalogue import CATEGORIES
from thanglong.domains.requests.types import CASE_TYPE, MAX_TEXT, PREFIX, REOPEN_DAYS, Category, Proof, State
from thanglong.kit.errors import N_

REFUSALS = (
    ("private", N_("It is on private ground")),
    ("not_found", N_("We went there and did not find it")),
    ("planned", N_("It is part of planned works")),
    ("known", N_("It is already being handled under another number")),
    ("other_way", N_("The law provides another way")),
    ("no_fault", N_("It is as it should be")),
)
OBJECTIONS = (
    ("poor", N_("It was mended, but not well")),
    ("elsewhere", N_("The photo shows another place")),
    ("again", N_("It is broken again")),
)
MAX_REOPENED = 5
NEW, ACCEPTED, WORKING, WAITING, RESOLVED, CONFIRMED, REFUSED = (state.value for state in State)


def _duration(item: Category) -> Duration:
    return Duration(item.hours, "hour") if item.calendar == "always" else Duration(item.hours / 24, "working_day")


def _deadlines() -> tuple[Deadline, ...]:
    # the largest groups first: a deadline is looked up at every step
    urgent: dict[int, list[str]] = {}
    plain: dict[Duration, list[str]] = {}
    for item in CATEGORIES:
        urgent.setdefault(item.urgent_hours, []).append(item.key)
        plain.setdefault(_duration(item), []).append(item.key)
    calm = {"!=": [{"var": "data.urgent"}, True]}
    rows = [
        Deadline(duration, {"all": [calm, _in(keys)]})
        for duration, keys in sorted(plain.items(), key=lambda group: -len(group[1]))
    ]
    rows += [
        Deadline(Duration(hours, "hour"), _in(keys))
        for hours, keys in sorted(urgent.items(), key=lambda group: -len(group[1]))
    ]
    return (*rows, Deadline(Duration(5, "working_day")))


def _in(keys: Iterable[str]) -> dict[str, Any]:
    return {"in": [{"var": "data.category"}, list(keys)]}


_PAPER = [item.key for item in CATEGORIES if item.proof is not Proof.PHOTO]
# who resolved or refused before may not judge the objection
_OTHER_EYES = {
    "any": [
        {"==": [{"var": "case.reopened"}, 0]},
        {
            "all": [
                {"!=": [{"var": "past.resolve"}, {"var": "actor.id"}]},
                {"!=": [{"var": "past.resolve_paper"}, {"var": "actor.id"}]},
                {"!=": [{"var": "past.refuse"}, {"var": "actor.id"}]},
            ]
        },
    ]
}
_OTHER_TEXT = N_("The reporter objected, so somebody else must decide this time.")
_WORKABLE = (NEW, ACCEPTED, WORKING)
_DONE_FIELDS = (
    Field(
        "what",
        N_("What was done"),
        "longtext",
        help=N_("The reporter reads this. Say what you did, and where."),
    ),
    Field("who", N_("Who did it"), help=N_("Crew or contractor, no names of persons")),
    Field("done_on", N_("Day it was done"), "date", required=False),
)

STATES = (
    CaseState(NEW, N_("Waiting to be taken"), icon="inbox", tag="info"),
    CaseState(ACCEPTED, N_("Taken"), icon="user", tag="info"),
    CaseState(WORKING, N_("Being mended"), icon="works", tag="info"),
    CaseState(
        WAITING, N_("Waiting for the reporter"), StateKind.WAITING, "ask", "warn", stops_clock=True,
        auto=Auto("give_up", Duration(REOPEN_DAYS, "day")),
    ),
    CaseState(
        RESOLVED, N_("Done"), StateKind.DONE, "done", "ok", auto=Auto("close", Duration(REOPEN_DAYS, "day"))
    ),
    CaseState(CONFIRMED, N_("Done and closed"), StateKind.DONE, "done", "ok"),
    CaseState(REFUSED, N_("Refused, with the reason"), StateKind.REFUSED, "x", "bad"),
)  # fmt: skip

ACTIONS = (
    Action(
        "accept", N_("Take it"), (NEW,), ACCEPTED, icon="check", style="primary", effects=("claim",),
        text=N_("%(unit)s took the report."),
    ),
    Action(
        "start", N_("Start work"), (NEW, ACCEPTED), WORKING, icon="works", effects=("claim",),
        fields=(Field("plan", N_("What happens now"), required=False, max_length=300),),
        text=N_("%(unit)s is working on it. %(plan)s"),
    ),
    Action(
        "ask", N_("Ask the reporter"), _WORKABLE, WAITING, icon="ask", effects=("claim",),
        fields=(Field("question", N_("Your question"), "longtext", max_length=1000),),
        text=N_("%(unit)s asks: “%(question)s” The clock stands still until the answer."),
    ),
    Action(
        "answer", N_("Answer"), (WAITING,), WORKING, permission="", reporter=True, icon="ask",
        style="primary", fields=(Field("answer", N_("Your answer"), "longtext", public=False),),
        text=N_("The reporter answered; the clock runs again."),
    ),
    Action(
        "resume", N_("Go on without an answer"), (WAITING,), WORKING, icon="works",
        text=N_("%(unit)s goes on without waiting for an answer."),
    ),
    Action(
        "give_up", N_("Close without an answer"), (WAITING,), REFUSED, permission="", icon="x",
        text=N_("Nobody answered the question for 14 days, so the report was closed."),
    ),
    Action(
        "resolve", N_("Done, with a photo"), _WORKABLE, RESOLVED, icon="camera", style="primary",
        effects=("claim",), guard=_OTHER_EYES, guard_text=_OTHER_TEXT, fields=_DONE_FIELDS,
        documents=(DocumentNeed("proof", N_("Photo of the finished work"), 1, "image/",
                                N_("Taken on the spot, from where the reporter stood")),),
        text=N_("%(unit)s reports it done: %(what)s (%(who)s)"),
    ),
    Action(
        "resolve_paper", N_("Done, with a document"), _WORKABLE, RESOLVED, icon="doc", effects=("claim",),
        guard={"all": [_in(_PAPER), _OTHER_EYES]},
        guard_text=N_("This kind of report needs a photo as proof, and after an objection somebody else must decide."),
        fields=_DONE_FIELDS,
        documents=(DocumentNeed("proof", N_("Record or decision"), 1, "", N_("PDF or photo of the signed paper")),),
        text=N_("%(unit)s reports it done: %(what)s (%(who)s)"),
    ),
    Action(
        "refuse", N_("Refuse with a reason"), _WORKABLE, REFUSED, icon="x", style="danger", effects=("claim",),
        guard=_OTHER_EYES, guard_text=_OTHER_TEXT,
        fields=(Field("ground", N_("Ground"), "choice", choices=REFUSALS),),
        reason=N_("Thank you for your report. We cannot take it up because … You may object within 14 days; somebody "
                  "else will then look at it again."),
        text=N_("%(unit)s refused the report: %(ground)s. %(reason)s"),
    ),
    Action(
        "confirm", N_("It is fine, thank you"), (RESOLVED,), CONFIRMED, permission="", reporter=True,
        icon="check", style="primary", effects=("rate",),
        fields=(Field("rating", N_("How satisfied are you?"), "rating", required=False),),
        text=N_("The reporter looked at it and closed the report."),
    ),
    Action(
        "rate", N_("Rate it"), (CONFIRMED,), permission="", reporter=True, icon="check", effects=("rate",),
        text=N_("The reporter rated the work: %(rating)s of 5."),
    ),
    Action(
        "close", N_("Close"), (RESOLVED,), CONFIRMED, permission="", icon="done",
        text=N_("Nobody objected within 14 days, so the report is closed."),
    ),
    Action(
        "reopen", N_("Not satisfied"), (RESOLVED,), NEW, permission="", reporter=True, icon="hand",
        guard={"<": [{"var": "case.reopened"}, MAX_REOPENED]},
        guard_text=N_("This report was reopened several times already. Please call 1022."),
        effects=("reopen", "release"),
        fields=(Field("why", N_("What is not right?"), "choice", choices=OBJECTIONS),
                Field("more", N_("Say more"), "longtext", required=False, public=False)),
        text=N_("The reporter is not satisfied: %(why)s. Somebody else looks at it again."),
    ),
    Action(
        "again", N_("Broken again"), (RESOLVED, CONFIRMED), NEW, permission="", icon="sync",
        effects=("reopen", "release"),
        fields=(Field("more", N_("Say more"), "longtext", required=False, public=False),),
        text=N_("Somebody says it is broken again, so the report is open again."),
    ),
    Action(
        "appeal", N_("Object"), (REFUSED,), NEW, permission="", reporter=True, icon="hand",
        guard={"<": [{"var": "case.reopened"}, MAX_REOPENED]},
        guard_text=N_("This report was reopened several times already. Please call 1022."),
        effects=("reopen", "release"),
        fields=(Field("more", N_("Why do you object?"), "longtext", public=False),),
        text=N_("The reporter objects to the refusal. Somebody else looks at it again."),
    ),
)  # fmt: skip

FORM = {
    "type": "object",
    "required": ["category", "text", "public_text"],
    "additionalProperties": False,
    "properties": {
        "category": {
            "type": "string",
            "title": N_("What it is about"),
            "oneOf": [{"const": item.key, "title": item.title} for item in CATEGORIES],
        },
        "text": {"type": "string", "minLength": 5, "maxLength": MAX_TEXT},
        "public_text": {"type": "string", "maxLength": MAX_TEXT},
        "urgent": {"type": "boolean"},
        "urgent_words": {"type": "array", "items": {"type": "string"}},
        "said": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
        "answers": {"type": "object", "additionalProperties": {"type": ["string", "number", "array"]}},
        "thing": {"type": "string", "maxLength": 200},
        "rule": {"type": "string"},
        "channel": {"type": "string", "maxLength": 20},
        "hide_name": {"type": "boolean"},
        "media_url": {"type": "string", "maxLength": 500},
    },
}

DEFINITION = CaseType(
    key=CASE_TYPE,
    version=1,
    title=N_("Report"),
    prefix=PREFIX,
    states=STATES,
    initial=NEW,
    actions=ACTIONS,
    form=FORM,
    deadlines=_deadlines(),
    escalations=(
        Escalation(0.75, "assignee", N_("Three quarters of the time have passed.")),
        Escalation(1.0, "head", N_("It is late; the head of %(unit)s was told."), public=True),
        Escalation(2.0, "city", N_("It is very late; the city was told.")),
    ),
    texts={
        "opened": N_("A citizen reported this. %(unit)s is responsible."),
        "transferred": N_("%(before)s handed the report over to %(unit)s: %(reason)s"),
    },
    public=True,
    public_fields=("category", "public_text", "urgent"),
    icon="report",
    panel_template="requests/panel.html",
    public_url="/reports/%s/",
    keep_personal_days=90,
)
