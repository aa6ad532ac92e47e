"""Which documents a case needs, and which of them are there."""

from collections.abc import Mapping, Sequence, Set
from typing import Any, cast

from thanglong.core.cases.rules.conditions import holds
from thanglong.core.cases.types import CaseType, Check, Document, RequiredDocument
from thanglong.kit.errors import N_, Fault

_TEXTS = {
    "missing": N_("%(title)s is missing: please add at least %(least)s."),
    "faulty": N_("%(title)s has a fault that is not corrected yet."),
}


def required(case_type: CaseType, context: Mapping[str, Any]) -> list[RequiredDocument]:
    """The documents whose condition holds over ``context``, in the type's order."""
    return [need for need in case_type.documents if holds(need.when, context)]


def checklist(
    needs: Sequence[RequiredDocument], documents: Sequence[Document], faulty: Set[str] = frozenset()
) -> list[Check]:
    """A line for each required document; ``faulty`` are the kinds with a fault that is not answered."""
    found = []
    for need in needs:
        fitting = [item for item in documents if item.kind == need.kind and item.media_type.startswith(need.media)]
        state = "faulty" if need.kind in faulty else "present" if len(fitting) >= need.least else "missing"
        found.append(Check(need.kind, need.title, cast(Any, state), need.basis, need.least, len(fitting), need.help))
    return found


def faults(checks: Sequence[Check]) -> list[Fault]:
    """One fault for each document that is missing or faulty."""
    return [
        Fault(check.kind, _TEXTS[check.state], {"title": check.title, "least": check.least})
        for check in checks
        if check.state != "present"
    ]
