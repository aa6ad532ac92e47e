"""Ways and times as JSON: ``/api/roads/…``. Places are ``lon,lat`` in degrees; several are parted by ``;``."""

from datetime import datetime
from typing import Any

import orjson
import shapely
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from thanglong.kit import ports
from thanglong.kit.errors import N_, Fault, Invalid
from thanglong.kit.ports import Actor

ATTRIBUTION = "© OpenStreetMap contributors (ODbL 1.0)"


def actor_of(request: HttpRequest) -> Actor:
    """Who asks."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _ready(request: HttpRequest) -> Actor:
    """Who asks and may, once the streets are ready: what they say of themselves is for those alone."""
    from thanglong.domains.roads.service import routing

    actor = actor_of(request)
    ports.require(actor, "things.view")
    routing.ready()
    return actor


def points_of(text: str, field: str) -> list[tuple[float, float]]:
    """Places written ``lon,lat;lon,lat``; Invalid says which field is wrong."""
    try:
        pairs = [part.split(",") for part in text.split(";") if part.strip()]
        found = [(float(lon), float(lat)) for lon, lat in pairs]
    except ValueError:
        found = []
    if not found:
        raise Invalid([Fault(field, N_("Give a place as longitude,latitude, for example 105.852,21.028."))])
    return found


def _now(request: HttpRequest) -> bool:
    return request.GET.get("traffic", "now") != "none"


@require_safe
def route(request: HttpRequest) -> HttpResponse:
    """The quickest way ``from`` one place ``to`` another as a GeoJSON feature with its streets in order."""
    from thanglong.domains.roads.service import routing

    vehicle = request.GET.get("vehicle", "car")
    start, end = points_of(request.GET.get("from", ""), "from")[0], points_of(request.GET.get("to", ""), "to")[0]
    found = routing.route(_ready(request), start, end, vehicle, now=_now(request))
    steps = [
        {"name": s.name, "metres": round(s.metres), "seconds": round(s.ms / 1000), "angle": s.angle}
        for s in found.steps
    ]
    properties = {"seconds": round(found.ms / 1000, 1), "metres": round(found.metres), "vehicle": vehicle}
    return JsonResponse({
        "type": "Feature", "geometry": {"type": "LineString", "coordinates": found.line.round(6).tolist()},
        "properties": properties | {"steps": steps, "attribution": ATTRIBUTION},
    })  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def times(request: HttpRequest) -> HttpResponse:
    """Seconds from each place of ``from`` to each of ``to`` (null: no way); as query, or JSON lists sent by POST."""
    from thanglong.domains.roads.service import routing

    starts, ends, vehicle = _question(request)
    found = routing.times(_ready(request), starts, ends, vehicle, now=_now(request))
    rows = [[None if ms is None else round(ms / 1000, 1) for ms in row] for row in found]
    return HttpResponse(orjson.dumps({"seconds": rows}), content_type="application/json")


@require_http_methods(["GET", "HEAD", "POST"])
def nearest(request: HttpRequest) -> HttpResponse:
    """The ``most`` places of ``from`` that reach the first place of ``to`` first, with their seconds."""
    from thanglong.domains.roads.service import routing

    starts, ends, vehicle = _question(request)
    try:
        most = max(int(request.GET.get("most", "5")), 1)
    except ValueError:
        raise Invalid([Fault("most", N_("Give a whole number."))]) from None
    found = routing.nearest(_ready(request), starts, ends[0], most, vehicle, now=_now(request))
    items = [{"index": item.index, "seconds": round(item.ms / 1000, 1)} for item in found]
    return HttpResponse(orjson.dumps({"nearest": items}), content_type="application/json")


def _question(request: HttpRequest) -> tuple[list[tuple[float, float]], list[tuple[float, float]], str]:
    if request.method != "POST":
        given: dict[str, Any] = request.GET.dict()
        return (
            points_of(given.get("from", ""), "from"),
            points_of(given.get("to", ""), "to"),
            given.get("vehicle", "car"),
        )
    try:
        body = orjson.loads(request.body)
        starts, ends = ([(float(p[0]), float(p[1])) for p in body[key]] for key in ("from", "to"))
        return starts, ends, str(body.get("vehicle", "car"))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, IndexError):
        raise Invalid(N_("Send JSON with “from” and “to”, each a list of [longitude, latitude].")) from None


@require_safe
def isochrone(request: HttpRequest) -> HttpResponse:
    """What can be reached from a place within ``minutes`` (several by comma), as GeoJSON areas, the largest first."""
    from thanglong.domains.roads.service import routing

    start = points_of(request.GET.get("from", ""), "from")[0]
    try:
        minutes = [float(part) for part in request.GET.get("minutes", "8").split(",")][:6]
    except ValueError:
        minutes = []
    vehicle = request.GET.get("vehicle", "car")
    found = routing.isochrone(_ready(request), start, minutes, vehicle, now=_now(request))
    features = [
        {
            "type": "Feature",
            "geometry": orjson.loads(shapely.to_geojson(item.area)),
            "properties": {"minutes": item.minutes, "kilometres": item.kilometres, "vehicle": vehicle},
        }
        for item in reversed(found)
    ]
    return HttpResponse(
        orjson.dumps({"type": "FeatureCollection", "features": features}), content_type="application/geo+json"
    )


@require_http_methods(["GET", "HEAD", "POST"])
def closures(request: HttpRequest) -> HttpResponse:
    """Streets closed now; POST JSON ``{"place": GeoJSON, "reason": …, "until": moment or nothing}`` closes one."""
    from thanglong.domains.roads.service import closing, routing

    if request.method == "POST":
        try:
            body = orjson.loads(request.body)
            until = datetime.fromisoformat(body["until"]) if body.get("until") else None
            place, reason = dict(body["place"]), str(body.get("reason", ""))
            if until is not None and until.tzinfo is None:
                raise ValueError
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            raise Invalid(
                N_("Send JSON with “place” (GeoJSON), “reason” and, if it ends, “until” (a moment with its time zone).")
            ) from None
        ports.require(actor_of(request), "things.write")
        routing.ready()
        made = closing.close(actor_of(request), place, reason, until)
        return JsonResponse({"id": made.id}, status=201)
    items = [
        {
            "type": "Feature", "id": item.id, "geometry": item.place,
            "properties": {"reason": item.reason, "since": item.since, "until": item.until},
        }
        for item in closing.closures()
    ]  # fmt: skip
    return JsonResponse({"type": "FeatureCollection", "features": items})


@require_POST
def reopen(request: HttpRequest, id: str) -> HttpResponse:
    """Open a closed street now."""
    from thanglong.domains.roads.service import closing

    closing.reopen(actor_of(request), id)
    return HttpResponse(status=204)
