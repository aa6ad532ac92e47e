"""The citizen's page of a dossier that came back: every fault, answered in one go. The secret address is the key."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from thanglong.core.cases import service
from thanglong.core.cases.service.wording import fill, translated
from thanglong.core.cases.types import FaultAnswer, Finding, PublicCase
from thanglong.kit.errors import Conflict, Invalid, ThangLongError
from thanglong.kit.ports import Actor


def _title(shown: PublicCase, finding: Finding) -> str:
    """What a fault is about as the citizen knows it: never a bare name of a field, which means nothing to them."""
    item, told = finding.item, None
    if item.about == "document":
        told = {need.kind: need.title for need in shown.type.documents}.get(item.target)
    elif item.about == "field":
        told = shown.type.form.get("properties", {}).get(item.target, {}).get("title")
    return translated(told) if told else gettext("Another point")


def _value(schema: dict[str, Any], text: str) -> Any:
    """A field's value from its text, by the schema's type; what is none stays text and is found by the form's check."""
    kind = schema.get("type")
    try:
        if kind in ("integer", "number") and text:
            number = float(text.replace(",", "."))
            return int(number) if number == int(number) else number
    except (ValueError, OverflowError):
        return text
    return text in ("on", "true", "1") if kind == "boolean" else text


@require_http_methods(["GET", "POST"])
def corrections(request: HttpRequest, number: str, secret: str) -> HttpResponse:
    """The faults of the open return with a field for each; all answers go together."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    case = service.case_by_secret(number, secret)
    shown = service.public_case(case.id, actor=actor, secret=secret)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            answers = _answers(request, actor, shown)
            service.answer_return(actor, case.id, answers, version=case.version, secret=secret)
            return HttpResponseRedirect(f"/cases/{number}/{secret}/?sent=1", status=303)
        except (Invalid, Conflict) as error:
            errors = _by_field(error)
    sent = next((item for item in shown.returns if item.state == "sent"), None)
    rows = [
        {
            "finding": finding, "title": _title(shown, finding), "errors": errors.get(str(finding.id), []),
            "value": request.POST.get(f"value_{finding.id}", case.data.get(finding.item.target, "")),
            "text": request.POST.get(f"text_{finding.id}", ""),
        }
        for finding in (sent.findings if sent else ())
    ]  # fmt: skip
    known = {str(row["finding"].id) for row in rows}
    rest = [text for name, texts in errors.items() if name not in known for text in texts]
    context = {
        "case": shown.case, "type_title": translated(shown.type.title), "rows": rows, "given": sent, "rest": rest,
        "state_title": translated(shown.type.state(case.state).title), "state": shown.type.state(case.state),
        "looks": service.who_looked(case.id, secret),
    }  # fmt: skip
    return render(request, "cases/corrections.html", context, status=400 if errors else 200)


def _answers(request: HttpRequest, actor: Actor, shown: PublicCase) -> dict[Any, FaultAnswer]:
    found = {}
    for item in shown.returns:
        for finding in item.findings if item.state == "sent" else ():
            key, about = finding.id, finding.item.about
            schema = shown.type.form.get("properties", {}).get(finding.item.target, {})
            files = []
            if about == "document":
                for upload in request.FILES.getlist(f"file_{key}"):
                    made = service.add_document(
                        actor, upload.read(), upload.name or "file", upload.content_type or "", kind=finding.item.target
                    )
                    files.append(made.id)
            value = _value(dict(schema), request.POST.get(f"value_{key}", "").strip()) if about == "field" else None
            found[key] = FaultAnswer(value, request.POST.get(f"text_{key}", ""), files)
    return found


def _by_field(error: ThangLongError) -> dict[str, list[str]]:
    if not isinstance(error, Invalid):
        return {"": [fill(error.text, error.params)]}
    found: dict[str, list[str]] = {}
    for fault in error.faults:
        found.setdefault(fault.field, []).append(fill(fault.text, fault.params))
    return found
