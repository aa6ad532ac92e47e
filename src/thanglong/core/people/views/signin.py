"""Signing in and out."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from thanglong.core.people import repository, service
from thanglong.core.people.types import SignInFailed
from thanglong.core.people.views.common import actor_of, client_address, own_address
from thanglong.core.people.views.forms import SignIn
from thanglong.kit.ports import Actor

DEVICE_COOKIE = "thanglong_device"
DEVICE_AGE = 180 * 86400


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
        actor = service.authenticate(
            name, form.cleaned_data["password"], client_address(request), known_device=_known_device(request, name)
        )
    except SignInFailed as error:
        form.add_error(None, gettext(error.text))
        return _page(request, form, target, 401)
    return _enter(request, actor, target)


def _page(request: HttpRequest, form: SignIn, target: str, status: int = 200) -> HttpResponse:
    return render(request, "people/signin.html", {"form": form, "next": target}, status=status)


def _enter(request: HttpRequest, actor: Actor, target: str) -> HttpResponse:
    assert actor.id is not None
    row = repository.row(actor.id)
    login(request, row, backend="thanglong.core.people.backend.AccountBackend")
    request.session["language"] = row.language
    response = HttpResponseRedirect(target or first_room(actor))
    response.set_cookie(
        DEVICE_COOKIE,
        signing.dumps([*_devices(request)[-4:], row.username], salt=DEVICE_COOKIE),
        max_age=DEVICE_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def _devices(request: HttpRequest) -> list[str]:
    try:
        names = signing.loads(request.COOKIES.get(DEVICE_COOKIE, ""), salt=DEVICE_COOKIE, max_age=DEVICE_AGE)
    except signing.BadSignature:
        return []
    return [str(name) for name in names] if isinstance(names, list) else []


def _known_device(request: HttpRequest, name: str) -> bool:
    return name.strip().lower() in _devices(request)


def first_room(actor: Actor) -> str:
    """Where somebody's day begins: the desk, the centre, or their own page."""
    for action, address in (("cases.act", "/desk/"), ("centre.view", "/centre/"), ("cases.view", "/desk/")):
        if service.access.allowed(actor, action):
            return address
    return "/ledger/" if service.access.allowed(actor, "ledger.read") else "/me/"


@require_POST
def signout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return HttpResponseRedirect("/")
