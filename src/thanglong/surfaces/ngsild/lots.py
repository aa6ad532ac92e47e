"""The list of a batch in lots: a large one is never in memory as objects, only its text is."""

from collections.abc import Iterator
from typing import Any

import msgspec
import orjson

from thanglong.surfaces.ngsild.answers import Problem, json_in

LOT = 500
LARGE = 1 << 20
"""Bytes of a body from which on its items are read lot by lot; what is smaller takes little room as a whole."""


def lots(raw: bytes) -> Iterator[list[Any]]:
    """The items of a JSON list, so many at a time; the whole text is checked before the first of them is given.

    Problem 400 when it is no JSON, no list, empty, or holds a null.
    """
    parts = _split(raw) if len(raw) >= LARGE else None
    if parts is None:
        return _cut(_list(json_in(raw)))
    return ([orjson.loads(memoryview(part)) for part in lot] for lot in _cut(_list(parts)))


def _split(raw: bytes) -> list[msgspec.Raw] | None:
    """The texts of the items, each good JSON and not null; None when something is wrong, which others then tell."""
    try:
        parts = msgspec.json.decode(raw, type=list[msgspec.Raw])
        return None if any(orjson.loads(memoryview(part)) is None for part in parts) else parts
    except (msgspec.MsgspecError, UnicodeDecodeError, orjson.JSONDecodeError):
        return None


def _cut(items: list[Any]) -> Iterator[list[Any]]:
    return (items[start : start + LOT] for start in range(0, len(items), LOT))


def _list(content: Any) -> list[Any]:
    if not isinstance(content, list) or not content:
        raise Problem(400, "BadRequestData", "send a list with at least one entity")
    if any(item is None for item in content):
        raise Problem(400, "BadRequestData", "null is no entity")
    return content
