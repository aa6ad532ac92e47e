"""Signing in and out."""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login, logout
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from thanglong.core.people import repository, service
from thanglong.core.people.types import SignInFailed
from thanglong.core.people.views.common import actor_of, own_address
from thanglong.core.people.views.forms import SignIn
from thanglong.kit import clock, peers
from thanglong.kit.ports import Actor

DEVICE_COOKIE = "thanglong_device"
DEVICE_AGE = 180 * 86400
PENDING = "pending"
"""In a session: whose password was right, until the second factor is."""
PENDING_FOR = timedelta(minutes=10)


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def signin(request: HttpRequest) -> HttpResponse:
    """The sign-in page. A wrong name, a wrong password, a closed account and a lock all read the same."""
    target = own_address(request, request.POST.get("next") or request.GET.get("next", ""))
    if request.method != "POST":
        if actor_of(request).kind == "person":
            return HttpResponseRedirect(target or first_room(actor_of(request)))
        return _page(request, SignIn(), target)
    form = SignIn(request.POST)
    if not form.is_valid():
        return _page(request, form, target, 400)
    name = form.cleaned_data["username"]
    try:
        device, known = _devices(request)
        actor = service.authenticate(
            name,
            form.cleaned_data["password"],
            peers.client(request.META),
            known_device=name.strip().lower() in known,
            device=device,
        )
    except SignInFailed as error:
        form.add_error(None, gettext(error.text))
        return _page(request, form, target, 401)
    # whoever sits at a browser where somebody else began must say that this outside account is theirs
    request.session["link"] = request.POST.get("link") == "yes" and _to_link(request) is not None
    return proceed(request, actor, target, "password")


def _page(request: HttpRequest, form: SignIn, target: str, status: int = 200) -> HttpResponse:
    identity = _to_link(request)
    context = {
        "form": form,
        "next": target,
        "provider": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
        "linking": identity["name"] if identity else "",
    }
    return render(request, "people/signin.html", context, status=status)


def _to_link(request: HttpRequest) -> dict[str, Any] | None:
    """The outside identity that this browser brought and nobody is linked with yet, for ten minutes."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    found: dict[str, Any] | None = request.session.get("identity")
    return found if found and found["until"] > clock.now().timestamp() else None


@never_cache
@require_safe
def outside(request: HttpRequest) -> HttpResponse:
    """Go on with somebody whom an outside provider has just proved; the session says so, within a minute."""
    proved = request.session.pop("outside", None)
    if proved is None or clock.now().timestamp() - proved["at"] > 60:
        return HttpResponseRedirect("/signin/")
    return proceed(request, service.actor(UUID(proved["account"])), own_address(request, proved["next"]), "oidc")


def proceed(request: HttpRequest, actor: Actor, target: str, method: str) -> HttpResponse:
    """The first proof was right: on to the second factor where there is one, else in."""
    assert actor.id is not None
    if actor.kind == "person" and service.has_factor(actor.id):
        request.session.cycle_key()
        request.session[PENDING] = {
            "account": str(actor.id),
            "next": target,
            "until": (clock.now() + PENDING_FOR).timestamp(),
            "method": method,
        }
        return HttpResponseRedirect("/signin/second/")
    return enter(request, actor, target, method, "")


def enter(request: HttpRequest, actor: Actor, target: str, method: str, factor: str) -> HttpResponse:
    """Begin the session, remember the browser, and go where the person wanted to."""
    assert actor.id is not None
    row = repository.row(actor.id)
    outside = _to_link(request)
    login(request, row, backend="thanglong.core.people.backend.AccountBackend")
    request.session.pop(PENDING, None)
    request.session["language"] = row.language
    request.session["factor"] = factor
    request.session["method"] = method
    request.session["fresh"] = clock.now().timestamp()
    if not request.session.session_key:
        request.session.save()
    agent = request.headers.get("User-Agent", "")
    service.begin_session(row.id, request.session.session_key or "", agent, peers.client(request.META), method)
    request.session.pop("identity", None)
    if outside and method == "password" and actor.kind == "person" and request.session.pop("link", False):
        service.link_identity(actor, outside["issuer"], outside["subject"])
    needs = actor.kind == "person" and not factor and service.requires_factor(actor.id)
    response = HttpResponseRedirect("/me/security/" if needs else target or first_room(actor))
    device, names = _devices(request)
    kept = [name for name in names if name != row.username][-4:]
    response.set_cookie(
        DEVICE_COOKIE,
        signing.dumps([device or secrets.token_urlsafe(12), *kept, row.username], salt=DEVICE_COOKIE),
        max_age=DEVICE_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def _devices(request: HttpRequest) -> tuple[str, list[str]]:
    """The browser's own id, and the accounts that have signed in with it."""
    try:
        kept = signing.loads(request.COOKIES.get(DEVICE_COOKIE, ""), salt=DEVICE_COOKIE, max_age=DEVICE_AGE)
    except signing.BadSignature:
        return "", []
    if not isinstance(kept, list) or not kept:
        return "", []
    return str(kept[0]), [str(name) for name in kept[1:]]


def first_room(actor: Actor) -> str:
    """Where somebody's day begins: the desk, the centre, or their own page."""
    if actor.kind == "citizen":
        return "/me/readings/"
    for action, address in (("cases.act", "/desk/"), ("centre.view", "/centre/"), ("cases.view", "/desk/")):
        if service.access.allowed(actor, action):
            return address
    return "/ledger/" if service.access.allowed(actor, "ledger.read") else "/me/"


@require_POST
def signout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if request.session.session_key:
        service.forget_session(request.session.session_key)
    logout(request)
    return HttpResponseRedirect("/")
