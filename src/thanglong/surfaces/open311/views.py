"""The methods of GeoReport v2."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from thanglong.core.cases import service as cases
from thanglong.core.people import service as people
from thanglong.core.places import service as places
from thanglong.core.things import service as things
from thanglong.domains.requests import service
from thanglong.domains.requests.service import words
from thanglong.domains.requests.types import Category, NewReport
from thanglong.formats import open311
from thanglong.kit import clock
from thanglong.kit.errors import NotFound, NotSignedIn
from thanglong.kit.ports import SYSTEM, Actor
from thanglong.kit.text import slug
from thanglong.surfaces.open311 import answers
from thanglong.surfaces.open311 import description as interface
from thanglong.surfaces.open311.answers import Refused, answering, document

SCOPE = "requests:write"
WINDOW = timedelta(days=90)
MOST = 1000
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGESET = "2026-11-24 00:00"


def jurisdiction() -> str:
    """The one jurisdiction of this installation: its city's name without marks."""
    try:
        return slug(places.city().short_name)
    except NotFound:
        return ""


def _check_jurisdiction(query: QueryDict) -> None:
    given = query.get("jurisdiction_id", "")
    if given and given != jurisdiction():
        raise Refused(404, [("404", gettext("jurisdiction_id was not found: %(given)s") % {"given": given[:100]})])


def _base(request: HttpRequest) -> str:
    return request.build_absolute_uri("/").rstrip("/")


@answering("GET")
def discovery(request: HttpRequest, fmt: str) -> HttpResponse:
    """Where the endpoint is and what it speaks."""
    value = {
        "changeset": CHANGESET,
        "contact": gettext("Call 1022, or write to the city. jurisdiction_id (may be left out): %(id)s")
        % {"id": jurisdiction()},
        "key_service": gettext("Make an access key with the scope %(scope)s on your page: %(url)s")
        % {"scope": SCOPE, "url": f"{_base(request)}/me/"},
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": f"{_base(request)}/open311/v2",
                "changeset": CHANGESET,
                "type": "production",
                "formats": ["text/xml", "application/json"],
            }
        ],
    }
    return document(fmt, "discovery", value)


@answering("GET")
def description(request: HttpRequest, fmt: str) -> HttpResponse:
    """The interface itself, as OpenAPI 3.1; always JSON."""
    codes = [item.key for item in service.categories()]
    title = f"{gettext('Reports')} · {places.city().name}"
    return document("json", "openapi", interface.openapi(f"{_base(request)}/open311/v2", title, codes))


@answering("GET")
def services(request: HttpRequest, fmt: str) -> HttpResponse:
    """The kinds of reports."""
    _check_jurisdiction(request.GET)
    return document(fmt, "services", [answers.service_row(item) for item in service.categories()])


def _service(code: str) -> Category:
    found = service.category_of(code)
    if found is None:
        raise Refused(404, [("404", gettext("service_code was not found: %(code)s") % {"code": code[:100]})])
    return found


@answering("GET")
def definition(request: HttpRequest, fmt: str, code: str) -> HttpResponse:
    """One kind's questions."""
    _check_jurisdiction(request.GET)
    return document(fmt, "service_definition", answers.definition_row(_service(code)))


@csrf_exempt
@answering("GET", "POST")
def requests(request: HttpRequest, fmt: str) -> HttpResponse:
    """List reports, or send one."""
    return _post(request, fmt) if request.method == "POST" else _list(request, fmt)


def _actor(post: QueryDict) -> Actor:
    key = post.get("api_key", "")
    if not key:
        raise Refused(403, [("403", gettext("api_key is missing."))])
    try:
        actor = people.actor_of_token(key)
    except NotSignedIn:
        raise Refused(403, [("403", gettext("api_key is not valid."))]) from None
    if actor.scopes is None or SCOPE not in actor.scopes:
        raise Refused(403, [("403", gettext("api_key may not send requests: it lacks the scope %s.") % SCOPE)])
    return actor


def _coordinates(post: QueryDict) -> tuple[float | None, float | None]:
    found: list[float | None] = []
    for name in ("long", "lat"):
        text = post.get(name, "")
        try:
            value = float(text) if text else None
        except ValueError:
            value = math.nan
        if value is not None and not (math.isfinite(value) and abs(value) <= (180 if name == "long" else 90)):
            raise Refused(400, [("400", gettext("%s is not a coordinate in degrees.") % name)])
        found.append(value)
    lon, lat = found
    if (lon is None) != (lat is None):
        raise Refused(400, [("400", gettext("lat and long must be sent together."))])
    return lon, lat


def _thing(address_id: str) -> tuple[str, float | None, float | None]:
    """A thing by its id, and where it stands."""
    try:
        entity = things.get(SYSTEM, address_id)
        lon, lat = entity["location"]["value"]["coordinates"][:2]
    except (NotFound, KeyError, TypeError, ValueError):
        text = gettext("address_id was not found: %(id)s") % {"id": address_id[:100]}
        raise Refused(400, [("400", text)]) from None
    return address_id, float(lon), float(lat)


def _media(post: QueryDict) -> str:
    url = post.get("media_url", "").strip()
    if url and (len(url) > 500 or urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc):
        raise Refused(400, [("400", gettext("media_url must be an http or https address."))])
    return url


def _new(request: HttpRequest) -> NewReport:
    post = request.POST
    kind = _service(post["service_code"]) if post.get("service_code") else None
    if kind is None:
        raise Refused(400, [("400", gettext("service_code was not provided."))])
    lon, lat = _coordinates(post)
    thing = ""
    if post.get("address_id"):
        thing, thing_lon, thing_lat = _thing(post["address_id"])
        lon, lat = (thing_lon, thing_lat) if lon is None else (lon, lat)
    text = post.get("description", "").replace("\x00", "").strip()
    if len(text) < 5:
        text = f"{words.said(kind.title)}: {text}" if text else words.said(kind.title)
    name = f"{post.get('last_name', '')} {post.get('first_name', '')}".strip()
    given: Mapping[str, list[str]] = open311.attributes_of((key, value) for key in post for value in post.getlist(key))
    lists = {question.code for question in kind.questions if question.datatype == "multivaluelist"}
    address = post.get("address_string", "").replace("\x00", "")[:300]
    return NewReport(
        text=text, category=kind.key, lon=lon, lat=lat, address=address,
        answers={code: values if code in lists or len(values) > 1 else values[0] for code, values in given.items()},
        contact=post.get("email", "") or post.get("phone", ""), name=name, thing=thing, channel="open311",
        media_url=_media(post), photos=_photos(request),
    )  # fmt: skip


def _photos(request: HttpRequest) -> list[UUID]:
    """Pictures sent along as multipart field ``media`` (the media extension)."""
    return [service.add_photo(None, item.read(), item.name or "photo")[0].id for item in request.FILES.getlist("media")]


def _post(request: HttpRequest, fmt: str) -> HttpResponse:
    actor = _actor(request.POST)
    _check_jurisdiction(request.POST)
    key = request.headers.get("Idempotency-Key", "")[:100]
    sent = service.send(actor, _new(request), key=f"{actor.id}:{key}" if key else None, language="vi")
    row: dict[str, Any]
    if request.POST.get("response") == "token":
        row = {"token": str(sent.case), "service_notice": None, "account_id": None}
    else:
        notice = gettext("%(unit)s is responsible.") % {"unit": words.unit_name(sent.unit)}
        row = {"service_request_id": sent.number, "service_notice": notice, "account_id": None}
    return document(fmt, "service_requests", [row])


def _moment(query: QueryDict, name: str) -> datetime | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        found = open311.w3c_parse(text)
        return found.astimezone(clock.zone())
    except (ValueError, OverflowError):
        raise Refused(400, [("400", gettext("%s must be a W3C date with its zone.") % name)]) from None


def _window(query: QueryDict) -> tuple[datetime | None, datetime | None]:
    since, until = _moment(query, "start_date"), _moment(query, "end_date")
    try:
        if since is None and until is None:
            return clock.now() - WINDOW, None
        if since is None and until is not None:
            since = until - WINDOW
        elif until is None and since is not None:
            until = since + WINDOW
    except OverflowError:
        raise Refused(400, [("400", gettext("The dates are out of range."))]) from None
    assert since is not None
    assert until is not None
    if until < since or until - since > WINDOW:
        raise Refused(400, [("400", gettext("start_date and end_date may lie 90 days apart at most."))])
    return since, until + timedelta(seconds=1)


def _whole(query: QueryDict, name: str, default: int, most: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most and len(text) <= 9):
        raise Refused(
            400, [("400", gettext("%(name)s must be a number from 1 to %(most)s.") % {"name": name, "most": most})]
        )
    return int(text)


def _parts(query: QueryDict, name: str) -> list[str]:
    return [part.strip() for value in query.getlist(name) for part in value.split(",") if part.strip()]


def _list(request: HttpRequest, fmt: str) -> HttpResponse:
    query = request.GET
    _check_jurisdiction(query)
    size = _whole(query, "page_size", MOST, MOST)
    start = (_whole(query, "page", 1, 1_000_000) - 1) * size
    numbers = [number for number in _parts(query, "service_request_id") if "\x00" not in number][:MOST]
    if numbers:
        found = service.requests_slice(numbers=numbers, start=start, limit=size)
    else:
        codes, statuses = _parts(query, "service_code"), _parts(query, "status")
        for code in codes:
            _service(code)
        if set(statuses) - {"open", "closed"}:
            raise Refused(400, [("400", gettext("status must be open or closed."))])
        since, until = _window(query)
        found = service.requests_slice(
            codes=codes, statuses=statuses, since=since, until=until, start=start, limit=size
        )
    base, names = _base(request), dict[UUID, str]()
    more = query.get("extensions") == "true"
    rows = [answers.request_row(item, base, names) | (answers.extended(item, base) if more else {}) for item in found]
    return document(fmt, "service_requests", rows)


@answering("GET")
def request_one(request: HttpRequest, fmt: str, number: str) -> HttpResponse:
    """One report."""
    _check_jurisdiction(request.GET)
    if "\x00" in number:
        raise NotFound()
    report = service.report(number)
    row = answers.request_row(report, _base(request), {})
    if request.GET.get("extensions") == "true":
        row |= answers.extended(report, _base(request)) | {"notes": answers.notes(report)}
    return document(fmt, "service_requests", [row])


@answering("GET")
def token(request: HttpRequest, fmt: str, token: str) -> HttpResponse:
    """The report behind a token."""
    _check_jurisdiction(request.GET)
    try:
        report = service.report_of(UUID(token))
    except ValueError:
        report = None
    if report is None:
        raise Refused(404, [("404", gettext("token was not found: %(token)s") % {"token": token[:100]})])
    return document(fmt, "service_requests", [{"service_request_id": report.number, "token": token}])


@csrf_exempt
@answering("GET", "POST")
def updates(request: HttpRequest, fmt: str) -> HttpResponse:
    """The updates extension: what happened to reports, and a body's word on one."""
    if request.method == "POST":
        return _post_update(request, fmt)
    _check_jurisdiction(request.GET)
    since, until = _window(request.GET)
    assert since is not None
    until = until or clock.now() + timedelta(seconds=1)
    rows = []
    for report in service.updates(since, until, 200):
        for event in cases.public_case(report.case).events:
            if since <= event.at < until and event.verb != "opened":
                state = cases.definition("requests.report").state(event.to_state)
                rows.append(
                    {
                        "update_id": str(event.seq),
                        "service_request_id": report.number,
                        "status": "closed" if state.kind.closed else "open",
                        "updated_datetime": clock.local(event.at),
                        "description": words.sentence(event),
                        "media_url": None,
                    }
                )
    rows.sort(key=lambda row: (row["updated_datetime"], row["update_id"]))
    return document(fmt, "service_request_updates", rows[:MOST])


def _post_update(request: HttpRequest, fmt: str) -> HttpResponse:
    actor = _actor(request.POST)
    _check_jurisdiction(request.POST)
    post = request.POST
    if not post.get("service_request_id"):
        raise Refused(400, [("400", gettext("service_request_id was not provided."))])
    report = service.report(post["service_request_id"].replace("\x00", ""))
    if post.get("status", "").lower() == "closed":
        raise Refused(400, [("400", gettext("A report is closed on the desk, with its proof; send the words only."))])
    event = cases.message(actor, report.case, post.get("description", "").replace("\x00", ""), True)
    return document(fmt, "service_request_updates", [{"update_id": str(event.seq)}], 201)
