"""Reports and categories as GeoReport v2 documents, errors as its list, both in the asked format."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext

from thanglong.core.cases import service as cases
from thanglong.domains.requests import service
from thanglong.domains.requests.service import words
from thanglong.domains.requests.types import CASE_TYPE, Category, Report
from thanglong.formats import open311
from thanglong.kit import clock
from thanglong.kit.errors import Denied, Invalid, NotFound, ThangLongError, TooMany

TYPES = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
View = Callable[..., HttpResponse]


class Refused(Exception):
    """A refusal of its own kind: HTTP status and (code, description) pairs."""

    def __init__(self, status: int, errors: Sequence[tuple[str, str]]) -> None:
        self.status = status
        self.errors = errors
        super().__init__(str(errors))


def document(fmt: str, root: str, value: Any, status: int = 200) -> HttpResponse:
    """A document in the asked format."""
    body = open311.to_json(value) if fmt == "json" else open311.to_xml(root, value)
    return HttpResponse(body, status=status, content_type=TYPES[fmt], headers={"Access-Control-Allow-Origin": "*"})


def refusal(fmt: str, status: int, errors: Iterable[tuple[str, str]]) -> HttpResponse:
    """The list of errors."""
    rows = [{"code": code, "description": text} for code, text in errors]
    return document(fmt, "errors", rows, status)


def answering(*methods: str) -> Callable[[View], View]:
    """Make a view speak GeoReport: its format, its errors, its methods; nothing escapes as a page."""

    def wrap(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, fmt: str | None = None, **rest: Any) -> HttpResponse:
            form = fmt or ("json" if "json" in request.headers.get("Accept", "") else "xml")
            if form not in TYPES:
                return refusal("xml", 404, [("404", gettext("This format is not offered. Ask for xml or json."))])
            if request.method == "OPTIONS":
                return HttpResponse(
                    status=204, headers={"Allow": ", ".join(methods), "Access-Control-Allow-Origin": "*"}
                )
            if request.method not in methods and not (request.method == "HEAD" and "GET" in methods):
                response = refusal(form, 405, [("405", gettext("This method is not offered here."))])
                response["Allow"] = ", ".join(methods)
                return response
            return _guarded(view, request, form, rest)

        return answer

    return wrap


def _guarded(view: View, request: HttpRequest, fmt: str, rest: Mapping[str, Any]) -> HttpResponse:
    try:
        return view(request, fmt, **rest)
    except Refused as error:
        return refusal(fmt, error.status, error.errors)
    except Invalid as error:
        told = (f"{fault.field}: {words.said(fault.text) % dict(fault.params)}" for fault in error.faults)
        return refusal(fmt, 400, [("400", text.removeprefix(": ")) for text in told])
    except ThangLongError as error:
        known = {NotFound: 404, Denied: 403, TooMany: 429}
        status = next((number for kind, number in known.items() if isinstance(error, kind)), 400)
        return refusal(fmt, status, [(str(status), words.said(error.text) % dict(error.params))])
    except (SuspiciousOperation, RequestDataTooBig, TooManyFieldsSent, MultiPartParserError, UnicodeError):
        return refusal(fmt, 400, [("400", gettext("The request cannot be read."))])


def service_row(item: Category) -> dict[str, Any]:
    """A category as a service."""
    return {
        "service_code": item.key,
        "service_name": words.said(item.title),
        "description": words.said(item.description),
        "metadata": bool(item.questions),
        "type": "realtime",
        "keywords": ", ".join(item.words),
        "group": words.said(service.family_title(item.family)),
    }


def definition_row(item: Category) -> dict[str, Any]:
    """A category's questions as attributes."""
    return {
        "service_code": item.key,
        "attributes": [
            {
                "variable": question.variable,
                "code": question.code,
                "datatype": question.datatype,
                "required": question.required,
                "datatype_description": words.said(question.help) or None,
                "order": order,
                "description": words.said(question.text),
                "values": [{"key": key, "name": words.said(title)} for key, title in question.values],
            }
            for order, question in enumerate(item.questions, 1)
        ],
    }


def request_row(report: Report, base: str, names: dict[UUID, str]) -> dict[str, Any]:
    """A report as a service request; ``base`` is the site's address, ``names`` remembers the units' names."""
    if report.unit not in names:
        names[report.unit] = words.unit_name(report.unit)
    updated = report.updated_at if report.is_open else report.closed_at or report.updated_at
    photo = next((photo for photo in report.photos if photo.kind == "before"), None)
    return {
        "service_request_id": report.number,
        "status": "open" if report.is_open else "closed",
        "status_notes": _state(report),
        "service_name": words.category_title(report.category),
        "service_code": report.category,
        "description": report.text,
        "agency_responsible": names[report.unit],
        "service_notice": None,
        "requested_datetime": clock.local(report.opened_at),
        "updated_datetime": clock.local(updated),
        "expected_datetime": clock.local(report.due_at) if report.due_at else None,
        "address": report.address or None,
        "address_id": report.thing or None,
        "zipcode": None,
        "lat": report.lat,
        "long": report.lon,
        "media_url": f"{base}/reports/photo/{photo.id}/view/" if photo else None,
    }


def _state(report: Report) -> str:
    return words.said(cases.definition(CASE_TYPE).state(report.state).title)


def extended(report: Report, base: str) -> dict[str, Any]:
    """Photos and figures beyond the standard (``extensions=true``)."""
    return {
        "extended_attributes": {
            "urgent": report.urgent,
            "reopened": report.reopened,
            "followers": report.followers,
            "satisfaction": report.satisfaction,
            "url": f"{base}/reports/{report.number}/",
        }
    }


def notes(report: Report) -> list[dict[str, Any]]:
    """The public story of one report, oldest first."""
    return [
        {
            "datetime": clock.local(event.at),
            "description": words.sentence(event),
            "type": event.action or event.verb,
        }
        for event in cases.public_case(report.case).events
    ]
