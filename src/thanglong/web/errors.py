"""Errors as answers: a page in the frame, a JSON problem (RFC 9457) or a fragment for htmx, in the asker's language."""

import logging
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext

from thanglong.kit.errors import N_, Denied, Invalid, NotFound, NotSignedIn, ThangLongError

logger = logging.getLogger("thanglong.web")

TITLES = {
    400: N_("Something in the request needs another look"),
    401: N_("Please sign in"),
    403: N_("This door is closed to you"),
    404: N_("We could not find this page"),
    409: N_("Somebody was faster"),
    413: N_("This is too large"),
    429: N_("One moment, please"),
    500: N_("Something went wrong on our side"),
    503: N_("This part rests for a moment"),
}
ICONS = {401: "lock", 403: "lock", 404: "search", 409: "people", 429: "clock", 503: "clock"}


def _words(text: str, params: object) -> str:
    translated = gettext(text) if text else ""
    try:
        return translated % params if params else translated
    except (KeyError, TypeError, ValueError):
        return translated


def sentence(error: ThangLongError) -> str:
    """The error's text in the active language with its parameters filled in."""
    return _words(error.text, error.params)


def problem(error: ThangLongError) -> dict[str, object]:
    """The error as an RFC 9457 problem with the platform's code and the list of faults."""
    body: dict[str, object] = {
        "type": "about:blank",
        "status": error.status,
        "code": error.code,
        "title": gettext(TITLES.get(error.status, TITLES[500])),
        "detail": sentence(error),
    }
    if error.hint:
        body["hint"] = _words(error.hint, error.params)
    if isinstance(error, Invalid):
        body["faults"] = [{"field": fault.field, "text": _words(fault.text, fault.params)} for fault in error.faults]
    return body


def wants_json(request: HttpRequest) -> bool:
    """True when the asker is a program: it accepts JSON and not HTML, or it sent JSON."""
    accept = request.headers.get("Accept", "")
    if "text/html" in accept:
        return False
    return "json" in accept or request.content_type == "application/json"


def answer(request: HttpRequest, error: ThangLongError) -> HttpResponse:
    """The response for an error the platform raised on purpose."""
    if wants_json(request):
        return JsonResponse(problem(error), status=error.status, content_type="application/problem+json")
    told = problem(error)
    if request.headers.get("HX-Request"):
        response = HttpResponse(render_to_string("web/_problem.html", {"problem": told}, request), status=error.status)
        response.headers["HX-Retarget"] = "#toasts"
        response.headers["HX-Reswap"] = "beforeend"
        return response
    if isinstance(error, NotSignedIn) and request.method in ("GET", "HEAD"):
        return HttpResponseRedirect(f"/signin/?next={quote(request.get_full_path())}")
    return page(request, told)


def page(request: HttpRequest, told: dict[str, object]) -> HttpResponse:
    """An error as a full page: what happened, what to do next, a way home."""
    status = int(str(told["status"]))
    context = {"problem": told, "icon": ICONS.get(status, "warn")}
    return render(request, "web/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, Invalid(N_("The address or the form does not look right. Go back and try once more.")))


def denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, Denied())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that is too old or came from elsewhere."""
    logger.info("form refused at %s: %s", request.path, reason)
    return answer(request, Denied(N_("This form was open for too long. Go back, reload the page and send it again.")))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(
        request, NotFound(N_("The address may be old or mistyped. Search, or start again from the home page."))
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """The last net: must answer even when the frame itself is broken."""
    incident = str(request.META.get("thanglong.incident", ""))
    error = ThangLongError()
    try:
        if incident and not wants_json(request) and not request.headers.get("HX-Request"):
            return page(request, {**problem(error), "incident": incident})
        return answer(request, error)
    except Exception:
        logger.exception("the error page failed")
        return HttpResponse(
            f"Thăng Long: lỗi máy chủ / server error {incident}\n", status=500, content_type="text/plain"
        )
