"""Sentences about reports in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from thanglong.core.cases.types import Event
from thanglong.core.places import service as places
from thanglong.domains.requests.rules import category
from thanglong.kit.errors import NotFound


def said(text: str) -> str:
    """A message id in the reader's language; nothing for nothing."""
    return gettext(text) if text else ""


def sentence(event: Event) -> str:
    """A line of the story: its message id filled in, named answers translated too."""
    values: Mapping[str, Any] = {
        key: said(value) if isinstance(value, str) and len(value) < 120 else value
        for key, value in event.params.items()
    }
    try:
        return " ".join((said(event.text) % values).split())
    except (KeyError, ValueError, TypeError):
        return said(event.text)


def category_title(key: str) -> str:
    """A category's name in the reader's language; its key when it is unknown."""
    found = category(key)
    return said(found.title) if found else key


def unit_name(unit: Any) -> str:
    """A unit's full name; nothing when it is unknown."""
    try:
        return places.full_name(unit)
    except NotFound:
        return ""
