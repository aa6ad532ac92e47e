"""Decision models on the desk: which there are, what one says, and trying it out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from thanglong.core.cases.service import decisions
from thanglong.core.cases.service.decisions import Loaded
from thanglong.core.cases.types.decisions import DecisionModel
from thanglong.core.cases.views import decision_boxes, decision_forms, decision_shapes
from thanglong.core.cases.views.decision_boxes import Box
from thanglong.formats import dmn as files
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import Actor
from thanglong.solve import dmn as engine
from thanglong.solve.dmn import model as m
from thanglong.solve.dmn_analysis import Finding, Speech, explain, sentences
from thanglong.solve.dmn_analysis.texts import tables_of
from thanglong.solve.dmn_analysis.words import Name


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@dataclass(frozen=True, slots=True)
class Item:
    """A model in the list."""

    model: DecisionModel
    title: str
    description: str
    rules: int
    problems: int
    uses: int


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every registered model."""
    uses = decisions.uses()
    items = []
    for each in decisions.models(_actor(request)):
        found = decisions.findings(each.key, each.version)
        definitions = decisions.load(each.key, each.version).definitions
        rules = sum(len(table.rules) for _, _, table in tables_of(definitions))
        problems = sum(finding.level != "note" for finding in found)
        items.append(
            Item(each, gettext(each.title), translated(each.description), rules, problems, uses.get(each.key, 0))
        )
    return render(request, "cases/decisions.html", {"items": items})


def translated(text: str) -> str:
    """A text of a model in the reader's language, when it has one."""
    return gettext(text) if text else ""


def _version(request: HttpRequest) -> int:
    try:
        return int(request.GET.get("version") or 0)
    except ValueError:
        raise NotFound() from None


@dataclass(frozen=True, slots=True)
class Part:
    """A decision or knowledge model of the page. ``result`` is what it said just now."""

    anchor: str
    name: str
    kind: str
    question: str
    box: Box
    result: str
    made: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding: sentence, example, and whether it is an error."""

    level: str
    text: str
    example: str
    line: int


@require_GET
def model(request: HttpRequest, key: str) -> HttpResponse:
    """A model: diagram, tables, what is wrong with it, and a form to try it. Everything asked stands in the address."""
    every = decisions.versions(_actor(request), key)
    version = _version(request) or next((each.version for each in every if each.newest), every[0].version)
    if version not in {each.version for each in every}:
        raise NotFound()
    loaded = decisions.load(key, version)
    speech = decisions.speech(loaded)
    names = _askable(loaded)
    decision = request.GET.get("decision", "")
    if decision not in names:
        decision = names[0] if names else ""
    fields, values = decision_forms.entries(loaded, decision, request.GET.dict(), speech)
    tried = "try" in request.GET and bool(decision)
    outcome = _outcome(loaded, decision, values) if tried and not any(field.error for field in fields) else None
    shown: dict[str, Any] = {
        "model": next(each for each in every if each.version == version),
        "versions": every,
        "title": gettext(loaded.document.name or key),
        "description": translated(loaded.document.description),
        "problems": _problems(decisions.findings(key, version), speech),
        "names": [(name, speech.say(Name(name))) for name in names],
        "decision": decision,
        "fields": fields,
        "tried": tried,
        **_result(outcome, decision, speech),
        **_drawn(loaded, speech, outcome),
    }
    return render(request, "cases/decision.html", shown)


def _askable(loaded: Loaded) -> list[str]:
    """Decisions that no other needs first, then the others, then services."""
    needed = {
        reference.rpartition("#")[2]
        for each in loaded.definitions.elements.values()
        if isinstance(each, m.Decision)
        for reference in each.requires
    }
    made = [each for each in loaded.definitions.elements.values() if isinstance(each, m.Decision)]
    made.sort(key=lambda each: each.id in needed)
    return [each.variable.name for each in made] + list(loaded.compiled.services())


def _outcome(loaded: Loaded, decision: str, values: dict[str, Any]) -> engine.Outcome:
    return decisions.steps(loaded, decision, values)[1]


def _result(outcome: engine.Outcome | None, decision: str, speech: Speech) -> dict[str, Any]:
    if outcome is None:
        return {"outcome": None}
    made = [step for step in explain(outcome.trace) if step.kind != "input"]
    return {
        "outcome": outcome,
        "result_title": speech.say(Name(decision)),
        "result": speech.value(outcome.value),
        "sentences": list(sentences(made, speech)),
    }


def _drawn(loaded: Loaded, speech: Speech, outcome: engine.Outcome | None) -> dict[str, Any]:
    """The diagram and the parts below it, with what applied just now."""
    fired: dict[int, set[int]] = {}
    results: dict[str, Any] = {}
    for each in outcome.trace if outcome else ():
        if isinstance(each, engine.TableTrace):
            numbers = [number for number, _ in each.rules]
            single = each.table.hit_policy in ("U", "A", "F", "P")
            fired.setdefault(id(each.table), set()).update(numbers[:1] if single else numbers)
        elif isinstance(each, engine.DecisionTrace):
            results[each.id] = each.value
    elements = loaded.definitions.elements
    names = {key: speech.say(Name(each.name)) for key, each in elements.items() if each.name}
    parts = [
        Part(
            f"d-{each.id}", names.get(each.id, each.id), "decision" if isinstance(each, m.Decision) else "knowledge",
            translated(each.question) if isinstance(each, m.Decision) else "",
            decision_boxes.box(_logic(each), speech, fired),
            speech.value(results[each.id]) if each.id in results else "", each.id in results,
        )
        for each in elements.values()
        if isinstance(each, m.Decision | m.KnowledgeModel)
    ]  # fmt: skip
    anchors = {part.anchor[2:]: f"#{part.anchor}" for part in parts}
    pictures = [
        decision_shapes.picture(diagram, names, anchors, list(results)) for diagram in files.diagrams(loaded.document)
    ]
    return {"parts": parts, "pictures": [picture for picture in pictures if picture.shapes]}


def _logic(element: m.Element) -> m.Expression | None:
    if isinstance(element, m.KnowledgeModel):
        function = element.function
        return function.body if function is not None and not function.parameters else function
    return element.expression if isinstance(element, m.Decision) else None


def _problems(found: Sequence[Finding], speech: Speech) -> list[Problem]:
    rows = []
    for each in found:
        example = ", ".join(f"{speech.say(Name(name))} = {speech.value(value)}" for name, value in each.example.items())
        rows.append(Problem(each.level, speech.say(each.said), example, each.line))
    return sorted(rows, key=lambda row: ("error", "warning", "note").index(row.level))


@require_GET
def file(request: HttpRequest, key: str) -> HttpResponse:
    """The model's file, for a modeller."""
    decisions.versions(_actor(request), key)
    loaded = decisions.load(key, _version(request))
    response = HttpResponse(loaded.source, content_type="application/xml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{key}-{loaded.version}.dmn"'
    return response
