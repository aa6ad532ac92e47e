"""The page in the centre: streets by live speed, what can be reached, the quickest way. A plain form."""

from typing import Any
from urllib.parse import urlencode

import orjson
import shapely
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from thanglong.domains.roads.types import Spot
from thanglong.domains.roads.views.api import actor_of
from thanglong.kit import ports
from thanglong.kit.errors import N_, Fault, Invalid, ThangLongError, Unavailable
from thanglong.kit.ports import Actor

VEHICLES = {
    "car": N_("Car"), "motorbike": N_("Motorbike"),
    "ambulance": N_("Ambulance without siren"), "siren": N_("Ambulance with siren"),
}  # fmt: skip
MINUTES = (4, 8, 15, 30)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """``from``: where from, and ``to``: the way there (each an address, a street or ``lon,lat``); else what ``minutes``
    reach. ``from_lon`` and ``from_lat`` say where from, too."""
    actor = actor_of(request)
    ports.require(actor, "things.view")
    given = {key: request.GET.get(key, "").strip()[:200] for key in ("from", "to", "minutes", "vehicle")}
    if not given["from"] and ("from_lon" in request.GET or "from_lat" in request.GET):
        given["from"] = f"{request.GET.get('from_lon', '')},{request.GET.get('from_lat', '')}"
    given["vehicle"] = given["vehicle"] if given["vehicle"] in VEHICLES else "car"
    minutes = int(given["minutes"]) if given["minutes"] in {str(m) for m in MINUTES} else 8
    answer: dict[str, Any] = {}
    status = 400
    if given["from"]:
        try:
            answer = _answer(actor, given, minutes)
        except ThangLongError as problem:
            faults = getattr(problem, "faults", ())
            texts = [gettext(fault.text) % dict(fault.params) for fault in faults]
            answer = {"problem": " ".join(texts) or gettext(problem.text) % problem.params}
            status = 503 if isinstance(problem, Unavailable) else status
    shape = answer.pop("shape", None)
    props: dict[str, Any] = {
        "layers": [], "follow": False, "speeds": "/tiles/roads/{z}/{x}/{y}.mvt", "pick": {"point": "#from"},
    }  # fmt: skip
    if "start" in answer:
        props["pick"]["at"] = [answer["start"].lon, answer["start"].lat]
    if shape is not None:
        west, south, east, north = shape.bounds
        outline = orjson.loads(shapely.to_geojson(shape))
        props |= {"outline": outline, "bounds": [west, south, east, north]}
    return render(request, "roads/page.html", {
        "given": given, "minutes": minutes, "choices": MINUTES,
        "vehicles": [(key, gettext(title)) for key, title in VEHICLES.items()],
        "map_props": props, **answer,
    }, status=status if "problem" in answer else 200)  # fmt: skip


def _answer(actor: Actor, given: dict[str, str], minutes: int) -> dict[str, Any]:
    from thanglong.domains.roads.service import routing

    routing.ready()
    found = {key: _meant(given[key], key) for key in ("from", "to") if given[key]}
    start = found["from"][0]
    told: dict[str, Any] = {
        "start": start, "end": found["to"][0] if "to" in found else None,
        "others": [
            {"text": spot.text, "query": urlencode(given | {key: f"{spot.lon},{spot.lat}"})}
            for key, spots in found.items() for spot in spots[1:]
        ],
    }  # fmt: skip
    if told["end"] is not None:
        way = routing.route(actor, (start.lon, start.lat), (told["end"].lon, told["end"].lat), given["vehicle"])
        steps = [
            {"name": step.name, "metres": round(step.metres), "turn": turn_word(step.angle) if i else ""}
            for i, step in enumerate(way.steps)
        ]
        points = way.line.round(6)
        line = shapely.LineString(points) if len(points) > 1 else shapely.Point(points[0])
        return told | {
            "shape": line, "steps": steps,
            "route": {"minutes": max(round(way.ms / 60_000), 1), "km": way.metres / 1000}
        }  # fmt: skip
    reached = routing.isochrone(actor, (start.lon, start.lat), [minutes], given["vehicle"])[0]
    if reached.area.is_empty:
        return {"problem": gettext("No street lies near this place. Choose a place on a street.")}
    return told | {"shape": reached.area, "reached": {"minutes": minutes, "km": reached.kilometres}}


def _meant(text: str, field: str) -> list[Spot]:
    """The places a text may mean; Invalid when it means none."""
    from thanglong.domains.roads.service import finding

    spots = finding.find(text)
    if not spots:
        raise Invalid([Fault(field, N_(
            "“%(text)s” was not found. Write a street and a ward, or longitude and latitude such as 105.852,21.028."
        ), {"text": text})])  # fmt: skip
    return spots


def turn_word(angle: float) -> str:
    """A turn in words: left is positive."""
    if abs(angle) > 150:
        return gettext("turn back")
    if abs(angle) < 30:
        return gettext("straight on")
    return gettext("left") if angle > 0 else gettext("right")
