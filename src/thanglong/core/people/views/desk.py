"""The people of one's units: who is there, giving and ending roles, new accounts."""

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from thanglong.core.people import repository, service
from thanglong.core.people.types import Member, NotYours
from thanglong.core.people.views.common import actor_of, add_faults, role_name, told, unit_name
from thanglong.core.people.views.forms import Grant, NewPerson
from thanglong.core.places import service as places
from thanglong.core.places.types import Unit
from thanglong.kit import clock
from thanglong.kit.errors import Conflict, Invalid, NotFound
from thanglong.kit.ports import Actor, Reach

MOST = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A person in the list."""

    member: Member
    told: dict[str, object]
    may_end: bool


@never_cache
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Who works in a unit (one's own by default); ``?unit=`` another one in reach, ``?q=`` somebody in any of them."""
    actor = actor_of(request)
    service.access.require(actor, "people.view")
    reach = service.access.reach(actor, "people.view")
    text = request.GET.get("q", "").strip()[:80]
    unit = _unit(request.GET.get("unit", ""), actor, reach)
    if text:
        scope = None if reach.everywhere else reach.units
        needle = text.casefold()
        found = [item for item in service.members_of(scope) if needle in item.account.display_name.casefold()]
    else:
        found = service.members(unit.id) if unit else []
    grant_reach = service.access.reach(actor, "people.grant")
    rows = [Row(item, told(item.membership), _may_end(item, grant_reach)) for item in found[:MOST]]
    context = {
        "rows": sorted(rows, key=lambda row: (-row.member.role.rank, row.member.account.display_name)),
        "cut": len(found) > MOST,
        "unit": unit,
        "units": _units(reach),
        "q": text,
        "may_grant": bool(unit and unit.id in grant_reach and service.grantable(actor)),
        "may_create": service.access.allowed(actor, "people.manage"),
        "may_connect": service.access.allowed(actor, "tokens.manage", service.root()),
        "today": clock.today(),
    }
    return render(request, "people/desk.html", context)


def _may_end(item: Member, reach: Reach) -> bool:
    return item.membership.unit in reach and item.membership.standing_in_for is None


def _units(reach: Reach) -> list[Unit]:
    return [unit for unit in places.units() if unit.id in reach]


def _unit(asked: str, actor: Actor, reach: Reach) -> Unit | None:
    try:
        wanted = UUID(asked) if asked else None
    except ValueError:
        raise NotFound() from None
    if wanted is not None and wanted not in reach:
        raise NotFound()
    units = _units(reach)
    chosen = wanted or (actor.unit if actor.unit in reach else None)
    return next((unit for unit in units if unit.id == chosen), units[0] if units and wanted is None else None)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def grant(request: HttpRequest) -> HttpResponse:
    """Give somebody a role."""
    actor = actor_of(request)
    service.access.require(actor, "people.grant")
    roles = [(role.key, role_name(role.key)) for role in reversed(service.grantable(actor))]
    units = [(str(unit.id), unit.name) for unit in _units(service.access.reach(actor, "people.grant"))]
    initial = {"unit": request.GET.get("unit", str(actor.unit or "")), "valid_from": clock.today(), "kind": "post"}
    initial["account"] = request.GET.get("account", "")
    form = Grant(request.POST or None, initial=initial, roles=roles, units=units)
    if request.method == "POST" and form.is_valid() and (answer := _grant(request, actor, form)):
        return answer
    status = 400 if request.method == "POST" else 200
    return render(request, "people/grant.html", {"form": form, "may_create": _may_create(actor)}, status=status)


def _may_create(actor: Actor) -> bool:
    return service.access.allowed(actor, "people.manage")


def _grant(request: HttpRequest, actor: Actor, form: Grant) -> HttpResponse | None:
    given: dict[str, Any] = form.cleaned_data
    row = repository.by_username(given["account"])
    if row is None:
        form.add_error("account", gettext("There is no open account of this name."))
        return None
    unit = UUID(given["unit"])
    try:
        service.grant(
            actor, row.id, given["role"], unit, given["valid_from"], given["valid_to"], given["kind"], given["releases"]
        )
    except Invalid as error:
        add_faults(form, error)
        return None
    except NotYours as error:
        form.add_error(None, gettext(error.text))
        return None
    text = gettext("%(name)s is now %(role)s in %(unit)s.")
    words = {"name": row.display_name, "role": role_name(given["role"]), "unit": unit_name(unit)}
    messages.success(request, text % words)
    return HttpResponseRedirect(f"{reverse('people:people')}?{urlencode({'unit': str(unit)})}")


@require_POST
def end(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """End a membership with a last day (empty: it ended yesterday)."""
    actor = actor_of(request)
    service.access.require(actor, "people.grant")
    given = request.POST.get("last_day", "")
    try:
        last_day = date.fromisoformat(given) if given else None
    except ValueError:
        raise Invalid(gettext("Give the last day as a date.")) from None
    ended = service.end(actor, membership_id, last_day)
    messages.success(request, gettext("The role ends. It no longer counts from the day after its last one."))
    return HttpResponseRedirect(f"{reverse('people:people')}?{urlencode({'unit': str(ended.unit)})}")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make an account for somebody new; the first password is shown once, in the answer itself."""
    actor = actor_of(request)
    service.access.require(actor, "people.manage")
    form = NewPerson(request.POST or None)
    if request.method == "POST" and form.is_valid():
        password = secrets.token_urlsafe(9)
        try:
            made = service.create_account(actor, password=password, **form.cleaned_data)
        except Invalid as error:
            add_faults(form, error)
        except Conflict as error:
            form.add_error("username", gettext(error.text))
        else:
            return render(request, "people/new.html", {"made": made, "password": password})
    status = 400 if request.method == "POST" else 200
    return render(request, "people/new.html", {"form": form}, status=status)
