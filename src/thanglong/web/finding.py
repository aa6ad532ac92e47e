"""The one search line, and what happens around a place: many sources, one answer."""

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import get_language, gettext

from thanglong.core.cases import service as cases
from thanglong.core.cases.types import Case, CaseType
from thanglong.core.places import service as places
from thanglong.kit import registry
from thanglong.kit.errors import ThangLongError
from thanglong.kit.ports import Actor

logger = logging.getLogger("thanglong.web")
NUMBER = re.compile(r"^\s*([A-Za-z]{2,3})[-\s]?(\d{2})[-\s]?(\d{1,6})\s*$")
Hit = Mapping[str, Any]


def case_number(text: str) -> str:
    """A case number as the platform writes it (``PA-26-000123``), or empty when the text is none."""
    match = NUMBER.match(text)
    return f"{match[1].upper()}-{match[2]}-{int(match[3]):06d}" if match else ""


def find_cases(actor: Actor, text: str, limit: int) -> Iterable[Hit]:
    """The public case of a number; by words only for those who handle cases."""
    number = case_number(text)
    if number:
        try:
            public = cases.public_case(number, actor=actor)
        except ThangLongError:
            return
        if public.type.public_url:
            yield _case_hit(public.case, public.type, public.case.number)
    elif actor.id is not None:
        for case in cases.search(actor, text, limit):
            yield {
                "title": case.subject,
                "meta": f"{case.number}, {case.address}".strip(", "),
                "url": f"/desk/cases/{case.number}/",
                "icon": "flag",
            }


def _case_hit(case: Case, case_type: CaseType, meta: str) -> dict[str, Any]:
    return {"title": case.subject, "meta": meta, "url": case_type.public_url % case.number, "icon": case_type.icon}


def find_places(actor: Actor, text: str, limit: int) -> Iterable[Hit]:
    """Units of today, and of the past with what became of them."""
    known = set()
    for found in places.search(text, limit=limit):
        unit = found.unit
        name = unit.name if get_language() == "vi" or not unit.name_en else unit.name_en
        meta = (
            gettext("now %(units)s") % {"units": ", ".join(item.name for item in found.successors[:3])}
            if found.successors
            else ""
        )
        yield {"title": name, "meta": meta, "url": f"/units/{unit.id}/", "icon": "pin"}
        known.add(unit.id)
    # an address, perhaps in names from before a reform: as it is written today, and as it was
    for address in places.find_address(text, limit=limit) if len(text.split()) > 2 else ():
        home = address.units[0] if address.units else address.named
        if address.named.id not in known:
            parts = ", ".join(unit.name for unit in address.units[1:4])
            before = address.text_before if address.text_before != address.text else ""
            meta = gettext("or %(units)s") % {"units": parts} if parts else ""
            meta = " · ".join(part for part in (meta, before) if part)
            yield {"title": address.text, "meta": meta, "url": f"/units/{home.id}/", "icon": "pin"}


def search(actor: Actor, text: str, limit: int = 8) -> list[dict[str, Any]]:
    """Groups ``{"key", "title", "hits"}`` with at least one hit, in the sources' order."""
    groups = []
    for key, source in sorted(registry.searchers.items(), key=lambda item: item[1].order):
        try:
            hits = list(source.find(actor, text, limit))
        except ThangLongError:
            continue
        except Exception:
            logger.exception("search source %s", key)
            continue
        if hits:
            groups.append({"key": key, "title": gettext(source.title), "hits": hits[:limit]})
    return groups


def nearby(lon: float, lat: float, radius_m: float = 1000, limit: int = 8) -> list[dict[str, Any]]:
    """What happens around a place: each source's best, urgent first; ``kind`` is the chip it belongs to."""
    found: list[dict[str, Any]] = []
    for key, source in sorted(registry.nearby.items(), key=lambda item: item[1].order):
        try:
            hits = list(source.find(lon, lat, radius_m, limit))[:limit]
        except ThangLongError:
            continue
        except Exception:
            logger.exception("nearby source %s", key)
            continue
        found.extend(
            {"shape": "circle", "state": "normal", "icon": "pin", **hit, "source": key, "kind": gettext(source.kind)}
            for hit in hits
        )
    order = {"urgent": 0, "notice": 1}
    return sorted(found, key=lambda hit: order.get(hit["state"], 2))
