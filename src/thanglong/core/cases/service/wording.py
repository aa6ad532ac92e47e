"""Events as sentences in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from thanglong.core.cases.types import Event

LONGEST_TITLE = 120


class _Filled(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def translated(value: Any) -> str:
    """A title in the reader's language; free text and numbers as they are."""
    text = str(value)
    return gettext(text) if 0 < len(text) <= LONGEST_TITLE else text


def fill(text: str, params: Mapping[str, Any]) -> str:
    """A message id, translated, with its parameters; a parameter that is missing is left out, nothing ever fails."""
    if not text:
        return ""
    known = _Filled({name: translated(value) for name, value in params.items()})
    try:
        return (gettext(text) % known).strip()
    except (TypeError, ValueError):
        return gettext(text)


def sentence(event: Event) -> str:
    """What an event says, in the active language."""
    return fill(event.text, event.params)
