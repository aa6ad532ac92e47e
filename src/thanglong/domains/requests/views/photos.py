"""Photos to check: hide, show again, blur by squares of a grid. Works with the keyboard and without JavaScript."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http import HttpResponseRedirect as Redirect
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from thanglong.domains.requests import service
from thanglong.domains.requests.views import common

GRID = 4


@require_safe
def photos(request: HttpRequest) -> HttpResponse:
    """The newest photos in the moderator's reach."""
    only = request.GET.get("show", "")
    hidden = True if only == "hidden" else False if only == "public" else None
    found = service.photos_to_check(common.actor_of(request), hidden)
    context = {"photos": found, "only": only, "cells": [(i, i % GRID + 1, i // GRID + 1) for i in range(GRID * GRID)]}
    return render(request, "requests/photos.html", context)


@require_POST
def moderate(request: HttpRequest, photo_id: UUID) -> HttpResponse:
    """Hide, show or blur one photo."""
    actor, what = common.actor_of(request), request.POST.get("what", "")
    if what == "blur":
        cells = [int(cell) for cell in request.POST.getlist("cell") if cell.isdigit() and int(cell) < GRID * GRID]
        boxes = [(c % GRID / GRID, c // GRID / GRID, (c % GRID + 1) / GRID, (c // GRID + 1) / GRID) for c in cells]
        service.blur_photo(actor, photo_id, boxes)
        messages.success(request, gettext("The chosen parts are unreadable now."))
    else:
        service.hide_photo(actor, photo_id, what == "hide", request.POST.get("why", ""))
        done = gettext("The photo is hidden.") if what == "hide" else gettext("The photo is public again.")
        messages.success(request, done)
    return Redirect("/desk/photos/", status=303)
