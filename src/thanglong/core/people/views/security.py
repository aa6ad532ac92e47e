"""One's own security: second factors, passkeys, signed-in browsers."""

import io
import json
from functools import wraps
from typing import Any, Protocol
from uuid import UUID

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from thanglong.core.people import service
from thanglong.core.people.types import CodeWrong, FactorKind, SignInFailed
from thanglong.core.people.views.common import own_address, signed_in
from thanglong.core.people.views.forms import Again, Code
from thanglong.core.people.views.second import STATE, origin
from thanglong.kit import clock, peers
from thanglong.kit.errors import Conflict, Invalid

FRESH_FOR = 15 * 60
HOME = "/me/security/"


class View(Protocol):
    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse: ...


def fresh(view: View) -> View:
    """Only for somebody who proved who they are within a quarter of an hour: a forgotten browser changes nothing."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        signed_in(request)
        if clock.now().timestamp() - request.session.get("fresh", 0) > FRESH_FOR:
            return HttpResponseRedirect(f"/me/security/again/?next={request.path if request.method == 'GET' else HOME}")
        return view(request, *args, **kwargs)

    return guarded


@never_cache
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """The page."""
    return page(request)


def page(request: HttpRequest, *, codes: list[str] | None = None, status: int = 200) -> HttpResponse:
    """The page; ``codes`` are fresh recovery codes, shown this once."""
    actor = signed_in(request)
    assert actor.id is not None
    factors = service.factors(actor.id)
    context = {
        "app": next((item for item in factors if item.kind is FactorKind.TOTP), None),
        "recovery": next((item for item in factors if item.kind is FactorKind.RECOVERY), None),
        "passkeys": [item for item in factors if item.kind is FactorKind.PASSKEY],
        "required": service.requires_factor(actor.id),
        "missing": service.requires_factor(actor.id) and not request.session.get("factor"),
        "browsers": service.sessions(actor, here=request.session.session_key or ""),
        "codes": codes,
    }
    return render(request, "people/security.html", context, status=status)


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest) -> HttpResponse:
    """Prove once more who one is."""
    actor = signed_in(request)
    assert actor.id is not None
    target = own_address(request, request.POST.get("next") or request.GET.get("next", "")) or HOME
    form = Again(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        name = service.account(actor.id).username
        try:
            service.authenticate(
                name, form.cleaned_data["password"], peers.client(request.META), known_device=True, device=str(actor.id)
            )
        except SignInFailed as error:
            form.add_error("password", gettext(error.text))
        else:
            request.session["fresh"] = clock.now().timestamp()
            return HttpResponseRedirect(target)
    status = 400 if request.method == "POST" else 200
    return render(request, "people/again.html", {"form": form, "next": target}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@fresh
def app(request: HttpRequest) -> HttpResponse:
    """Set up codes from an app: a picture to scan, and a first code as proof."""
    actor = signed_in(request)
    assert actor.id is not None
    secret = request.session.get("totp") or service.new_totp_secret()
    request.session["totp"] = secret
    form = Code(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = service.add_totp(actor, secret, form.cleaned_data["code"])
        except (CodeWrong, Conflict) as error:
            form.add_error("code", gettext(error.text))
        else:
            request.session.pop("totp", None)
            request.session["factor"] = "totp"
            messages.success(request, gettext("Codes from your app are set up."))
            return page(request, codes=codes)
    out = io.BytesIO()
    address = service.totp_address(service.account(actor.id).username, secret, "Thăng Long")
    segno.make(address, error="m").save(out, kind="svg", xmldecl=False, svgns=True, border=2, scale=5, svgclass=None)
    picture = mark_safe(out.getvalue().decode())  # noqa: S308  made by us from an encoded address
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    status = 400 if request.method == "POST" else 200
    return render(request, "people/app.html", {"form": form, "picture": picture, "secret": groups}, status=status)


@never_cache
@require_POST
@fresh
def codes(request: HttpRequest) -> HttpResponse:
    """Fresh recovery codes."""
    return page(request, codes=service.new_recovery_codes(signed_in(request)))


@require_POST
@fresh
def remove(request: HttpRequest, factor_id: UUID) -> HttpResponse:
    """Remove a second factor."""
    try:
        service.remove_factor(signed_in(request), factor_id)
    except Conflict as error:
        messages.error(request, gettext(error.text))
    else:
        messages.success(request, gettext("Removed."))
    return HttpResponseRedirect(HOME)


@never_cache
@require_POST
@fresh
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What the browser is asked to make a passkey of."""
    options, state = service.begin_passkey(signed_in(request), origin(request))
    request.session[STATE] = dict(state)
    return JsonResponse(options)


@never_cache
@require_POST
@fresh
def passkey(request: HttpRequest) -> HttpResponse:
    """Keep the passkey that the browser made."""
    state = request.session.pop(STATE, None)
    try:
        answer = json.loads(request.POST.get("answer", ""))
        if state is None or not isinstance(answer, dict):
            raise ValueError("nothing was begun")
        name = request.POST.get("name", "") or gettext("Passkey")
        fresh_codes = service.finish_passkey(signed_in(request), origin(request), state, answer, name)
    except ValueError:
        raise Invalid(gettext("The passkey could not be set up. Please try once more.")) from None
    request.session["factor"] = "passkey"
    messages.success(request, gettext("The passkey is set up."))
    return page(request, codes=fresh_codes)


@require_POST
def end(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Sign one browser out."""
    service.end_session(signed_in(request), session_id)
    messages.success(request, gettext("That browser is signed out."))
    return HttpResponseRedirect(HOME)


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign all other browsers out."""
    count = service.end_sessions(signed_in(request), keep=request.session.session_key or "")
    messages.success(request, gettext("Other browsers signed out: %(count)s.") % {"count": count})
    return HttpResponseRedirect(HOME)
