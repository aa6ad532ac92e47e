"""Who must handle a report: a decision model says it (``decisions/routing.dmn``), this turns its answer into a unit."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any
from uuid import UUID

from thanglong.domains.requests.rules.catalogue import CATEGORIES
from thanglong.domains.requests.types import Route, RouteFacts

MODEL, VERSION, DECISION = "requests.routing", 1, "Responsible unit"
SOURCE = files("thanglong.domains.requests.rules.decisions") / "routing.dmn"
PLACE, OWNER, CITY, OFFICE = "place", "owner", "city", "office:"
OFFICES: tuple[str, ...] = tuple(sorted({item.owner for item in CATEGORIES} - {"ward"}))
"""Codes of the offices that a report may go to."""


def inputs(facts: RouteFacts) -> dict[str, Any]:
    """The facts as the model's inputs."""
    return {
        "Category of the report": facts.category,
        "Kind of unit at the place": facts.unit_kind,
        "Somebody keeps the thing": facts.owner_unit is not None,
        "Hour of the day": facts.hour,
        "Dangerous": facts.urgent,
    }


def settle(facts: RouteFacts, to: Any, rule: str, offices: Mapping[str, UUID], city: UUID) -> Route:
    """The one owner of a report, out of the model's answer: ``place``, ``owner``, ``city`` or ``office:<code>``.

    ``offices`` maps an office's code to its unit. An answer without a unit (an office that the city does not have, no
    answer at all) falls back to the place, and a place that is not known to the city.
    """
    unit = None
    if to == CITY:
        unit = city
    elif to == OWNER:
        unit = facts.owner_unit
    elif isinstance(to, str) and to.startswith(OFFICE):
        unit = offices.get(to.removeprefix(OFFICE))
    if unit is not None:
        return Route(unit, rule)
    return Route(facts.unit or city, rule if to == PLACE else PLACE)
