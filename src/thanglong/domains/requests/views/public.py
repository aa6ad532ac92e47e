"""Public pages: the map with its list, a report's page, photos, QR, following."""

import io
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import segno
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.http import HttpResponseRedirect as Redirect
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from thanglong.core.cases import service as cases
from thanglong.core.places import service as places
from thanglong.domains.requests import service
from thanglong.domains.requests.rules import CATEGORIES, category
from thanglong.domains.requests.service import words
from thanglong.domains.requests.types import DONE_STATES, ListFilter, Report
from thanglong.domains.requests.views import common
from thanglong.kit import peers
from thanglong.kit.errors import Conflict, Invalid, NotFound, TooMany, Unavailable
from thanglong.web import city

STATES = ("open", "late", "done", "refused")


def filter_of(request: HttpRequest) -> ListFilter:
    """The list's filter in a query; what is not understood is left out."""
    get = request.GET
    unit = common.uuids([get.get("unit", "")])
    key, state = get.get("category", ""), get.get("state", "")
    return ListFilter(
        category=key if category(key) else "", state=state if state in STATES else "", unit=unit[0] if unit else None,
        text=get.get("q", "")[:100].replace("\x00", ""), since=_moment(get.get("since", "")),
        box=_box(get.get("box", "")),
    )  # fmt: skip


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _box(text: str) -> tuple[float, float, float, float] | None:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return west, south, east, north


@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """Map and list of all reports, page by page."""
    wanted = filter_of(request)
    page = service.listed(wanted, request.GET.get("after", "")[:80])
    query = request.GET.copy()
    query.pop("after", None)
    map_props: dict[str, Any] = {
        "layers": [
            {
                "key": "requests", "title": gettext("Reports"), "icon": "report", "shape": "diamond",
                "url": f"/reports/map.geojson?{query.urlencode()}",
            }
        ],
        "interactive": True, "zoom": 11.5, "center": city.middle(),
    }  # fmt: skip
    states = {
        "open": gettext("Being handled"), "late": gettext("Late"), "done": gettext("Done"),
        "refused": gettext("Refused"),
    }  # fmt: skip
    names: dict[UUID, str] = {}
    context = {
        "cards": [common.card(item, names=names) for item in page.items], "next": page.next,
        "total": service.counts(wanted),
        "wanted": wanted, "map_props": map_props, "states": states,
        "categories": [(item.key, words.said(item.title)) for item in CATEGORIES],
        "wards": _wards(), "first": "after" not in request.GET,
    }  # fmt: skip
    return render(request, "requests/list.html", context)


def _wards() -> list[tuple[str, str]]:
    return [(str(unit.id), unit.name) for unit in places.wards()]


@require_safe
def map_json(request: HttpRequest) -> HttpResponse:
    """The same reports as GeoJSON, for the map and for everyone."""
    wanted = filter_of(request)
    etag = f'"{service.list_version()}-{common.language()}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    body = orjson.dumps({"type": "FeatureCollection", "features": service.map_points(wanted)})
    return HttpResponse(body, content_type="application/geo+json", headers={"ETag": etag, "Cache-Control": "no-cache"})


def story(request: HttpRequest, report: Report, *, secret: str = "", **more: Any) -> dict[str, Any]:
    """What the page of a report shows; with the reporter's ``secret`` also what is only theirs."""
    shown = cases.public_case(report.case, actor=common.actor_of(request), secret=secret)
    before = [photo for photo in report.photos if photo.kind in ("before", "again")]
    after = [photo for photo in report.photos if photo.kind == "proof"]
    kind = category(report.category)
    late_or_early = None
    if report.resolved_at and report.due_at:
        late_or_early = report.due_at - report.resolved_at
    return {
        "report": report, "shown": shown, "case": shown.case, "mine": shown.mine and bool(secret), "secret": secret,
        "face": common.face(report), "category_title": words.category_title(report.category),
        "category_icon": kind.icon if kind else "report", "unit": words.unit_name(report.unit),
        "headline": common.headline(report, shown, bool(secret)), "before": before[0] if before else None,
        "after": after[-1] if after else None, "before_more": before[1:5], "after_more": after[:-1][-4:],
        "lines": common.lines(report, shown), "map_props": common.map_of(report),
        "actions": {action.key: action for action in shown.actions}, "followers": shown.followers,
        "entry": shown.case.ledger_entry, "steps": sum(1 for event in shown.events if event.ledger_entry),
        "early": late_or_early.total_seconds() >= 0 if late_or_early is not None else None,
        "base": f"/my/{report.number}/{secret}/" if secret else f"/reports/{report.number}/",
        "can_again": report.state in DONE_STATES,
        "looks": cases.who_looked(report.case, secret) if secret else [], **more,
    }  # fmt: skip


@require_safe
def report(request: HttpRequest, number: str) -> HttpResponse:
    """One report as everyone may see it."""
    found = service.report(number)
    context = story(request, found, asking_again="again" in request.GET, code=_code(request))
    return render(request, "requests/report.html", context)


def _code(request: HttpRequest) -> UUID | None:
    codes = common.uuids([request.GET.get("code", "")])
    return codes[0] if codes else None


@require_POST
def follow(request: HttpRequest, number: str) -> HttpResponse:
    """Begin to follow; the code's field comes next."""
    address = request.POST.get("contact", "")
    try:
        made = service.follow(
            common.actor_of(request), number, address, language=common.language(), client=peers.client(request.META)
        )
    except (Invalid, TooMany, Unavailable) as error:
        found = service.report(number)
        context = story(request, found, follow_errors=common.said_of(error), contact=address)
        return render(request, "requests/report.html", context, status=error.status)
    tail = f"?code={made.confirm}#follow" if made.confirm else "?followed=1#follow"
    return Redirect(f"/reports/{number}/{tail}", status=303)


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """The six digits."""
    codes, back = common.uuids([request.POST.get("code_id", "")]), request.POST.get("back", "/reports/")
    if not codes:
        raise NotFound()
    if not back.startswith(("/reports/", "/my/")) or "//" in back:
        back = "/reports/"
    try:
        service.check_code(common.actor_of(request), codes[0], request.POST.get("digits", ""))
    except Invalid as error:
        context = {"code": codes[0], "errors": common.said_of(error), "back": back, "base": back}
        return render(request, "requests/code.html", context, status=400)
    return Redirect(f"{back}?confirmed=1", status=303)


@require_POST
def again(request: HttpRequest, number: str) -> HttpResponse:
    """Somebody says a finished report is broken again."""
    photos, wrong = common.take_photos(request)
    more = request.POST.get("more", "")
    try:
        if wrong:
            raise Invalid([])
        service.again(common.actor_of(request), number, more, photos)
    except (Invalid, Conflict) as error:
        found = service.report(number)
        errors = wrong or common.said_of(error)
        context = story(request, found, asking_again=True, again_errors=errors, more=more)
        return render(request, "requests/report.html", context, status=error.status)
    return Redirect(f"/reports/{number}/", status=303)


@require_safe
def photo(request: HttpRequest, photo_id: UUID, variant: str) -> HttpResponseBase:
    """A photo's published copy."""
    if variant not in ("view", "thumb"):
        raise NotFound()
    content, digest = service.photo_file(common.actor_of(request), photo_id, variant)  # type: ignore[arg-type]
    etag = f'"{digest[:32]}"'
    if request.headers.get("If-None-Match") == etag:
        content.close()
        return HttpResponseNotModified(headers={"ETag": etag})
    response = FileResponse(content, content_type="image/webp")
    response["ETag"] = etag
    response["Cache-Control"] = "public, max-age=300"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def qr_svg(text: str) -> bytes:
    """A QR code as SVG."""
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", xmldecl=False, svgns=True, border=2, scale=8, svgclass=None)
    return out.getvalue()


@require_http_methods(["GET", "HEAD"])
def qr(request: HttpRequest, number: str) -> HttpResponse:
    """The QR code of a report's page."""
    found = service.report(number)
    body = qr_svg(request.build_absolute_uri(f"/reports/{found.number}/"))
    return HttpResponse(body, content_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})
