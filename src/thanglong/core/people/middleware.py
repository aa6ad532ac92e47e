"""Who asks: sets ``request.actor`` on every request."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext

from thanglong.core.people import service
from thanglong.core.people.models import Account
from thanglong.core.places import service as places
from thanglong.kit import clock, peers
from thanglong.kit.errors import NotSignedIn
from thanglong.kit.ports import ANONYMOUS, Actor


class ActorMiddleware:
    """Sets ``request.actor`` from the access key or the session, and checks the version of the rights once a request.

    A request with an ``Authorization: Bearer`` key uses no cookie at all, so it needs no CSRF token; a wrong key is
    refused at once, also on public pages, so that a client notices.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        with service.access.pinned(), places.pinned():
            scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() == "bearer":
                try:
                    request.actor = service.actor_of_token(secret.strip())
                except NotSignedIn as error:
                    return _refused(error)
                request.user = AnonymousUser()
                request._dont_enforce_csrf_checks = True
            else:
                request.actor = _of_session(request)
                if _lacks_factor(request):
                    return HttpResponseRedirect("/me/security/")
            return self.get_response(request)


def _of_session(request: Any) -> Actor:
    # without the cookie the session is not touched, so public pages stay cacheable
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not isinstance(request.user, Account):
        return ANONYMOUS
    # request.user is lazy: the isinstance above has loaded it
    if METHOD in request.session:
        _touch(request, request.user.pk)
    return service.actor_for(request.user)


METHOD = "method"
"""In a session: how its owner signed in; set by the sign-in page only."""
# what stays open to somebody whose role demands a second factor and who has not set one up yet
_STILL_OPEN = ("/me/security/", "/signout/", "/language/", "/theme/", "/static/", "/healthz")
_EVERY, _MOST = 300.0, 20_000
_touched: dict[str, float] = {}


def _lacks_factor(request: Any) -> bool:
    actor = request.actor
    return bool(
        actor.kind == "person"
        and not request.session.get("factor")
        and not request.path.startswith(_STILL_OPEN)
        and service.requires_factor(actor.id)
    )


def _touch(request: Any, account: Any) -> None:
    key, now = request.session.session_key or "", clock.monotonic()
    if now - _touched.get(key, -_EVERY) < _EVERY:
        return
    if len(_touched) >= _MOST:
        _touched.clear()
    _touched[key] = now
    service.touch_session(account, key, request.headers.get("User-Agent", ""), peers.client(request.META))


def _refused(error: NotSignedIn) -> HttpResponse:
    body = {"type": "about:blank", "title": gettext(error.text), "status": 401, "code": error.code}
    response = JsonResponse(body, status=401, content_type="application/problem+json")
    response.headers["WWW-Authenticate"] = 'Bearer realm="thanglong", error="invalid_token"'
    return response
