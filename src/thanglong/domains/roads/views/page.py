"""The page in the centre: streets by live speed, what can be reached, the quickest way. A plain form."""

from typing import Any

import orjson
import shapely
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from thanglong.domains.roads.views.api import actor_of, points_of
from thanglong.kit import ports
from thanglong.kit.errors import N_, ThangLongError

VEHICLES = {
    "car": N_("Car"), "motorbike": N_("Motorbike"),
    "ambulance": N_("Ambulance without siren"), "siren": N_("Ambulance with siren"),
}  # fmt: skip
MINUTES = (4, 8, 15, 30)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """``from_lon``, ``from_lat``: where from; ``to`` (``lon,lat``): the way there; else what ``minutes`` reach."""
    actor = actor_of(request)
    ports.require(actor, "things.view")
    given = {key: request.GET.get(key, "").strip() for key in ("from_lon", "from_lat", "to", "minutes", "vehicle")}
    given["vehicle"] = given["vehicle"] if given["vehicle"] in VEHICLES else "car"
    minutes = int(given["minutes"]) if given["minutes"] in {str(m) for m in MINUTES} else 8
    answer: dict[str, Any] = {}
    if given["from_lon"] or given["from_lat"]:
        try:
            answer = _answer(request, given, minutes)
        except ThangLongError as problem:
            faults = getattr(problem, "faults", ())
            texts = [gettext(fault.text) % dict(fault.params) for fault in faults]
            answer = {"problem": " ".join(texts) or gettext(problem.text) % problem.params}
    shape = answer.pop("shape", None)
    # a place to begin with, so that the map and the form agree before anybody chose
    props: dict[str, Any] = {
        "layers": [], "follow": False, "speeds": "/tiles/roads/{z}/{x}/{y}.mvt",
        "pick": {"lon": "#from-lon", "lat": "#from-lat"},
    }  # fmt: skip
    if shape is not None:
        west, south, east, north = shape.bounds
        outline = orjson.loads(shapely.to_geojson(shape))
        props |= {"outline": outline, "bounds": [west, south, east, north]}
    return render(request, "roads/page.html", {
        "given": given, "minutes": minutes, "choices": MINUTES,
        "vehicles": [(key, gettext(title)) for key, title in VEHICLES.items()],
        "map_props": props, **answer,
    }, status=400 if "problem" in answer else 200)  # fmt: skip


def _answer(request: HttpRequest, given: dict[str, str], minutes: int) -> dict[str, Any]:
    from thanglong.domains.roads.service import routing

    actor = actor_of(request)
    start = points_of(f"{given['from_lon']},{given['from_lat']}", "from")[0]
    if given["to"]:
        end = points_of(given["to"], "to")[0]
        found = routing.route(actor, start, end, given["vehicle"])
        steps = [
            {"name": step.name, "metres": round(step.metres), "turn": turn_word(step.angle) if i else ""}
            for i, step in enumerate(found.steps)
        ]
        points = found.line.round(6)
        line = shapely.LineString(points) if len(points) > 1 else shapely.Point(points[0])
        return {
            "shape": line, "steps": steps,
            "route": {"minutes": max(round(found.ms / 60_000), 1), "km": found.metres / 1000}
        }  # fmt: skip
    reached = routing.isochrone(actor, start, [minutes], given["vehicle"])[0]
    if reached.area.is_empty:
        return {"problem": gettext("No street lies near this place. Choose a place on a street.")}
    return {"shape": reached.area, "reached": {"minutes": minutes, "km": reached.kilometres}}


def turn_word(angle: float) -> str:
    """A turn in words: left is positive."""
    if abs(angle) > 150:
        return gettext("turn back")
    if abs(angle) < 30:
        return gettext("straight on")
    return gettext("left") if angle > 0 else gettext("right")
