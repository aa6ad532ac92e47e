"""The reporter's own page, opened by the secret in its address: thanks and number, answering, judging, objecting."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http import HttpResponseRedirect as Redirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from thanglong.core.cases import service as cases
from thanglong.domains.requests import service
from thanglong.domains.requests.types import Report
from thanglong.domains.requests.views import common
from thanglong.domains.requests.views.public import story
from thanglong.kit.errors import Conflict, Invalid, NotFound

ACTIONS = ("confirm", "rate", "reopen", "appeal", "answer")
FIELDS = ("rating", "why", "more", "answer")


def _own(number: str, secret: str) -> Report:
    cases.case_by_secret(number, secret)
    return service.report(number)


def _private(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


@never_cache
@require_safe
def report(request: HttpRequest, number: str, secret: str) -> HttpResponse:
    """One's own report."""
    found = _own(number, secret)
    codes = common.uuids([request.GET.get("code", "")])
    context = story(request, found, secret=secret, code=codes[0] if codes else None)
    return _private(render(request, "requests/report.html", context))


@never_cache
@require_safe
def sent(request: HttpRequest, number: str, secret: str) -> HttpResponse:
    """Thank you: the number, the QR code, the deadline, and the field for the code."""
    found = _own(number, secret)
    codes = common.uuids([request.GET.get("code", "")])
    context = story(request, found, secret=secret, code=codes[0] if codes else None)
    return _private(render(request, "requests/sent.html", context))


def _entries(request: HttpRequest, action: str) -> dict[str, Any]:
    wanted = {"confirm": ("rating",), "rate": ("rating",), "reopen": ("why", "more"), "appeal": ("more",),
              "answer": ("answer",)}[action]  # fmt: skip
    return {name: request.POST[name] for name in wanted if request.POST.get(name)}


@never_cache
@require_POST
def act(request: HttpRequest, number: str, secret: str, action: str) -> HttpResponse:
    """A step of the reporter. A refused one keeps what was entered."""
    found = _own(number, secret)
    if action not in ACTIONS:
        raise NotFound()
    photos, wrong = common.take_photos(request)
    version = request.POST.get("version", "")
    try:
        if wrong:
            raise Invalid([])
        service.reporter_step(
            common.actor_of(request), number, secret, action, _entries(request, action),
            version=int(version) if version.isdigit() else None, documents=photos,
        )  # fmt: skip
    except (Invalid, Conflict) as error:
        context = story(
            request, found, secret=secret, step_errors={action: wrong or common.said_of(error)}, values=request.POST
        )
        return _private(render(request, "requests/report.html", context, status=error.status))
    return _private(Redirect(f"/my/{number}/{secret}/", status=303))
