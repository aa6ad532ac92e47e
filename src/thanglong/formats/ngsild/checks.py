"""Small checks of members of JSON bodies; each gives the value back or raises Invalid naming the member."""

from collections.abc import Mapping
from typing import Any

from thanglong.formats.ngsild.entities import checked_uri
from thanglong.kit.errors import N_, Fault, Invalid

MOST_ITEMS = 1000
MOST_TEXT = 100_000


def wrong(field: str, text: str, **values: Any) -> Invalid:
    """An Invalid that names a member."""
    return Invalid([Fault(field, text, values)])


def text(key: str, value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip() or len(value) > MOST_TEXT:
        raise wrong(key, N_("This must be a text."))
    return value


def flag(key: str, value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise wrong(key, N_("This must be true or false."))
    return value


def positive(key: str, value: Any, most: float = 1e9) -> float:
    """A number greater than 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= most:
        raise wrong(key, N_("This must be a number greater than 0."))
    return value


def listed(key: str, value: Any) -> list[Any]:
    """A list that is not empty."""
    if not isinstance(value, list) or not 0 < len(value) <= MOST_ITEMS:
        raise wrong(key, N_("This must be a list that is not empty."))
    return value


def mapping(key: str, value: Any) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise wrong(key, N_("This must be a JSON object."))
    return value


def one_of(key: str, value: Any, words: tuple[str, ...]) -> str:
    """One of some words."""
    if not isinstance(value, str) or value not in words:
        raise wrong(key, N_("This must be one of: %(words)s."), words=", ".join(words))
    return value


def pairs(key: str, value: Any) -> list[dict[str, str]]:
    """Pairs of key and value (clause 5.2.22)."""
    if not isinstance(value, list):
        raise wrong(key, N_("This must be a list."))
    for pair in value:
        if not isinstance(pair, Mapping) or not all(isinstance(pair.get(part), str) for part in ("key", "value")):
            raise wrong(key, N_("Each entry has a key and a value, both texts."))
        if not pair["key"] or any(ord(sign) < 32 or ord(sign) == 127 for sign in pair["key"] + pair["value"]):
            raise wrong(key, N_("Each entry has a key and a value, both texts."))
    return [{"key": pair["key"], "value": pair["value"]} for pair in value]


def datasets(key: str, value: Any) -> list[str]:
    """Data set ids, "@none" for the default instance."""
    return [
        item if item == "@none" else checked_uri(item, key)
        for item in listed(key, [value] if isinstance(value, str) else value)
    ]
