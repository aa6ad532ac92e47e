"""The operations room: the live map, its layers, alarms, tiles, list twin and replay."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from thanglong.kit import ports


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    ports.require(request.actor, "centre.view")  # type: ignore[attr-defined]
    return render(request, "web/centre_map.html", {})


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    return render(request, "web/centre_list.html", {})


@require_safe
def alarms(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@require_safe
def tiles(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@require_safe
def replay(request: HttpRequest) -> JsonResponse:
    return JsonResponse({})


@require_safe
def layer(request: HttpRequest, key: str) -> JsonResponse:
    return JsonResponse({"type": "FeatureCollection", "features": []})
