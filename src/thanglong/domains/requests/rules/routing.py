"""Who must handle a report: an ordered table, first matching row decides; the last row matches everything."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from thanglong.domains.requests.rules.catalogue import CATEGORIES
from thanglong.domains.requests.types import Route, RouteFacts, RouteRule

WARD, OWNER, CITY, OFFICE = "ward", "owner", "city", "office:"


def _offices() -> tuple[RouteRule, ...]:
    owners: dict[str, set[str]] = {}
    for item in CATEGORIES:
        if item.owner != WARD:
            owners.setdefault(item.owner, set()).add(item.key)
    return tuple(
        RouteRule(f"office-{office}", OFFICE + office, frozenset(keys)) for office, keys in sorted(owners.items())
    )


RULES: tuple[RouteRule, ...] = (
    # the keeper of the very thing knows it best
    RouteRule("keeper", OWNER, frozenset({"streetlight", "signal"}), owned=True),
    # dangerous trees and holes at night: the ward is there first and bars the place off
    RouteRule("night-danger", WARD, frozenset({"tree", "pothole"}), hours=(22, 5), urgent=True),
    # communes keep their own roads, drains and lights' surroundings
    RouteRule("commune-roads", WARD, frozenset({"pothole", "sign"}), kinds=frozenset({"commune"})),
    *_offices(),
    RouteRule("place", WARD),
)


def _in_hours(hour: int, span: tuple[int, int]) -> bool:
    start, end = span
    return start <= hour < end if start <= end else hour >= start or hour < end


def matches(rule: RouteRule, facts: RouteFacts) -> bool:
    """Whether every filled column of the rule holds for the facts."""
    return (
        (not rule.categories or facts.category in rule.categories)
        and (not rule.kinds or facts.unit_kind in rule.kinds)
        and (rule.owned is None or rule.owned == (facts.owner_unit is not None))
        and (rule.hours is None or _in_hours(facts.hour, rule.hours))
        and (rule.urgent is None or rule.urgent == facts.urgent)
    )


def _target(to: str, facts: RouteFacts, offices: Mapping[str, UUID], city: UUID) -> UUID | None:
    if to == WARD:
        return facts.unit or city
    if to == CITY:
        return city
    if to == OWNER:
        return facts.owner_unit
    return offices.get(to.removeprefix(OFFICE))


def route(facts: RouteFacts, offices: Mapping[str, UUID], city: UUID, rules: Sequence[RouteRule] = RULES) -> Route:
    """The one owner of a report. ``offices`` maps an office's code to its unit; a rule without target is skipped.

    A table without a row for everything still ends somewhere: with the city.
    """
    for rule in rules:
        if matches(rule, facts):
            unit = _target(rule.to, facts, offices, city)
            if unit is not None:
                return Route(unit, rule.key)
    return Route(facts.unit or city, "none")
