"""The report form: one long page without JavaScript, five steps with it; and the small endpoints it uses."""

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from thanglong.core.places import service as places
from thanglong.domains.requests import service
from thanglong.domains.requests.rules import CATEGORIES, FAMILIES, category, mask, read
from thanglong.domains.requests.service import words
from thanglong.domains.requests.service.routing import read_address
from thanglong.domains.requests.types import MAX_PHOTOS, NewReport, Reading
from thanglong.domains.requests.views import common
from thanglong.kit import clock, peers
from thanglong.kit.errors import Fault, Invalid, TooLarge
from thanglong.web import city
from thanglong.web.errors import wants_json


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if abs(value) <= 180 else None


def new_report(request: HttpRequest, photos: list[UUID]) -> NewReport:
    """The report in a form's fields."""
    post = request.POST
    key = post.get("category", "")
    kind = category(key)
    if kind is None and not key:
        guesses = read(post.get("text", "")).guesses
        key = guesses[0].category if guesses else ""
        kind = category(key)
    answers = {}
    for question in kind.questions if kind else ():
        given = post.getlist(f"q_{question.code}")
        answers[question.code] = given if question.datatype == "multivaluelist" else given[-1] if given else ""
    return NewReport(
        text=post.get("text", ""), category=key, lon=_number(post.get("lon", "")), lat=_number(post.get("lat", "")),
        address=post.get("address", "")[:300], answers=answers, photos=photos, contact=post.get("contact", ""),
        name=post.get("name", "")[:200], hide_name="hide_name" in post, thing=post.get("thing", "")[:200],
        channel="web",
    )  # fmt: skip


def _page(request: HttpRequest, *, key: str, faults: list[Fault], photos: list[UUID], wrong: list[str],
          twins: list[common.Card] | None = None, status: int = 200) -> HttpResponse:  # fmt: skip
    errors: dict[str, list[str]] = {}
    for fault in faults:
        errors.setdefault(fault.field, []).append(words.said(fault.text) % dict(fault.params))
    post = request.POST
    chosen = post.get("category", request.GET.get("category", ""))
    families = [
        {
            "title": words.said(title),
            "items": [
                {
                    "key": item.key, "title": words.said(item.title), "about": words.said(item.description),
                    "icon": item.icon, "checked": item.key == chosen,
                }
                for item in CATEGORIES if item.family is family
            ],
            "open": any(item.key == chosen for item in CATEGORIES if item.family is family),
        }
        for family, title in FAMILIES.items()
    ]  # fmt: skip
    context = {
        "key": key, "errors": errors, "wrong": wrong, "photos": photos, "families": families, "twins": twins,
        "values": post, "hide_name": "hide_name" in post or request.method == "GET", "map_props": {
            "pick": {"lon": "#id_lon", "lat": "#id_lat"}, "interactive": True, "zoom": 13, "center": city.middle(),
        },
        "questions": [_questions(item.key, post, errors) for item in CATEGORIES if item.questions],
        "report_props": {
            "form": "#report", "photo_url": "/report/photo/", "guess_url": "/report/guess.json",
            "duplicates_url": "/report/duplicates", "max_photos": MAX_PHOTOS,
        },
        "max_photos": MAX_PHOTOS,
    }  # fmt: skip
    return render(request, "requests/form.html", context, status=status)


def _questions(key: str, post: Any, errors: dict[str, list[str]]) -> dict[str, Any]:
    kind = category(key)
    assert kind is not None
    return {
        "key": key,
        "title": words.said(kind.title),
        "items": [
            {
                "name": f"q_{item.code}", "id": f"id_{key}_{item.code}", "text": words.said(item.text),
                "kind": item.datatype,
                "required": item.required, "help": words.said(item.help), "value": post.get(f"q_{item.code}", ""),
                "values": [(value, words.said(title)) for value, title in item.values],
                "errors": errors.get(f"q_{item.code}", []) if post.get("category") == key else [],
            }
            for item in kind.questions
        ],
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
def form(request: HttpRequest) -> HttpResponse:
    """The form, and sending it."""
    if request.method == "GET":
        return _page(request, key=str(uuid4()), faults=[], photos=[], wrong=[])
    photos, wrong = common.take_photos(request)
    new = new_report(request, photos)
    key = request.POST.get("key", "")[:64] or str(uuid4())
    actor, as_json = common.actor_of(request), wants_json(request)
    if not as_json:
        if wrong:
            return _page(request, key=key, faults=[], photos=photos, wrong=wrong, status=400)
        twins = [] if "same_checked" in request.POST else [item for item in _twins(new) if not _just_sent(new, item)]
        if twins and not service.faults_of(new):
            return _page(request, key=key, faults=[], photos=photos, wrong=[], twins=twins)
    try:
        sent = service.send(
            actor, new, key=key if as_json else _content_key(key, new), language=common.language(),
            client=peers.client(request.META),
        )  # fmt: skip
    except Invalid as error:
        if as_json:
            raise
        return _page(request, key=key, faults=list(error.faults), photos=photos, wrong=[], status=400)
    url = f"/my/{sent.number}/{sent.secret}/sent/"
    if sent.confirm:
        url += f"?code={sent.confirm}"
    if as_json:
        due = sent.due_at.isoformat() if sent.due_at else None
        return JsonResponse({"number": sent.number, "url": url, "due": due, "again": sent.again}, status=200)
    return HttpResponseRedirect(url, status=303)


def _content_key(key: str, new: NewReport) -> str:
    """A browser may show an old page of the form again with its key: another report under it is another report."""
    told = f"{key}|{new.category}|{new.text.strip()}|{new.lon}|{new.lat}|{new.address.strip()}"
    return hashlib.sha256(told.encode()).hexdigest()


def _just_sent(new: NewReport, item: common.Card) -> bool:
    """Whether the twin is this very report, sent a moment ago by a double click."""
    fresh = clock.now() - item.report.opened_at < timedelta(minutes=10)
    return fresh and item.report.category == new.category and item.report.text == mask(new.text.strip())


def _twins(new: NewReport) -> list[common.Card]:
    found = service.duplicates(new.lon, new.lat, new.category, new.text, new.photos, new.thing)
    return [common.card(item.report, item.distance_m) for item in found]


@require_POST
def photo(request: HttpRequest) -> HttpResponse:
    """Take one photo in; its id, its address, and where it says it was taken."""
    upload = request.FILES.get("photo")
    if upload is None:
        raise Invalid(gettext("Please choose a photo."))
    if upload.size is not None and upload.size > 20 << 20:
        raise TooLarge()
    kept, made = service.add_photo(common.actor_of(request), upload.read(), upload.name or "photo")
    return JsonResponse(
        {"id": str(kept.id), "url": f"/reports/photo/{kept.id}/thumb/", "lon": made.lon, "lat": made.lat}, status=201
    )


def reading_json(reading: Reading) -> dict[str, Any]:
    """What was understood, for the form."""
    guesses = []
    for guess in reading.guesses:
        kind = category(guess.category)
        assert kind is not None
        guesses.append(
            {
                "key": kind.key, "title": words.said(kind.title), "icon": kind.icon, "confidence": guess.confidence,
                "words": list(guess.words),
            }
        )  # fmt: skip
    stopper = None
    if reading.stopper:
        stopper = {
            "number": reading.stopper.number,
            "text": words.said(reading.stopper.text),
            "word": reading.stopper.word,
        }
    return {
        "guesses": guesses, "urgent": bool(reading.urgent), "urgent_words": list(reading.urgent), "stopper": stopper
    }  # fmt: skip


@require_POST
def guess(request: HttpRequest) -> HttpResponse:
    """Category, danger and emergency in a text."""
    return JsonResponse(reading_json(read(request.POST.get("text", "")[:4000])))


@require_POST
def duplicates(request: HttpRequest) -> HttpResponse:
    """Reports that may be the same, as a fragment; empty when there are none."""
    twins = _twins(new_report(request, common.uuids(request.POST.getlist("photo"))))
    return render(request, "requests/_twins.html", {"twins": twins})


@require_GET
def where(request: HttpRequest) -> HttpResponse:
    """The unit at a point, or the one an address names (by an old name too), for the words under map and box."""
    lon, lat = _number(request.GET.get("lon", "")), _number(request.GET.get("lat", ""))
    unit = places.unit_at(lon, lat) if lon is not None and lat is not None else None
    found = read_address(request.GET.get("address", "")) if unit is None else None
    if found is not None and found.units:
        names = [item.name for item in found.units]
        before = found.named.name if found.named.id not in {item.id for item in found.units} else ""
        return JsonResponse({"unit": names[0], "others": names[1:], "before": before})
    return JsonResponse({"unit": unit.name if unit else None, "others": [], "before": ""})
