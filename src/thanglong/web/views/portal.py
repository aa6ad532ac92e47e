"""The citizens' room: home, search, help."""

from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from thanglong.core.places import service as places
from thanglong.core.places.types import Unit
from thanglong.kit import ports
from thanglong.kit.errors import N_
from thanglong.kit.ports import Actor
from thanglong.web import city, figures, finding

DOORS = (
    ("/report/", "report", N_("Report"), N_("Potholes, rubbish, dark lamps. Sent in 40 seconds, no account needed")),
    ("/services/", "form", N_("Public services"), N_("Apply, pay and get the result at home")),
    ("/ask/", "ask", N_("Ask"), N_("Ask in your own words, answered with the original text")),
    ("/search", "track", N_("Look up"), N_("Enter a number to know where your file or report is")),
    ("/reports/", "map", N_("Reports on the map"), N_("What others have reported, and what became of it")),
    ("/figures/", "chart", N_("The city in figures"), N_("How fast and how well the city works, ward by ward")),
)
RADII = (1000, 3000)
FEW = 3
CHIPS = (
    (N_("Broken street lamp"), "/report/?category=lamp"),
    (N_("Rubbish"), "/report/?category=waste"),
    (N_("Pothole"), "/report/?category=pothole"),
)


def _place(request: HttpRequest) -> tuple[float, float]:
    """Where the asker looks: ``?lon=&lat=``, a unit named by ``?place=``, else the city's middle."""
    try:
        lon, lat = float(request.GET["lon"]), float(request.GET["lat"])
        if -180 <= lon <= 180 and -90 <= lat <= 90:
            return lon, lat
    except (KeyError, ValueError):
        pass
    named = request.GET.get("place", "").strip()[:80]
    for unit in places.find(named, limit=1) if named else []:
        if unit.lon is not None and unit.lat is not None:
            return unit.lon, unit.lat
    return city.middle()


def _inside_a_sentence(unit: Unit) -> str:
    """``Phường Cửa Nam`` as it stands inside a sentence: ``phường Cửa Nam``; its English name for English readers."""
    if get_language() == "en" and unit.name_en:
        return unit.name_en
    kind, space, rest = unit.name.partition(" ")
    return f"{kind.lower()}{space}{rest}" if rest else unit.name


def there(url: str) -> bool:
    """Whether an address leads somewhere in this installation."""
    try:
        resolve(url.partition("?")[0])
    except Resolver404:
        return False
    return True


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """One search line, the doors, what happens near me, the city in figures."""
    lon, lat = _place(request)
    unit = places.unit_at(lon, lat)
    radius = RADII[0]
    hits = finding.nearby(lon, lat, radius)
    if len(hits) < FEW:
        radius = RADII[1]
        hits = finding.nearby(lon, lat, radius)
    for number, hit in enumerate(hits):
        hit["id"] = f"near-{number}"
    context: dict[str, Any] = {
        "doors": [door for door in DOORS if there(door[0])][:4],
        "chips": [chip for chip in CHIPS if there(chip[1])],
        "unit": unit,
        "unit_name": _inside_a_sentence(unit) if unit else "",
        "hits": hits,
        "kinds": sorted({hit["kind"] for hit in hits}),
        "alert": next((hit for hit in hits if hit["state"] in ("urgent", "notice")), None),
        "kilometres": radius // 1000,
        "map_props": _near_map(lon, lat, hits, radius),
        "tiles": figures.tiles("portal"),
        "figures_url": "/figures/" if there("/figures/") else "",
    }
    return render(request, "web/home.html", context)


def _near_map(lon: float, lat: float, hits: list[dict[str, Any]], radius: int) -> dict[str, Any]:
    """The small map beside the list: one layer per source, marks given inline."""
    marks = [
        {
            "lon": hit["lon"],
            "lat": hit["lat"],
            "icon": hit["icon"],
            "shape": hit["shape"],
            "state": hit["state"],
            "title": hit["title"],
            "meta": hit.get("meta", ""),
            "url": hit.get("url", ""),
            "id": hit["id"],
            "kind": hit["kind"],
        }
        for hit in hits
    ]
    return {
        "center": [lon, lat],
        "zoom": 14.6 if radius == RADII[0] else 13.2,
        "me": {"lon": lon, "lat": lat},
        "marks": marks,
        "follow": False,
    }


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Everything the word or number leads to; a case number leads straight there."""
    text = request.GET.get("q", "").strip()[:200]
    actor = cast(Actor, getattr(request, "actor", ports.ANONYMOUS))
    groups = finding.search(actor, text) if text else []
    hits = [hit for group in groups for hit in group["hits"]]
    if finding.case_number(text) and len(hits) == 1:
        return HttpResponseRedirect(str(hits[0]["url"]))
    return render(
        request,
        "web/search.html",
        {"q": text, "groups": groups, "count": len(hits), "number": finding.case_number(text)},
    )


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """How things work, in plain words."""
    return render(request, "web/help.html", {"places_known": True})
