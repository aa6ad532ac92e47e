"""The desk of whoever keeps the units: the tree on any day, and the forms that change it."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from thanglong.core.places import service
from thanglong.core.places.types import NewState, Succession, Unit, UnitKind
from thanglong.core.places.views import asking, forms
from thanglong.core.places.views.public import details
from thanglong.kit import clock, ports
from thanglong.kit.errors import Invalid
from thanglong.kit.ports import Actor

MANAGE = "places.manage"


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def places(request: HttpRequest) -> HttpResponse:
    """The tree of units on a day, a search over all names, and the chosen unit beside it."""
    actor = _actor(request)
    ports.require(actor, MANAGE)
    day = asking.day_of(request)
    text = request.GET.get("q", "").strip()[:100]
    chosen = _chosen(request, day)
    context: dict[str, Any] = {
        "q": text,
        "on": day,
        "today": clock.today(),
        "found": service.search(text, day, 40) if text else None,
        "tree": [] if text else _tree(day),
        "chosen": chosen.id if chosen else None,
        "link": _link(text, day),
        "may": ports.plugged.access.allowed(actor, MANAGE, chosen.id) if chosen else False,
    }
    if chosen:
        context |= details(chosen)
    return render(request, "places/desk.html", context)


def _link(text: str, day: date | None) -> str:
    """The query of this list, to be followed by a unit."""
    parts = [f"q={text}" if text else "", f"on={day}" if day else ""]
    return "&".join(part for part in parts if part)


def _chosen(request: HttpRequest, day: date | None) -> Unit | None:
    try:
        unit_id = UUID(request.GET.get("unit", ""))
    except ValueError:
        return None
    return service.unit(unit_id, day)


def _tree(day: date | None) -> list[dict[str, Any]]:
    """Groups for the list: offices, then wards by district where there were districts."""
    everything = service.units(on=day)
    ids = {unit.id for unit in everything}
    tops = [unit for unit in everything if unit.parent not in ids]
    groups: list[dict[str, Any]] = []
    for top in tops:
        under = service.children(top.id, day)
        offices = [unit for unit in under if unit.kind is UnitKind.OFFICE]
        local = [unit for unit in under if unit.kind not in (UnitKind.OFFICE, UnitKind.DISTRICT)]
        groups.append({"title": gettext("The whole city"), "unit": top, "units": [], "open": True})
        districts = [unit for unit in under if unit.kind is UnitKind.DISTRICT]
        groups += [{"title": item.name, "unit": item, "units": service.children(item.id, day)} for item in districts]
        if local:
            groups.append({"title": gettext("Wards and communes"), "unit": None, "units": local, "open": True})
        if offices:
            groups.append({"title": gettext("Departments and companies"), "unit": None, "units": offices, "open": True})
    return groups


def _done(request: HttpRequest, unit: Unit, text: str) -> HttpResponse:
    messages.success(request, text % {"name": unit.name})
    return redirect(f"{reverse('places:desk')}?unit={unit.id}")


def create(request: HttpRequest) -> HttpResponse:
    """Found a unit."""
    actor = _actor(request)
    ports.require(actor, MANAGE)
    first = {"effective": clock.today(), "parent": request.GET.get("parent", "")}
    form = forms.UnitForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["effective"]
        try:
            made = service.create_unit(actor, NewState(valid_from=day, **form.values()), act=form.act(day))
            return _done(request, made, gettext("%(name)s was entered."))
        except Invalid as error:
            form.take(error)
    return render(request, "places/form.html", {"form": form, "mode": "create"}, status=400 if form.errors else 200)


def change(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """Rename or otherwise change a unit from a day on."""
    actor = _actor(request)
    ports.require(actor, MANAGE, unit_id)
    unit = service.unit(unit_id)
    first = {**forms.state_of(unit), "effective": clock.today()}
    form = forms.UnitForm(request.POST or None, initial=first, unit=unit)
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["effective"]
        try:
            changed = service.update_unit(actor, unit_id, form.values(), effective=day, act=form.act(day))
            return _done(request, changed, gettext("%(name)s was changed."))
        except Invalid as error:
            form.take(error)
    context = {"form": form, "unit": unit, "mode": "change"}
    return render(request, "places/form.html", context, status=400 if form.errors else 200)


def close(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """End a unit and say who takes over."""
    actor = _actor(request)
    ports.require(actor, MANAGE, unit_id)
    unit = service.unit(unit_id)
    form = forms.CloseForm(request.POST or None, initial={"last_day": clock.today()}, unit=unit)
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["last_day"]
        heirs = [Succession(unit_id, UUID(chosen)) for chosen in form.cleaned_data["successors"]]
        try:
            closed = service.close_unit(actor, unit_id, last_day=day, act=form.act(day), successors=heirs)
            return _done(request, closed, gettext("%(name)s was closed."))
        except Invalid as error:
            form.take(error)
    context = {"form": form, "unit": unit, "mode": "close"}
    return render(request, "places/form.html", context, status=400 if form.errors else 200)
