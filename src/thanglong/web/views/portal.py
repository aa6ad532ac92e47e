"""The citizens' room: home, search, help."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "web/home.html", {})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    return render(request, "web/search.html", {"q": request.GET.get("q", "").strip()[:200]})


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "web/help.html", {})
