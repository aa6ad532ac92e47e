"""Units as data, for everybody: lists, one unit, the unit at a point, outlines."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from thanglong.core.places import service
from thanglong.core.places.types import UnitKind
from thanglong.core.places.views import asking
from thanglong.formats import geojson
from thanglong.kit.errors import N_, Fault, Invalid


def _kinds(request: HttpRequest) -> list[UnitKind] | None:
    names = [name for name in request.GET.get("kind", "").split(",") if name]
    try:
        return [UnitKind(name) for name in names] or None
    except ValueError:
        known = ", ".join(kind.value for kind in UnitKind)
        raise Invalid([Fault("kind", N_("Choose among: %(known)s."), {"known": known})]) from None


def _parent(request: HttpRequest) -> UUID | None:
    text = request.GET.get("parent", "")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid([Fault("parent", N_("Give the id of a unit."))]) from None


@require_safe
def units(request: HttpRequest) -> HttpResponse:
    """Units on a day: ``kind`` (several by comma), ``parent``, ``on``; or found by ``q``, at most ``limit``."""
    day = asking.day_of(request)
    headers, same = asking.kept(request, service.map_version(day), 60)
    if same:
        return same
    text = request.GET.get("q", "").strip()
    if text:
        answers = service.search(text[:100], day, asking.number_of(request, "limit", 10, 50))
        items = [
            {
                **asking.plain(found.unit),
                "matched": found.matched,
                "successors": [{"id": str(after.id), "name": after.name} for after in found.successors],
            }
            for found in answers
        ]
    else:
        items = [asking.plain(unit) for unit in service.units(kinds=_kinds(request), parent=_parent(request), on=day)]
    return JsonResponse({"units": items}, headers=headers)


@require_safe
def unit(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """One unit: its state on a day, all its states, whom it followed and who followed it."""
    day = asking.day_of(request)
    headers, same = asking.kept(request, service.map_version(day), 60)
    if same:
        return same
    body = asking.plain(service.unit(unit_id, day))
    body["states"] = [asking.plain(state) for state in service.states(unit_id)]
    body["predecessors"] = [asking.related(row, "old") for row in service.predecessors(unit_id)]
    body["successors"] = [asking.related(row, "new") for row in service.successors(unit_id)]
    return JsonResponse(body, headers=headers)


@require_safe
def at(request: HttpRequest) -> HttpResponse:
    """The ward, commune or special zone at ``lon``, ``lat`` on a day; ``unit`` is null outside the city."""
    day = asking.day_of(request)
    lon, lat = asking.degrees(request)
    headers, same = asking.kept(request, service.map_version(day), 60)
    if same:
        return same
    found = service.unit_at(lon, lat, day)
    return JsonResponse({"unit": asking.plain(found) if found else None}, headers=headers)


@require_safe
def outlines(request: HttpRequest) -> HttpResponse:
    """Simplified outlines of all wards and communes on a day, as GeoJSON for coloured maps."""
    day = asking.day_of(request)
    headers, same = asking.kept(request, service.map_version(day), 300)
    return same or HttpResponse(service.choropleth(day), content_type=geojson.MEDIA_TYPE, headers=headers)


@require_safe
def address(request: HttpRequest) -> HttpResponse:
    """What an address ``q`` may mean, old or new names, with or without marks: the best reading first."""
    day = asking.day_of(request)
    headers, same = asking.kept(request, service.map_version(day), 60)
    if same:
        return same
    found = service.find_address(request.GET.get("q", ""), day, asking.number_of(request, "limit", 5, 20))
    items = [
        {
            "text": item.text,
            "text_before": item.text_before,
            "house": item.house,
            "street": item.street,
            "named": asking.plain(item.named),
            "units": [asking.plain(unit) for unit in item.units],
            "ambiguous": len(found) > 1 or len(item.units) > 1,
        }
        for item in found
    ]
    return JsonResponse({"addresses": items}, headers=headers)
