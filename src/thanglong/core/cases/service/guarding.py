"""Whether an action's guard can hold, and what a case still needs: conditions, decisions, opinions, documents,
links.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from thanglong.core.cases.repository import dossier, rows
from thanglong.core.cases.rules import checklist as lists
from thanglong.core.cases.rules import clock as timing
from thanglong.core.cases.rules import conditions, moves
from thanglong.core.cases.types import Action, Case, CaseType, Check, Document, Opinion, Return
from thanglong.kit.errors import N_, Fault
from thanglong.kit.ports import Actor

_NOT_YET = N_("This step is not possible yet.")
_AWAITED = N_("The opinion of another unit is still awaited.")
_TOO_LATE = N_("The time for this step is over; it ended at %(when)s.")
_FIRST = N_("%(numbers)s must be finished first.")
_BY_LIST = N_("This step is taken with a list of faults.")


def plug_decisions(decide: conditions.Decide) -> None:
    """Let conditions ask decision models: ``decide(reference, context)`` gives a decision's value."""
    conditions.use(decide)


def context(case: Case) -> dict[str, Any]:
    """What the condition of a required document may look at."""
    return {"data": case.data, "case": {"state": case.state, "unit": str(case.unit), "type": case.type}}


def checklist(case_type: CaseType, case: Case, documents: Sequence[Document], returns: Sequence[Return]) -> list[Check]:
    """The required documents of a case and whether they are there; empty for types that need none."""
    if not case_type.documents:
        return []
    return lists.checklist(lists.required(case_type, context(case)), documents, faulty(returns))


def faulty(returns: Sequence[Return]) -> set[str]:
    """Kinds of documents with a fault that the citizen has not answered."""
    return {
        finding.item.target
        for item in returns
        if item.state == "sent"
        for finding in item.findings
        if finding.item.about == "document" and finding.answered_at is None
    }


def opening_faults(case_type: CaseType, data: Mapping[str, Any], given: Sequence[Document]) -> list[Fault]:
    """What is missing of the documents that must be there before anything is opened."""
    if not any(need.at == "opening" for need in case_type.documents):
        return []
    asked = {"data": data, "case": {"state": case_type.initial, "unit": None, "type": case_type.key}}
    needs = [need for need in lists.required(case_type, asked) if need.at == "opening"]
    return lists.faults(lists.checklist(needs, given))


def awaited(case_type: CaseType, opinions: Sequence[Opinion]) -> bool:
    """Whether the case still waits for opinions, as its type says: for all, for any, or for none."""
    rule = case_type.opinions
    if rule is None or rule.waits == "none":
        return False
    running = [item for item in opinions if item.open]
    if rule.waits == "any" and any(item.state in ("answered", "silent") for item in opinions):
        return False
    return bool(running)


def standing_faults(
    case_type: CaseType,
    case: Case,
    step: Action,
    *,
    opinions: Sequence[Opinion] | None = None,
    documents: Sequence[Document] | None = None,
    returns: Sequence[Return] | None = None,
    now: Any = None,
    closing: Sequence[str] | None = None,
) -> list[Fault]:
    """What keeps an action from being taken whatever is entered. What is not given is looked up when it matters."""
    found: list[Fault] = []
    if step.awaits and awaited(case_type, dossier.opinions(case.id) if opinions is None else opinions):
        found.append(Fault("", _AWAITED))
    if step.complete and case_type.documents:
        documents = rows.documents(case.id) if documents is None else documents
        returns = dossier.returns(case.id) if returns is None else returns
        found += lists.faults(checklist(case_type, case, documents, returns))
    if step.within is not None and case.closed_at is not None and now is not None:
        end = timing.after(case.closed_at, step.within)
        if now > end:
            found.append(Fault("", _TOO_LATE, {"when": f"{timing.local_text(end)}"}))
    target = case_type.state(step.target or case.state)
    if target.kind == "done" and not case.kind.closed:
        first = dossier.standing(case.id) if closing is None else closing
        if first:
            found.append(Fault("", _FIRST, {"numbers": ", ".join(first[:5])}))
    return found


def guard_faults(
    actor: Actor,
    case: Case,
    step: Action,
    values: Mapping[str, Any],
    given: Sequence[Document],
    past: Mapping[str, str] | None = None,
) -> list[Fault]:
    """One fault when the action's guard does not hold over what was entered; ``past`` is looked up when not given."""
    if step.guard is None:
        return []
    counts = Counter(document.kind for document in given)
    if past is None:
        past = rows.last_actors(case.id) if moves.asks_past(step.guard) else {}
    if conditions.holds(step.guard, moves.guard_context(case, values, actor, counts, past)):
        return []
    return [Fault("", step.guard_text or _NOT_YET)]


def needs_input(condition: Any) -> bool:
    """Whether a guard looks at what is entered, so that nothing can be said before."""
    if isinstance(condition, Mapping):
        return "decision" in condition or any(needs_input(operand) for operand in condition.values())
    if isinstance(condition, list | tuple):
        return any(needs_input(item) for item in condition)
    return isinstance(condition, str) and condition.startswith(("input.", "documents."))


def by_list(step: Action) -> list[Fault]:
    """A step that is taken with a list of faults cannot be taken without one."""
    return [Fault("", _BY_LIST)] if {"return", "complete"} & set(step.effects) else []
