"""Other systems: connecting one, changing what it may do, a new secret, disconnecting it."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from thanglong.core.people import service
from thanglong.core.people.types import ACTIONS, SCOPE_NAMES, Client
from thanglong.core.people.views.common import actor_of, add_faults, unit_name
from thanglong.core.people.views.forms import EditClient, NewClient
from thanglong.core.places import service as places
from thanglong.kit.errors import Invalid


def _units() -> list[tuple[str, str]]:
    return [(str(unit.id), unit.name) for unit in places.units()]


def _rights(item: Client) -> list[str]:
    return [gettext(SCOPE_NAMES.get(key) or ACTIONS[key]) for key in sorted(item.scopes)]


@never_cache
@require_safe
def systems(request: HttpRequest) -> HttpResponse:
    """All other systems that are connected."""
    found = service.clients(actor_of(request))
    owners = service.accounts({item.account for item in found})
    rows = [
        {
            "item": item,
            "rights": _rights(item),
            "unit": unit_name(item.unit) if item.unit else "",
            "owner": owners[item.account].display_name if item.account in owners else "",
        }
        for item in found
    ]
    base = settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"
    return render(request, "people/systems.html", {"rows": rows, "issuer": base})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Connect another system; its secret is shown once, in the answer itself."""
    actor = actor_of(request)
    service.access.require(actor, "tokens.manage", service.root())
    form = NewClient(request.POST or None, units=_units())
    if request.method == "POST" and form.is_valid():
        given = form.given()
        try:
            secret, made = service.add_client(
                actor, given.pop("name"), given.pop("scopes"), given.pop("redirects"),
                public=form.cleaned_data["public"], **given,
            )  # fmt: skip
        except Invalid as error:
            add_faults(form, error)
        else:
            return _shown(request, made, secret)
    status = 400 if request.method == "POST" else 200
    return render(request, "people/system.html", {"form": form}, status=status)


def _shown(request: HttpRequest, item: Client, secret: str) -> HttpResponse:
    return render(request, "people/system.html", {"item": item, "secret": secret, "shown": True})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def system(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """One of them: what it may do."""
    actor = actor_of(request)
    item = service.client(actor, client_id)
    initial = {
        "name": item.name,
        "redirects": "\n".join(item.redirects),
        "scopes": sorted(item.scopes),
        "unit": str(item.unit or ""),
        "types": " ".join(sorted(item.types)),
    }
    form = EditClient(request.POST or None, initial=initial, units=_units(), kept=item.scopes)
    if request.method == "POST" and form.is_valid():
        try:
            service.change_client(actor, client_id, **form.given())
        except Invalid as error:
            add_faults(form, error)
        else:
            messages.success(request, gettext("Saved. The system asks for a new token before it goes on."))
            return HttpResponseRedirect(reverse("people:systems"))
    status = 400 if request.method == "POST" else 200
    return render(request, "people/system.html", {"form": form, "item": item}, status=status)


@never_cache
@require_POST
def new_secret(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """A new secret, shown once, in the answer itself."""
    actor = actor_of(request)
    secret = service.new_client_secret(actor, client_id)
    return _shown(request, service.client(actor, client_id), secret)


@require_POST
def disconnect(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Disconnect one with all its tokens."""
    service.revoke_client(actor_of(request), client_id)
    messages.success(request, gettext("The system is disconnected. Nothing it was given counts any more."))
    return HttpResponseRedirect(reverse("people:systems"))
