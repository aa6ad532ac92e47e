"""The operations room: the live map, its layers, alarms, tiles, list twin and replay."""

from datetime import date, datetime
from typing import Any, cast

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from thanglong.core.places import service as places
from thanglong.core.things import service as things
from thanglong.core.things.types import plain
from thanglong.kit import clock, ports
from thanglong.kit.errors import N_, Invalid
from thanglong.kit.ports import Actor
from thanglong.web import city, clustering, figures, livemap, replaying


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, getattr(request, "actor", ports.ANONYMOUS))


def _enter(request: HttpRequest) -> Actor:
    actor = _actor(request)
    ports.require(actor, "centre.view")
    return actor


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The live map with everything on it; ``?wall=1`` for the wall: large type, nothing to press."""
    actor = _enter(request)
    shown = livemap.layers(actor)
    wall = request.GET.get("wall") == "1"
    now = clock.local(clock.now())
    bins = replaying.activity(now.date())
    context: dict[str, Any] = {
        "layers": [{"layer": livemap.props(layer), "counts": livemap.counts(layer)} for layer in shown],
        "map_props": {
            "center": city.middle(),
            "zoom": 13 if wall else 12.4,
            "layers": [livemap.props(layer) for layer in shown],
            "tools": False,
            "ways": "" if wall else next((layer.ways for layer in shown if layer.ways), ""),
            "padding": {} if wall else {"left": 250, "right": 350, "bottom": 150, "top": 52},
        },
        "centre_props": {"map": "#centre-map", "rail": "#layers", "alarms": "#alarms"},
        "replay_props": {"url": "/centre/replay.json", "map": "#centre-map", "today": now.date().isoformat()},
        "alarms": figures.alarms(actor),
        "tiles": figures.tiles("centre"),
        "wall": wall,
        "bars": _bars(bins, now.hour * 2 + now.minute // 30),
        "second": now.hour * 3600 + now.minute * 60,
    }
    context["share"] = f"{100 * context['second'] / 86400:.2f}%"
    return render(request, "web/centre_map.html", context)


def _bars(bins: list[int], present: int) -> list[dict[str, Any]]:
    """Bars of the day for the time strip in a 960 x 30 drawing, heights by square root; future ones hollow."""
    highest = max([*bins, 1])
    known = [count for count in bins[: present + 1] if count] or [0]
    usual = sum(known) / len(known)
    bars = []
    for index, count in enumerate(bins):
        future = index > present
        height = round(3 + 24 * ((usual if future else count) / highest) ** 0.5, 1)
        bars.append({"x": index * 20 + 1, "y": round(29 - height, 1), "h": height, "future": future})
    return bars


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The list twin of the map: the same marks for keyboard and screen reader, urgent first."""
    actor = _enter(request)
    shown = [layer for layer in livemap.layers(actor) if layer.types]
    key = request.GET.get("layer", shown[0].key if shown else "")
    rows: list[dict[str, Any]] = []
    chosen = None
    if key:
        chosen = livemap.find(actor, key)
        rows = [row for entity in livemap.entities(chosen) if (row := _row(chosen, entity))]
    state = request.GET.get("state", "")
    order = {"urgent": 0, "notice": 1, "silent": 2, "normal": 3}
    rows = sorted(
        (row for row in rows if not state or row["state"] == state), key=lambda row: (order[row["state"]], row["title"])
    )
    page = Paginator(rows, 100).get_page(request.GET.get("page"))
    tabs = [{"layer": livemap.props(layer), "counts": livemap.counts(layer)} for layer in shown]
    context = {"tabs": tabs, "chosen": livemap.props(chosen) if chosen else None, "page": page, "state": state}
    return render(request, "web/centre_list.html", context)


def _row(layer: Any, entity: dict[str, Any]) -> dict[str, Any] | None:
    made = livemap.feature(layer, entity)
    if made is None:
        return None
    lon, lat = made["geometry"]["coordinates"]
    unit = places.unit_at(lon, lat)
    since = made["properties"].get("since")
    return {
        **made["properties"],
        "value": things.state_word(plain(entity, layer.state, "")),
        "place": unit.name if unit else "",
        "since": datetime.fromisoformat(since) if since else None,
    }


@require_safe
def alarms(request: HttpRequest) -> HttpResponse:
    """The alarms column again, for the page that stands open."""
    return render(request, "web/_alarms.html", {"alarms": figures.alarms(_enter(request))})


@require_safe
def tiles(request: HttpRequest) -> HttpResponse:
    """The tiles strip again."""
    _enter(request)
    return render(request, "web/_centre_tiles.html", {"tiles": figures.tiles("centre")})


@require_safe
def replay(request: HttpRequest) -> JsonResponse:
    """A past day's changes of state, for the time slider."""
    actor = _enter(request)
    try:
        day = date.fromisoformat(request.GET.get("day", clock.today().isoformat()))
    except ValueError as error:
        raise Invalid(N_("This is not a day; write it as 2026-11-19.")) from error
    if day > clock.today():
        raise Invalid(N_("This day has not come yet."))
    return JsonResponse(replaying.day(livemap.layers(actor), day))


@require_safe
def layer(request: HttpRequest, key: str) -> HttpResponse:
    """A layer as GeoJSON, with the log's number as its ETag."""
    actor = _actor(request)
    data = livemap.data(livemap.find(actor, key))
    tag = f'"{key}-{data.seq}"'
    headers = {"ETag": tag, "Cache-Control": "private, max-age=0, must-revalidate"}
    if request.headers.get("If-None-Match", "").removeprefix("W/") == tag:
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(data.content, content_type="application/geo+json", headers=headers)


@require_safe
def clusters(request: HttpRequest, key: str) -> HttpResponse:
    """A large layer's clusters in a box (``bbox=west,south,east,north``) at a ``zoom``; single things close by."""
    layer = livemap.find(_actor(request), key)
    try:
        west, south, east, north = (float(part) for part in request.GET.get("bbox", "").split(","))
        zoom = float(request.GET.get("zoom", ""))
    except ValueError:
        raise Invalid(N_("Give bbox=west,south,east,north in degrees and zoom.")) from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90 and 0 <= zoom <= 24):
        raise Invalid(N_("Give bbox=west,south,east,north in degrees and zoom."))
    found = clustering.index(layer)
    tag = f'"{key}-{found.changed}"'
    headers = {"ETag": tag, "Cache-Control": "private, max-age=0, must-revalidate"}
    if request.headers.get("If-None-Match", "").removeprefix("W/") == tag:
        return HttpResponseNotModified(headers=headers)
    return JsonResponse(clustering.answer(layer, found, (west, south, east, north), zoom), headers=headers)
