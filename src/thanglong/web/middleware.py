"""What wraps every request: security headers, static files, the language, and errors turned into answers."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

from thanglong.kit import ids
from thanglong.kit.errors import ThangLongError
from thanglong.web import assets, errors

GetResponse = Callable[[HttpRequest], HttpResponseBase]
logger = logging.getLogger("thanglong.web")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "media-src 'self' blob:",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityHeaders:
    """Adds a strict content security policy and its companions; a view may loosen one by setting it itself."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class StaticFiles:
    """Serves ``/static/`` straight from the apps' static folders: no collecting, no second server needed."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(settings.STATIC_URL) and request.method in ("GET", "HEAD"):
            return assets.serve(request, request.path[len(settings.STATIC_URL) :])
        return self.get_response(request)


class Language:
    """Chooses the language: ``?lang=``, cookie, the account's choice kept in the session, browser, Vietnamese."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        known = dict(settings.LANGUAGES)
        asked = request.GET.get("lang", "")
        language = asked if asked in known else self._remembered(request, known)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        try:
            response = self.get_response(request)
        finally:
            translation.deactivate()
        if asked in known:
            remember(response, asked)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        response.headers.setdefault("Content-Language", language)
        return response

    @staticmethod
    def _remembered(request: HttpRequest, known: dict[str, str]) -> str:
        cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if cookie in known:
            return cookie
        chosen = request.session.get("language", "") if settings.SESSION_COOKIE_NAME in request.COOKIES else ""
        if chosen in known:
            return str(chosen)
        return from_header(request.headers.get("Accept-Language", ""), known) or settings.LANGUAGE_CODE


def from_header(header: str, known: dict[str, str]) -> str:
    """The best known language of an ``Accept-Language`` header, or an empty text.

    >>> from_header("fr, en-GB;q=0.8, vi;q=0.9", {"vi": "", "en": ""})
    'vi'
    """
    best, weight = "", 0.0
    for part in header[:500].split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            share = float(quality or 1)
        except ValueError:
            continue
        code = tag.split("-")[0].lower()
        if code in known and share > weight:
            best, weight = code, share
    return best


def remember(response: HttpResponseBase, language: str) -> None:
    """Keep the language in a cookie for a year."""
    if isinstance(response, HttpResponse) or hasattr(response, "set_cookie"):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=365 * 86400,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )


class Errors:
    """Turns the platform's errors into pages, problems or fragments; an unexpected one gets an incident number."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if isinstance(exception, ThangLongError):
            if exception.status >= 500:
                logger.warning("%s %s: %s", request.method, request.path, exception)
            return errors.answer(request, exception)
        incident = ids.new_id().hex[-8:].upper()
        request.META["thanglong.incident"] = incident
        logger.error("incident %s at %s %s", incident, request.method, request.path)
        return None
