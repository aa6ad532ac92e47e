"""One case: look, act, hand over, write."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from thanglong.core.cases import service
from thanglong.core.cases.service.wording import fill, translated
from thanglong.core.cases.service.writing import unit_name
from thanglong.core.cases.types import Action, CaseDetail
from thanglong.core.cases.views import queue, story
from thanglong.core.cases.views.forms import ActionForm
from thanglong.core.places import service as places
from thanglong.kit import clock
from thanglong.kit.errors import Conflict, Fault, Invalid, NotFound, ThangLongError
from thanglong.kit.ports import Actor


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def show(request: HttpRequest, detail: CaseDetail, status: int = 200, **more: Any) -> HttpResponse:
    """The case: alone for htmx, with the queue around it otherwise."""
    shown = story.page(detail, clock.now()) | {"current": detail.case.id, "opened_here": True} | more
    if request.headers.get("HX-Request"):
        response = render(request, "cases/_case.html", shown)  # htmx swaps only answers without an error status
        told = [{"text": str(message), "kind": "ok" if message.tags == "success" else "bad"}
                for message in messages.get_messages(request)]  # fmt: skip
        triggers: dict[str, Any] = {"queue-changed": {}} if told else {}
        if told:
            triggers["toast"] = told[-1]
        if triggers:
            response["HX-Trigger"] = json.dumps(triggers)  # headers are ASCII
        return response
    return render(
        request, "cases/queue.html", queue.context(request, _actor(request)) | shown | {"one": True}, status=status
    )


@require_GET
@vary_on_headers("HX-Request")
def case(request: HttpRequest, number: str) -> HttpResponse:
    """A case with its story."""
    return show(request, service.case(_actor(request), number))


def _back(number: str) -> HttpResponse:
    return HttpResponseRedirect(f"/desk/cases/{number}/", status=303)


def version_of(request: HttpRequest) -> int:
    """The version of the case on which the form was made."""
    try:
        return int(request.POST.get("version", ""))
    except ValueError:
        raise Conflict() from None


def words(error: ThangLongError) -> list[str]:
    """What is wrong, as sentences in the reader's language."""
    if isinstance(error, Invalid):
        return [fill(fault.text, fault.params) if fault.params else gettext(fault.text) for fault in error.faults]
    return [fill(error.text, error.params) if error.params else gettext(error.text)]


def _step(detail: CaseDetail, key: str) -> Action:
    step = detail.type.action(key)
    if step is None:
        raise NotFound()
    return step


def _kept(request: HttpRequest) -> list[UUID]:
    kept = []
    for key in request.POST.getlist("kept"):
        try:
            kept.append(UUID(key))
        except ValueError:
            continue
    return kept


def _uploads(request: HttpRequest, step: Action) -> tuple[list[UUID], list[Fault]]:
    """Keep the files that came with the form; a file that cannot be kept is a fault of its field."""
    kept, faults = _kept(request), []
    for need in step.documents:
        for upload in request.FILES.getlist(f"file_{need.kind}"):
            assert isinstance(upload, UploadedFile)
            try:
                content, name = upload.read(), upload.name or "file"
                made = service.add_document(_actor(request), content, name, upload.content_type or "", kind=need.kind)
                kept.append(made.id)
            except Invalid as error:
                faults += [Fault(need.kind, fault.text, fault.params) for fault in error.faults]
            except ThangLongError as error:
                faults.append(Fault(need.kind, error.text, error.params))
    return kept, faults


def _panel(
    detail: CaseDetail, step: Action, form: ActionForm, kept: Sequence[UUID], rest: Sequence[str]
) -> dict[str, Any]:
    return {
        "panel": "action",
        "step": step,
        "step_title": translated(step.title),
        "step_help": translated(step.help),
        "step_documents": [(need, translated(need.title), translated(need.help)) for need in step.documents],
        "form": form,
        "kept": service.uploaded(kept),
        "panel_errors": rest,
        "preview": str(form["reason"].value() or "") if step.reason else "",
        "person": detail.contact.name if detail.contact else "",
    }


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def act(request: HttpRequest, number: str, action: str) -> HttpResponse:
    """The form of an action, and taking it. Nothing entered is lost when it is refused."""
    actor = _actor(request)
    detail = service.case(actor, number)
    step = _step(detail, action)
    unit = unit_name(detail.case.unit)
    if request.method == "GET":
        return show(request, detail, **_panel(detail, step, ActionForm(step, detail.case, unit), [], []))
    form = ActionForm(step, detail.case, unit, request.POST)
    kept, faults = _uploads(request, step)
    try:
        if faults:
            raise Invalid(faults)
        data = {name: value for name, value in form.entries().items() if value != ""}
        service.act(actor, detail.case.id, action, data, version=version_of(request), documents=kept)
    except (Invalid, Conflict) as error:
        rest = form.show(error.faults) if isinstance(error, Invalid) else words(error)
        detail = service.case(actor, number)
        return show(request, detail, error.status, **_panel(detail, step, form, kept, rest))
    messages.success(
        request, gettext("Done: %(action)s, %(number)s") % {"action": translated(step.title), "number": number}
    )
    return _back(number)


@require_POST
def preview(request: HttpRequest, number: str) -> HttpResponse:
    """The text as the citizen will read it."""
    service.case(_actor(request), number)
    return render(request, "cases/_preview.html", {"preview": request.POST.get("reason", "")[:4000]})


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def transfer(request: HttpRequest, number: str) -> HttpResponse:
    """Hand the case over to another unit."""
    actor = _actor(request)
    detail = service.case(actor, number)
    asked = request.POST if request.method == "POST" else request.GET
    errors: list[str] = []
    if request.method == "POST" and "send" in request.POST:
        try:
            unit = UUID(request.POST.get("unit", ""))
            service.transfer(actor, detail.case.id, unit, request.POST.get("reason", ""), version=version_of(request))
            messages.success(
                request, gettext("%(number)s went to %(unit)s") % {"number": number, "unit": unit_name(unit)}
            )
            return HttpResponseRedirect("/desk/", status=303) if not _still_mine(actor, number) else _back(number)
        except ValueError:
            errors = [gettext("Please choose another unit that exists today.")]
        except (Invalid, Conflict) as error:
            errors = words(error)
            detail = service.case(actor, number)
    text = asked.get("q", "").strip()
    found = places.find(text, on=clock.today(), limit=8) if text else []
    return show(
        request, detail, 400 if errors else 200, panel="transfer", panel_errors=errors, q=text,
        units=[(unit.id, unit_name(unit.id)) for unit in found if unit.id != detail.case.unit],
        chosen=asked.get("unit", ""), reason=asked.get("reason", ""),
    )  # fmt: skip


def _still_mine(actor: Actor, number: str) -> bool:
    try:
        service.case(actor, number)
    except NotFound:
        return False
    return True


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def assign(request: HttpRequest, number: str) -> HttpResponse:
    """Put somebody in charge."""
    actor = _actor(request)
    detail = service.case(actor, number)
    errors: list[str] = []
    if request.method == "POST":
        try:
            account = UUID(request.POST["account"]) if request.POST.get("account") else None
            service.assign(actor, detail.case.id, account, version=version_of(request))
            messages.success(request, gettext("%(number)s has a new person in charge") % {"number": number})
            return _back(number)
        except ValueError:
            errors = [gettext("Please choose a person.")]
        except (Invalid, Conflict) as error:
            errors = words(error)
            detail = service.case(actor, number)
    able = queue.assignable(actor, detail.case.unit)
    return show(request, detail, 400 if errors else 200, panel="assign", panel_errors=errors, able=able)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def message(request: HttpRequest, number: str) -> HttpResponse:
    """Write to the reporter, or leave a note."""
    actor = _actor(request)
    detail = service.case(actor, number)
    public = (request.POST if request.method == "POST" else request.GET).get("to", "note") == "reporter"
    errors: list[str] = []
    text = request.POST.get("text", "")
    if request.method == "POST":
        try:
            service.message(actor, detail.case.id, text, public)
            messages.success(request, gettext("The message is on its way") if public else gettext("The note is kept"))
            return _back(number)
        except Invalid as error:
            errors = words(error)
    return show(request, detail, 400 if errors else 200, panel="message", panel_errors=errors, public=public, text=text)
