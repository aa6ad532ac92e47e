"""What hangs on a case: pausing its clock, returning it with faults, asking other units, links; opinions we owe."""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from thanglong.core.cases import service
from thanglong.core.cases.rules import links as link_rules
from thanglong.core.cases.service.pausing import REASONS
from thanglong.core.cases.service.wording import translated
from thanglong.core.cases.service.writing import unit_name
from thanglong.core.cases.types import CaseDetail, FaultItem, LinkKind, OpinionAsk
from thanglong.core.cases.views import case as pages
from thanglong.core.people.types import PURPOSES, Purpose
from thanglong.core.places import service as places
from thanglong.kit import clock
from thanglong.kit.errors import Conflict, Invalid, NotFound, ThangLongError
from thanglong.kit.ports import Actor

WHATS = ("pause", "return", "opinions", "links", "contact")
EMPTY_ROWS, MAX_ROWS = 3, 30
ABOUTS = ("document", "field", "other")


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def do(request: HttpRequest, number: str, what: str) -> HttpResponse:
    """The form of a step that is not an action, and taking it. Nothing entered is lost when it is refused."""
    if what not in WHATS:
        raise NotFound()
    actor = _actor(request)
    detail = service.case(actor, number)
    errors: list[str] = []
    if request.method == "POST" and "find" not in request.POST:
        try:
            done = _DO[what](request, actor, detail)
            messages.success(request, done)
            return HttpResponseRedirect(f"/desk/cases/{number}/", status=303)
        except (Invalid, Conflict) as error:
            errors = pages.words(error)
            detail = service.case(actor, number)
    shown = _PANELS[what](request, detail)
    return pages.show(request, detail, 400 if errors else 200, panel=what, panel_errors=errors, **shown)


def _pause(request: HttpRequest, actor: Actor, detail: CaseDetail) -> str:
    note, version = request.POST.get("note", ""), pages.version_of(request)
    if detail.case.paused:
        service.resume(actor, detail.case.id, note, version=version)
        return gettext("The clock goes on")
    service.suspend(actor, detail.case.id, request.POST.get("reason", ""), note, version=version)
    return gettext("The clock stands still")


def _pause_panel(request: HttpRequest, detail: CaseDetail) -> dict[str, Any]:
    reasons = [(pause.reason.value, gettext(REASONS[pause.reason]), pause.basis) for pause in detail.type.pauses]
    return {"reasons": reasons, "note": request.POST.get("note", ""), "chosen": request.POST.get("reason", "")}


def _rows(post: Mapping[str, Any]) -> list[FaultItem]:
    """The faults entered; rows without any word are left out."""
    found = []
    for at in range(MAX_ROWS):
        fields = {
            name: str(post.get(f"{name}_{at}", "")).strip() for name in ("about", "target", "wrong", "remedy", "basis")
        }
        if fields["wrong"] or fields["remedy"]:
            about = cast(Any, fields["about"] if fields["about"] in ABOUTS else "other")
            by = cast(Any, "machine" if post.get(f"machine_{at}") else "person")
            found.append(FaultItem(about, fields["target"], fields["wrong"], fields["remedy"], fields["basis"], by))
    return found


def _return(request: HttpRequest, actor: Actor, detail: CaseDetail) -> str:
    version, decided = pages.version_of(request), request.POST.get("decide", "")
    proposed = next((item for item in detail.returns if item.state == "proposed"), None)
    if decided and proposed is not None:
        service.decide_return(actor, proposed.id, decided == "approve", version=version)
        return gettext("The return was decided")
    made = service.return_case(
        actor, detail.case.id, _rows(request.POST), version=version, reason=request.POST.get("reason", "")
    )
    if made.state == "proposed":
        return gettext("The return waits for the head's word")
    return gettext("The list of faults is on its way to the citizen")


def _return_panel(request: HttpRequest, detail: CaseDetail) -> dict[str, Any]:
    rows = (
        _rows(request.POST) if request.method == "POST" else service.suggested_faults(_actor(request), detail.case.id)
    )
    blank = FaultItem("document", "", "", "")
    titles = detail.type.form.get("properties", {})
    return {
        "fault_rows": list(enumerate([*rows, *[blank] * EMPTY_ROWS])),
        "targets": [(need.kind, translated(need.title)) for need in detail.type.documents]
        + [(name, translated(schema.get("title", name))) for name, schema in titles.items()],
        "again": any(item.state in ("sent", "answered") for item in detail.returns),
        "reason": request.POST.get("reason", ""),
    }


def _opinions(request: HttpRequest, actor: Actor, detail: CaseDetail) -> str:
    if key := request.POST.get("withdraw", ""):
        service.withdraw_opinion(actor, _uuid(key))
        return gettext("The case no longer waits for this opinion")
    question = request.POST.get("question", "")
    asks = [OpinionAsk(_uuid(key), question) for key in request.POST.getlist("unit")]
    service.ask_opinions(actor, detail.case.id, asks, version=pages.version_of(request))
    return gettext("The question is on its way")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound() from None


def _opinions_panel(request: HttpRequest, detail: CaseDetail) -> dict[str, Any]:
    asked = request.POST if request.method == "POST" else request.GET
    text, chosen = asked.get("q", "").strip(), asked.getlist("unit")
    found = places.find(text, on=clock.today(), limit=8) if text else []
    units = {str(unit.id): unit_name(unit.id) for unit in found if unit.id != detail.case.unit}
    units = {key: unit_name(_uuid(key)) for key in chosen} | units
    return {"q": text, "units": list(units.items()), "chosen": chosen, "question": asked.get("question", "")}


def _links(request: HttpRequest, actor: Actor, detail: CaseDetail) -> str:
    version = pages.version_of(request)
    if key := request.POST.get("unlink", ""):
        service.unlink(actor, detail.case.id, int(key) if key.isdigit() else 0, version=version)
        return gettext("The link was removed")
    kind = cast(LinkKind, request.POST.get("kind", ""))
    service.link(actor, detail.case.id, kind, request.POST.get("other", "").strip(), version=version)
    return gettext("The cases are linked")


def _links_panel(request: HttpRequest, detail: CaseDetail) -> dict[str, Any]:
    kinds = [(kind, gettext(link_rules.TITLES[kind, True])) for kind in link_rules.KINDS]
    return {"kinds": kinds, "other": request.POST.get("other", ""), "chosen": request.POST.get("kind", "duplicate")}


def _contact(request: HttpRequest, actor: Actor, detail: CaseDetail) -> str:
    service.state_purpose(actor, detail.case.id, request.POST.get("purpose", ""), request.POST.get("note", ""))
    return gettext("The contact data are open to you for an hour")


def _contact_panel(request: HttpRequest, detail: CaseDetail) -> dict[str, Any]:
    purposes = [(key, gettext(text)) for key, text in PURPOSES.items() if key != Purpose.HANDLING]
    return {"purposes": purposes, "chosen": request.POST.get("purpose", ""), "note": request.POST.get("note", "")}


_DO = {"pause": _pause, "return": _return, "opinions": _opinions, "links": _links, "contact": _contact}
_PANELS = {
    "pause": _pause_panel, "return": _return_panel, "opinions": _opinions_panel, "links": _links_panel,
    "contact": _contact_panel,
}  # fmt: skip


@require_GET
def asked(request: HttpRequest) -> HttpResponse:
    """The opinions that other units wait for from us, most urgent first."""
    items = service.opinions_asked(_actor(request))
    return render(request, "cases/opinions.html", {"items": items, "now": clock.now()})


@require_POST
def answer(request: HttpRequest, opinion_id: UUID) -> HttpResponse:
    """Give the opinion, or decline to."""
    actor, text = _actor(request), request.POST.get("text", "")
    try:
        if request.POST.get("verdict") == "decline":
            service.decline_opinion(actor, opinion_id, text)
        else:
            service.answer_opinion(actor, opinion_id, request.POST.get("verdict", ""), text)
        messages.success(request, gettext("The opinion was given"))
    except (Invalid, Conflict) as error:
        items = service.opinions_asked(actor)
        shown = {
            "items": items,
            "now": clock.now(),
            "wrong": opinion_id,
            "panel_errors": pages.words(error),
            "text": text,
        }
        return render(request, "cases/opinions.html", shown, status=cast(ThangLongError, error).status)
    return HttpResponseRedirect("/desk/opinions/", status=303)
