"""The administrator's page: the installation at a glance, and what to do with work that was given up."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from thanglong.kit import ports
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import Actor
from thanglong.web import system


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, getattr(request, "actor", ports.ANONYMOUS))


@never_cache
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The whole page; only its inside for the page that stands open and asks again."""
    context: dict[str, Any] = {"state": system.state(_actor(request))}
    inside = request.headers.get("HX-Request") == "true"
    return render(request, "web/_system.html" if inside else "web/system.html", context)


@require_POST
def try_again(request: HttpRequest, job_id: int) -> HttpResponse:
    """Let given-up work be done again."""
    return _done(request, system.try_again, job_id, gettext("The work is tried again now."))


@require_POST
def drop(request: HttpRequest, job_id: int) -> HttpResponse:
    """Remove given-up work for good."""
    return _done(request, system.drop, job_id, gettext("The work was removed."))


def _done(request: HttpRequest, verb: Callable[[Actor, int], str], job_id: int, told: str) -> HttpResponse:
    """Back to the page; a second click finds the work gone and says so instead of failing."""
    try:
        verb(_actor(request), job_id)
        messages.success(request, told)
    except NotFound as error:
        messages.warning(request, gettext(error.text))
    return redirect("web:system")
