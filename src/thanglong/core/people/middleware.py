"""Who asks: sets ``request.actor`` on every request."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext

from thanglong.core.people import service
from thanglong.core.people.models import Account
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
        with service.access.pinned():
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
            return self.get_response(request)


def _of_session(request: Any) -> Actor:
    # without the cookie the session is not touched, so public pages stay cacheable
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not isinstance(request.user, Account):
        return ANONYMOUS
    # request.user is lazy: the isinstance above has loaded it
    return service.actor_for(request.user)


def _refused(error: NotSignedIn) -> HttpResponse:
    body = {"type": "about:blank", "title": gettext(error.text), "status": 401, "code": error.code}
    response = JsonResponse(body, status=401, content_type="application/problem+json")
    response.headers["WWW-Authenticate"] = 'Bearer realm="thanglong", error="invalid_token"'
    return response
