"""Reading what an address asks for, and telling it back."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from thanglong.core.places import service
from thanglong.core.places.types import Succession, Unit, UnitKind
from thanglong.kit.errors import N_, Fault, Invalid

KIND_WORDS = {
    UnitKind.CITY: N_("City or province"),
    UnitKind.DISTRICT: N_("District"),
    UnitKind.WARD: N_("Ward"),
    UnitKind.COMMUNE: N_("Commune"),
    UnitKind.TOWNSHIP: N_("Township"),
    UnitKind.SPECIAL_ZONE: N_("Special zone"),
    UnitKind.OFFICE: N_("Department or company"),
}


def day_of(request: HttpRequest) -> date | None:
    """The day asked about in ``on``, None for today; Invalid when it is no date."""
    text = request.GET.get("on", "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid([Fault("on", N_("Write the day as 2025-07-01."))]) from None


def degrees(request: HttpRequest) -> tuple[float, float]:
    """Longitude and latitude asked about; Invalid lists what is wrong."""
    faults: list[Fault] = []
    values: list[float] = []
    for name, most in (("lon", 180.0), ("lat", 90.0)):
        try:
            value = float(request.GET.get(name, ""))
        except ValueError:
            value = float("nan")
        if not abs(value) <= most:
            faults.append(Fault(name, N_("Give degrees, such as lon=105.84 and lat=21.03.")))
        values.append(value)
    if faults:
        raise Invalid(faults)
    return values[0], values[1]


def number_of(request: HttpRequest, name: str, default: int, most: int) -> int:
    """A whole number asked for, from 1 to ``most``; Invalid when it is none."""
    text = request.GET.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Invalid([Fault(name, N_("Give a whole number from 1 to %(most)s."), {"most": most})])
    return int(text)


def plain(unit: Unit) -> dict[str, Any]:
    """A unit as JSON."""
    return {
        "id": str(unit.id),
        "kind": unit.kind.value,
        "code": unit.code,
        "name": unit.name,
        "name_en": unit.name_en,
        "short_name": unit.short_name,
        "parent": str(unit.parent) if unit.parent else None,
        "valid_from": unit.valid_from.isoformat(),
        "valid_to": unit.valid_to.isoformat() if unit.valid_to else None,
        "lon": unit.lon,
        "lat": unit.lat,
        "area_km2": unit.area_km2,
        "population": unit.population,
        "boundary_approximate": unit.boundary_approximate,
    }


def related(row: Succession, side: str) -> dict[str, Any]:
    """A succession seen from one of its units: the other unit, and the shares."""
    other = service.unit(row.new if side == "new" else row.old)
    return {**plain(other), "share_population": row.share_population, "share_area": row.share_area}


def kept(request: HttpRequest, etag: str, seconds: int) -> tuple[dict[str, str], HttpResponse | None]:
    """Headers for an answer that anybody may keep, and "not modified" when the asker has it already."""
    headers = {"ETag": f'W/"{etag}"', "Cache-Control": f"public, max-age={seconds}", "Access-Control-Allow-Origin": "*"}
    known = [part.strip().removeprefix("W/").strip('"') for part in request.headers.get("If-None-Match", "").split(",")]
    return headers, HttpResponseNotModified(headers=headers) if etag in known else None
