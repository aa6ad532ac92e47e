"""What the pages of the city database share: who asks, names of types, how values read, the way between the pages."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from thanglong.core.places import service as places
from thanglong.core.things import service
from thanglong.core.things.rules import shown_value, unit_of
from thanglong.core.things.types import TITLES, UNIT, plain
from thanglong.kit.errors import N_, NotFound
from thanglong.kit.ports import Actor

PAGES = (
    ("types", N_("Types"), False),
    ("attributes", N_("Attributes"), False),
    ("ask", N_("Query"), False),
    ("subscriptions", N_("Who is told of changes"), True),
    ("registrations", N_("Sources elsewhere"), True),
    ("contexts", N_("Names (@context)"), True),
)
"""The pages, in their order; True: only for who may read closed types."""


def actor_of(request: HttpRequest) -> Actor:
    """Who asks for a page."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def tabs(actor: Actor, here: str) -> list[dict[str, Any]]:
    """The way to the other pages that the reader may open."""
    may = service.pass_of(actor).view
    return [
        {"url": reverse(f"things:{name}"), "title": gettext(title), "here": name == here}
        for name, title, closed in PAGES
        if may or not closed
    ]


def title_of(kind: str) -> str:
    """A type's name in the reader's language, or as it is where nobody has named it."""
    return gettext(TITLES[kind]) if kind in TITLES else kind


def name_of(entity: Mapping[str, Any]) -> str:
    """What people call an entity, or its id."""
    return shown_value(plain(entity, "name")) or str(entity["id"])


def in_words(value: Any) -> str:
    """A value in words; an administrative unit by its name."""
    if isinstance(value, str) and value.startswith(UNIT):
        try:
            return places.full_name(UUID(value.removeprefix(UNIT)))
        except (ValueError, NotFound):
            return value
    return shown_value(value)


def link_of(instance: Mapping[str, Any]) -> str:
    """The page of the entity that a Relationship points to; empty for anything else."""
    target = instance.get("object")
    if isinstance(target, str) and not target.startswith(UNIT):
        return f"/centre/things/entity/{quote(target, safe=':')}/"
    return ""


def value_of(instance: Any) -> str:
    """The value of an attribute (the first instance) with its unit."""
    first = instance[0] if isinstance(instance, list) and instance else instance
    if not isinstance(first, Mapping):
        return in_words(first)
    unit = unit_of(first)
    text = in_words(plain({"a": first}, "a"))
    return f"{text} {unit}" if unit and text else text
