"""A case type with everything a procedure needs: pauses, opinions, required documents, returns, links, reopening."""

from typing import Any

from thanglong.core.cases import service
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.types import (
    Action,
    AssignRule,
    Case,
    CaseType,
    Contact,
    Deadline,
    Document,
    Duration,
    Escalation,
    OpinionRule,
    Pause,
    PauseReason,
    RequiredDocument,
    Retention,
    State,
    StateKind,
)
from thanglong.kit.ports import ANONYMOUS, Actor

PERMIT = CaseType(
    key="permit",
    version=1,
    title="Building permit",
    prefix="GP",
    states=(
        State("new", "New"),
        State("review", "In review"),
        State("returned", "Waiting for corrections", StateKind.WAITING, stops_clock=True),
        State("granted", "Granted", StateKind.DONE),
        State("refused", "Refused", StateKind.REFUSED),
    ),
    initial="new",
    actions=(
        Action("take", "Take", ("new",), "review", effects=("claim",)),
        Action("return", "Return", ("new", "review"), "returned", effects=("return",)),
        Action("correct", "Correct", ("returned",), "review", permission="", reporter=True, effects=("complete",)),
        Action("grant", "Grant", ("review",), "granted", awaits=True, complete=True),
        Action("refuse", "Refuse", ("review",), "refused", awaits=True),
        Action(
            "reopen", "Reopen", ("granted", "refused"), "review", permission="cases.reopen", reason="",
            effects=("reopen", "resume"), within=Duration(30, "day"),
        ),
    ),
    form={
        "type": "object",
        "required": ["floors"],
        "properties": {"floors": {"type": "integer", "minimum": 1, "maximum": 60}, "owner": {"type": "string"}},
    },
    deadlines=(Deadline(Duration(10, "working_day")),),
    escalations=(Escalation(0.8, "assignee"), Escalation(1.0, "head"), Escalation(1.5, "parent")),
    pauses=(
        Pause(PauseReason.CITIZEN, "Decree 1, article 2", Duration(5, "working_day")),
        Pause(PauseReason.BODY, "Decree 1, article 3"),
        Pause(PauseReason.FORCE_MAJEURE, "Decree 1, article 4", times=1),
    ),
    documents=(
        RequiredDocument("drawing", "Drawing", basis="Law 50, article 95"),
        RequiredDocument("fire", "Fire safety", {">": [{"var": "data.floors"}, 6]}, basis="Law 27, article 15"),
    ),
    opinions=OpinionRule(Duration(3, "working_day"), "all", pauses=True),
    assign=AssignRule(),
    retention=Retention(documents_days=100),
)  # fmt: skip


def permit(city: City, floors: int = 3, **given: Any) -> Case:
    """An open application in the ward."""
    return service.open_case(
        given.pop("actor", ANONYMOUS), "permit", {"floors": floors}, key=None, unit=city.ward, subject="Nhà số 9",
        contact=Contact("Lan", "lan@example.org"), **given,
    )  # fmt: skip


def paper(kind: str, text: str = "x", actor: Actor = ANONYMOUS) -> Document:
    """An uploaded PDF."""
    return service.add_document(actor, f"%PDF-1.7 {text}".encode(), f"{kind}.pdf", "application/pdf", kind=kind)
