"""The second step of signing in: a code or a passkey; and a passkey instead of a password."""

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from thanglong.core.people import service
from thanglong.core.people.types import CodeWrong, FactorKind
from thanglong.core.people.views.common import own_address
from thanglong.core.people.views.forms import Code
from thanglong.core.people.views.signin import PENDING, enter
from thanglong.kit import clock

STATE = "passkey"


def origin(request: HttpRequest) -> str:
    """The address at which the browser sees this site: passkeys are bound to it."""
    return settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"


def _pending(request: HttpRequest) -> dict[str, Any] | None:
    found: dict[str, Any] | None = request.session.get(PENDING)
    return found if found and found["until"] > clock.now().timestamp() else None


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor of somebody whose password was right; without one, back to the beginning."""
    waiting = _pending(request)
    if waiting is None:
        return HttpResponseRedirect("/signin/")
    account = UUID(waiting["account"])
    form = Code(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                kind = service.check_code(account, form.cleaned_data["code"])
            except CodeWrong as error:
                form.add_error("code", gettext(error.text))
                status = 401
            else:
                return enter(request, service.actor(account), waiting["next"], waiting["method"], str(kind))
    kinds = {item.kind for item in service.factors(account)}
    context = {"form": form, "passkey": FactorKind.PASSKEY in kinds, "app": FactorKind.TOTP in kinds}
    return render(request, "people/second.html", context, status=status)


@never_cache
@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What the browser is to sign: with the passkeys of the person whose password was right, or with any."""
    waiting = _pending(request)
    account = UUID(waiting["account"]) if waiting else None
    options, state = service.begin_passkey_sign_in(origin(request), account)
    request.session[STATE] = dict(state)
    return JsonResponse(options)


@never_cache
@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """Sign in with what the browser signed."""
    state, waiting = request.session.pop(STATE, None), _pending(request)
    account = UUID(waiting["account"]) if waiting else None
    try:
        answer = json.loads(request.POST.get("answer", ""))
        if state is None or not isinstance(answer, dict):
            raise CodeWrong
        found = service.finish_passkey_sign_in(origin(request), state, answer, account)
    except (ValueError, CodeWrong):
        text = gettext("The passkey did not count. Try once more, or use your password.")
        from thanglong.core.people.views.forms import SignIn
        from thanglong.core.people.views.signin import _page

        form = SignIn({})
        form.errors.clear()
        form.add_error(None, text)
        return _page(request, form, "", 401)
    target = waiting["next"] if waiting else own_address(request, request.POST.get("next", ""))
    return enter(request, service.actor(found), target, waiting["method"] if waiting else "passkey", "passkey")
