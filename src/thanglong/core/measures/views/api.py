"""Figures as data: JSON and CSV, and the values of the map."""

import csv
import io
import json
from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from thanglong.core.measures import rules, service
from thanglong.core.measures.types import Figure, Geography, Measure
from thanglong.core.measures.views import present
from thanglong.core.measures.views.choice import Choice
from thanglong.core.measures.views.choice import figures as figures_of
from thanglong.core.places import service as places
from thanglong.kit import clock
from thanglong.kit.errors import N_, Fault, Invalid, NotFound
from thanglong.kit.ports import Actor
from thanglong.stores.parquet import table as parquet

TYPES = {
    "measure": "VARCHAR", "unit_id": "VARCHAR", "unit_code": "VARCHAR", "unit_name": "VARCHAR", "period": "DATE",
    "value": "DOUBLE", "numerator": "DOUBLE", "denominator": "DOUBLE", "n": "INTEGER", "small": "BOOLEAN",
    "withheld": "BOOLEAN", "corrected": "VARCHAR", "computed_at": "TIMESTAMPTZ", "digest": "VARCHAR",
    "ledger_entry": "BIGINT",
}  # fmt: skip
COLUMNS = tuple(TYPES)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _day(request: HttpRequest, name: str) -> date | None:
    text = request.GET.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid([Fault(name, N_("This must be a day such as 2026-11-19."))]) from None


def _rows(item: Measure, figures: Iterable[Figure]) -> Iterable[dict[str, Any]]:
    codes: dict[UUID, tuple[str, str]] = {}
    for figure in figures:
        if figure.unit not in codes:
            try:
                unit = places.unit(figure.unit)
                codes[figure.unit] = unit.code, unit.name
            except NotFound:
                codes[figure.unit] = "", ""
        code, name = codes[figure.unit]
        yield {
            "measure": figure.measure, "unit_id": str(figure.unit), "unit_code": code, "unit_name": name,
            "period": figure.period.isoformat(), "value": figure.value, "numerator": figure.numerator,
            "denominator": figure.denominator, "n": None if figure.hidden else figure.n,
            "small": figure.small(item.small), "withheld": figure.hidden,
            "corrected": figure.corrected.reason if figure.corrected else None,
            "computed_at": figure.computed_at.isoformat(), "digest": figure.digest, "ledger_entry": figure.ledger_entry,
        }  # fmt: skip


def _definition(item: Measure) -> dict[str, Any]:
    return {
        "key": item.key, "title": item.title, "about": item.about, "unit": item.unit, "direction": item.direction,
        "period": item.period, "geography": item.geography, "target": item.target, "formula": item.formula,
        "total": item.total, "scale": item.scale, "small_below": item.small, "domain": item.domain,
        "withheld_below": item.least, "band": item.band, "version": item.version, "owner": item.owner or item.domain,
        "licence": item.licence, "periods": rules.coarser(item), "geographies": ["then", "now"],
        "links": {"json": f"/api/measures/{item.key}.json", "parquet": f"/api/measures/{item.key}.parquet",
                  "csv": f"/api/measures/{item.key}.csv",
                  "page": f"/figures/{item.key}/"},
    }  # fmt: skip


def _chosen(request: HttpRequest, key: str) -> tuple[Measure, list[Figure]]:
    try:
        unit = UUID(request.GET["unit"]) if request.GET.get("unit") else None
    except ValueError:
        raise Invalid([Fault("unit", N_("This is not the identifier of a unit."))]) from None
    item = service.measure(key)
    units = None if unit is None else [unit]
    kind, geography = request.GET.get("by") or item.period, request.GET.get("geography") or "then"
    kinds = ", ".join(rules.coarser(item))
    if kind not in rules.coarser(item):
        raise Invalid([Fault("by", N_("Figures of this measure come by: %(kinds)s."), {"kinds": kinds})])
    if geography not in ("then", "now"):
        raise Invalid(
            [Fault("geography", N_("This must be then (the units as they were) or now (counted for today's)."))]
        )
    figures = service.values(
        _actor(request), key, units=units, first=_day(request, "since"), last=_day(request, "until"),
        kind=kind, geography="now" if geography == "now" else "then",
    )  # fmt: skip
    return item, figures


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Every public measure with its definition."""
    found = [_definition(item) for item in service.definitions() if item.public]
    return JsonResponse({"measures": found})


@require_safe
def as_json(request: HttpRequest, key: str) -> HttpResponse:
    """A measure's definition and figures; ``since``, ``until`` (days) and ``unit`` narrow them."""
    item, figures = _chosen(request, key)
    return JsonResponse(_definition(item) | {"figures": list(_rows(item, figures))})


@require_safe
def as_csv(request: HttpRequest, key: str) -> HttpResponse:
    """The same figures as CSV (UTF-8 with a mark, so that spreadsheets read Vietnamese)."""
    item, figures = _chosen(request, key)
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_rows(item, figures))
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{item.key}.csv"'
    return response


@require_safe
def as_parquet(request: HttpRequest, key: str) -> HttpResponse:
    """The same figures as Parquet; the definition stands in the file's metadata."""
    item, figures = _chosen(request, key)
    facts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in _definition(item).items()}
    rows = [[row[name] for name in COLUMNS] for row in _rows(item, figures)]
    response = HttpResponse(parquet.table(TYPES, rows, facts), content_type="application/vnd.apache.parquet")
    response["Content-Disposition"] = f'attachment; filename="{item.key}.parquet"'
    return response


@require_safe
def map_values(request: HttpRequest, key: str) -> HttpResponse:
    """Bands and words by unit for the map of one ``period``."""
    item = service.measure(key)
    kinds = {str(kind): kind for kind in rules.coarser(item)}
    kind = kinds.get(request.GET.get("by", ""), item.period)
    period = rules.period_of(_day(request, "period") or clock.today(), kind)
    span = int(request.GET["span"]) if request.GET.get("span") in ("12", "30") and kind == item.period else 1
    geography: Geography = "now" if request.GET.get("geography") == "now" else "then"
    chosen = Choice(kind, period, span, geography, ())
    room = "centre/measures" if request.GET.get("room") == "centre" else "figures"
    link = f"/{room}/{item.key}/?{chosen.query()}&unit=%s"
    return JsonResponse({"values": present.map_values(item, figures_of(_actor(request), item, chosen), link)})
