"""What people set and saw: the page of corrections, and alerts that are taken note of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from thanglong.core.measures import rules, service
from thanglong.core.measures.types import Alert, Correction, Figure, Measure
from thanglong.core.measures.views import choice as choosing
from thanglong.core.measures.views import present
from thanglong.core.measures.views.choice import Choice
from thanglong.kit import clock, ports
from thanglong.kit.errors import Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import Actor
from thanglong.kit.text import sort_key


@dataclass(frozen=True, slots=True)
class Shown:
    """A correction or an alert with the names of its unit and period."""

    one: Any
    unit: str
    period: str


def _shown(item: Measure, one: Correction | Alert) -> Shown:
    return Shown(one, present.unit_name(one.unit), present.period_text(one.period, item.period))


def corrections(actor: Actor, item: Measure, unit: UUID | None) -> list[Shown]:
    """The corrections of a measure, or of one unit, for its page."""
    return [_shown(item, one) for one in service.corrections(actor, item.key, [unit] if unit else None)]


def alerts(actor: Actor, item: Measure, unit: UUID | None) -> list[Shown]:
    """The standing alerts of a measure, or of one unit, those nobody has seen first."""
    found = [one for one in service.alerts(actor, [unit] if unit else None) if one.measure == item.key]
    return [_shown(item, one) for one in sorted(found, key=lambda one: one.seen_at is not None)]


def correct_url(item: Measure, choice: Choice, unit: UUID | None) -> str:
    """The page on which the shown figure can be corrected (its last own period)."""
    asked = {"period": choosing.own_periods(item, choice)[-1].isoformat()} | ({"unit": str(unit)} if unit else {})
    return f"/centre/measures/{item.key}/correct/?{urlencode(asked)}"


class Form(forms.Form):
    """A new value, or none to take a correction back, and why."""

    value = forms.FloatField(label=gettext_lazy("New value"), localize=True)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        widget=forms.Textarea({"rows": 3, "class": "input"}),
        help_text=gettext_lazy("One sentence. Everyone who reads the figure sees it."),
        max_length=1000,
    )


def _chosen(
    actor: Actor, request: HttpRequest, item: Measure
) -> tuple[Sequence[tuple[UUID, str]], date, Figure | None]:
    """The units the actor may correct, the period and, where both are chosen, the figure as it is read."""
    wish = choosing.asked(request, item)
    known = service.known_periods(item.key)
    period = wish.period if wish.period in known else None
    period = period or (known or [rules.period_of(clock.today(), item.period)])[0]
    reach = ports.reach(actor, "measures.manage")
    found = {one.unit: one for one in service.values(actor, item.key, first=period, last=period) if one.unit in reach}
    names = sorted(((unit, present.unit_name(unit)) for unit in found), key=lambda pair: sort_key(pair[1]))
    return names, period, found.get(wish.unit) if wish.unit else None


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, key: str) -> HttpResponse:
    """Set the figure of a unit and one of the measure's own periods, or take that back."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not ports.reach(actor, "measures.manage"):
        raise NotSignedIn() if actor.id is None else Denied()
    item = service.measure(key)
    units, period, figure = _chosen(actor, request, item)
    form = Form(request.POST or None)
    if request.method == "POST":
        if figure is None:
            raise NotFound()
        back = request.POST.get("do") == "withdraw"
        form.fields["value"].required = not back
        if form.is_valid() and _set(actor, item, figure, form, back):
            text = gettext("The computed figure holds again.") if back else gettext("The figure was corrected.")
            messages.success(request, text)
            asked = {"unit": figure.unit, "by": item.period, "period": period.isoformat()}
            return redirect(f"/centre/measures/{item.key}/?{urlencode(asked)}#corrections")
    shown = {
        "measure": item, "title": gettext(item.title), "unit_text": present.unit_text(item), "units": units,
        "period": period, "figure": figure, "form": form,
        "periods": [(one, present.period_text(one, item.period)) for one in service.known_periods(item.key)],
        "period_text": present.period_text(period, item.period),
        "unit_name": present.unit_name(figure.unit) if figure else "",
    }  # fmt: skip
    return render(request, "measures/correct.html", shown, status=400 if form.errors else 200)


def _set(actor: Actor, item: Measure, figure: Figure, form: Form, back: bool) -> bool:
    reason = form.cleaned_data["reason"]
    try:
        if back:
            service.withdraw(actor, item.key, figure.unit, figure.period, reason)
        else:
            service.correct(actor, item.key, figure.unit, figure.period, form.cleaned_data["value"], reason)
    except Invalid as error:
        for fault in error.faults:
            form.add_error(fault.field or None, gettext(fault.text))
        return False
    return True


@require_POST
def seen(request: HttpRequest, id: int) -> HttpResponse:
    """Note that an alert was seen, and go back to its figure."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.id is None:
        raise NotSignedIn()
    found = service.acknowledge(actor, id, request.POST.get("note", "")[:500])
    asked = {"unit": found.unit, "period": found.period.isoformat(), "by": service.measure(found.measure).period}
    return redirect(f"/centre/measures/{found.measure}/?{urlencode(asked)}#alerts")
