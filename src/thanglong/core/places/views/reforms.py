"""Reorganisations at the desk: the list, a draft from a file, the preview, the decision and what is left to look at."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.places import service
from thanglong.core.places.types import ActState, NewAct, Plan, Reorganisation
from thanglong.core.places.views.desk import MANAGE, _actor
from thanglong.core.places.views.forms import BasisForm, day_field
from thanglong.kit import clock, ports
from thanglong.kit.errors import N_, Fault, Invalid, NotFound
from thanglong.kit.ports import Actor

SHOWN = 200
STATES = {
    ActState.DRAFT: N_("Draft"),
    ActState.DECIDED: N_("Decided"),
    ActState.IN_FORCE: N_("In force"),
    ActState.UNDONE: N_("Undone"),
    ActState.DISCARDED: N_("Given up"),
}
TAGS = {ActState.DRAFT: "info", ActState.DECIDED: "warn", ActState.IN_FORCE: "ok"}
DONE = {
    "decide": N_("The reorganisation was decided."),
    "undo": N_("The reorganisation was undone: everything is as it was."),
    "discard": N_("The draft was given up."),
    "review": N_("Noted that you looked at it."),
}


class ReformForm(BasisForm):
    """A file with the pairs old -> new, and the legal basis where the file brings none."""

    file = forms.FileField(
        label=gettext_lazy("Table of old and new units"),
        help_text=gettext_lazy("CSV with old_code, new_code, new_name and share, or JSON with everything."),
    )
    outlines = forms.FileField(
        label=gettext_lazy("Outlines of the new units"),
        required=False,
        help_text=gettext_lazy("GeoJSON with the codes of the new units. Shares can be computed from outlines."),
    )
    effective = day_field(gettext_lazy("Day of effect"), gettext_lazy("It holds from the beginning of this day."))
    key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    field_order = ["file", "outlines", "effective", "title", "number", "issuer", "signed_on", "key"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].required = False
        self.fields["effective"].required = False

    def plan(self) -> Plan:
        """The plan as the files and fields tell it; Invalid."""
        data = self.cleaned_data
        act = None
        if data["effective"]:
            act = NewAct(data["title"], data["effective"], data["number"], data["issuer"], data["signed_on"])
        plan = service.read_reorganisation(data["file"].read(), data["file"].name, act)
        if data["outlines"]:
            plan = service.with_outlines(plan, service.read_content(data["outlines"].read(), data["outlines"].name))
        return plan


def _row(reform: Reorganisation) -> dict[str, Any]:
    return {"reform": reform, "state": gettext(STATES[reform.state]), "tag": TAGS.get(reform.state, "")}


def reforms(request: HttpRequest) -> HttpResponse:
    """All reorganisations, and the chosen one beside them."""
    actor = _actor(request)
    ports.require(actor, MANAGE)
    context: dict[str, Any] = {"rows": [_row(reform) for reform in service.reorganisations(actor)], "chosen": None}
    chosen = request.GET.get("id", "")
    if chosen:
        try:
            context |= _details(actor, service.reorganisation(actor, UUID(chosen)))
        except ValueError:
            raise NotFound from None
    return render(request, "places/reforms.html", context)


def _details(actor: Actor, reform: Reorganisation) -> dict[str, Any]:
    draft = reform.state is ActState.DRAFT
    view = service.preview(actor, reform.id) if draft else None
    entries = ledger.entries(ObjectRef("reorganisation", str(reform.id)))
    waiting = service.waiting(actor, reform.id)
    return {
        "chosen": reform.id,
        "reform": reform,
        "act": reform.plan.act,
        "state": gettext(STATES[reform.state]),
        "tag": TAGS.get(reform.state, ""),
        "view": view,
        "divided": [item for item in view.divisions if len(item.parts) > 1][:SHOWN] if view else [],
        "affected": [_line(line) for line in view.affected] if view else [],
        "blocking": [_said(problem) for problem in view.problems if not problem.warning][:SHOWN] if view else [],
        "warnings": [_said(problem) for problem in view.problems if problem.warning][:SHOWN] if view else [],
        "can_undo": reform.state is ActState.DECIDED and reform.plan.act.effective_on > clock.today(),
        "may": ports.plugged.access.allowed(actor, MANAGE, service.city().id),
        "reviews": [_review(item) for item in service.reviews(actor, reform.id, SHOWN)],
        "waiting": sum(waiting.values()),
        "entry": entries[-1].id if entries else None,
        "founded": [service.unit(unit.id) for unit in reform.plan.units if not draft and _there(unit.id)][:SHOWN],
    }


def _there(unit: UUID) -> bool:
    try:
        service.unit(unit)
    except NotFound:
        return False
    return True


def _line(line: Any) -> dict[str, Any]:
    return {
        "title": gettext(line.title), "count": line.count, "note": gettext(line.note) if line.note else "",
        "unsure": line.unsure, "moves": line.moves,
    }  # fmt: skip


def _said(problem: Any) -> dict[str, Any]:
    params = dict(problem.params)
    return {"line": problem.line, "text": gettext(problem.text) % params, "fix": gettext(problem.fix) % params}


def _review(item: Any) -> dict[str, Any]:
    return {
        "item": item, "reason": gettext(item.reason), "old": service.full_name(item.old),
        "new": service.full_name(item.new),
    }  # fmt: skip


def new(request: HttpRequest) -> HttpResponse:
    """A draft from a file; with ``id`` and ``version`` the file replaces the one of a draft."""
    actor = _actor(request)
    ports.require(actor, MANAGE)
    form = ReformForm(request.POST or None, request.FILES or None, initial={"key": uuid4()})
    replaced = request.GET.get("id", "")
    if request.method == "POST" and form.is_valid():
        try:
            reform = _kept(actor, form, replaced, request.GET.get("version", ""))
            return redirect(f"{reverse('places:reforms')}?id={reform.id}")
        except Invalid as error:
            form.take(error)
    context = {"form": form, "replaced": replaced}
    return render(request, "places/reform_new.html", context, status=400 if form.errors else 200)


def _kept(actor: Actor, form: ReformForm, replaced: str, version: str) -> Reorganisation:
    plan = form.plan()
    if not replaced:
        return service.draft(actor, plan, id=form.cleaned_data["key"])
    try:
        return service.redraft(actor, UUID(replaced), plan, version=int(version))
    except ValueError:
        raise NotFound from None


@require_POST
def step(request: HttpRequest) -> HttpResponse:
    """Decide, undo or give up a reorganisation, or note that something was looked at."""
    actor = _actor(request)
    ports.require(actor, MANAGE)
    what = request.POST.get("what", "")
    try:
        key, version = UUID(request.POST.get("id", "")), int(request.POST.get("version", "0"))
    except ValueError:
        raise Invalid([Fault("id", N_("Choose a reorganisation."))]) from None
    if what == "decide" and not request.POST.get("sure"):
        raise Invalid([Fault("sure", N_("Confirm that you have read what will happen."))])
    if what == "decide":
        service.decide(actor, key, version=version)
    elif what == "undo":
        service.undo(actor, key, version=version)
    elif what == "discard":
        service.discard(actor, key, version=version)
    elif what == "review":
        try:
            service.finish_review(actor, UUID(request.POST.get("review", "")))
        except ValueError:
            raise NotFound from None
    else:
        raise Invalid([Fault("what", N_("Choose what to do."))])
    messages.success(request, gettext(DONE[what]))
    return redirect(f"{reverse('places:reforms')}?id={key}")
