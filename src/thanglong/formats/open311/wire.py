"""Documents of GeoReport v2. A document is a root's name and plain data: a list of dictionaries, or one dictionary.

XML nests a list under its own name with one element per item (``services`` / ``service``); JSON by the Spark convention
drops both names at the root and the items' names below. XML is untyped, so reading it gives strings; empty is None.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

ITEM_NAMES = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
    "notes": "note",
    "service_request_updates": "request_update",
}
MAX_DESCRIPTION = 4000
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
# characters XML 1.0 cannot carry at all
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"[^\w.-]")
_W3C = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})")
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]+)\](\[\])?")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return w3c(value)
    return escape(_FORBIDDEN.sub("", str(value)))


def _element(name: str, value: Any) -> str:
    name = _NAME.sub("_", name)
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(_element(key, item) for key, item in value.items())}</{name}>"
    if isinstance(value, Sequence) and not isinstance(value, str):
        item_name = ITEM_NAMES.get(name, "item")
        return f"<{name}>{''.join(_element(item_name, item) for item in value)}</{name}>"
    text = _text(value)
    return f"<{name}>{text}</{name}>" if text else f"<{name}/>"


def to_xml(root: str, value: Any) -> bytes:
    """The document as UTF-8 XML with its declaration."""
    return (_DECLARATION + _element(root, value)).encode()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return w3c(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def to_json(value: Any) -> bytes:
    """The document as UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain).encode()


def from_json(content: bytes) -> Any:
    """The data of a JSON document; ValueError when it is none."""
    return json.loads(content)


def _read(element: ElementTree.Element) -> Any:
    if element.tag in ITEM_NAMES and all(child.tag == ITEM_NAMES[element.tag] for child in element):
        return [_read(child) for child in element]
    if len(element):
        return {child.tag: _read(child) for child in element}
    return (element.text or "").strip() or None


def from_xml(content: bytes) -> tuple[str, Any]:
    """Root name and data of an XML document; ValueError when it is not well-formed or declares entities."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise ValueError("document type declarations are not part of GeoReport v2")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - entities refused above
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error
    return root.tag, _read(root)


def w3c(moment: datetime) -> str:
    """A moment in the W3C format with seconds and zone: ``2026-07-14T08:20:00+07:00``; an unaware one is refused."""
    if moment.tzinfo is None:
        raise ValueError("a time without its zone cannot be sent")
    text = moment.replace(microsecond=0).isoformat()
    return text.removesuffix("+00:00") + "Z" if moment.utcoffset() == UTC.utcoffset(None) else text


def w3c_parse(text: str) -> datetime:
    """The aware moment of a W3C text; ValueError when the form or the zone is missing."""
    # a plus sign sent unescaped in a query arrives as a space
    text = re.sub(r" (\d{2}:\d{2})$", r"+\1", text.strip())
    if not _W3C.fullmatch(text):
        raise ValueError(text)
    try:
        return datetime.fromisoformat(text)
    except OverflowError as error:
        raise ValueError(text) from error


def attributes_of(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The answers among a form's pairs: ``attribute[CODE]=v`` and, for lists, ``attribute[CODE][]=v`` repeated."""
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        match = _ATTRIBUTE.fullmatch(key)
        if match and value:
            found.setdefault(match.group(1), []).append(value)
    return found


def form_of(
    fields: Mapping[str, Any], attributes: Mapping[str, str | Sequence[str]] | None = None
) -> list[tuple[str, str]]:
    """A form's pairs for sending: empty fields left out, a list of values as ``attribute[CODE][]``."""
    pairs = [(key, _unescaped(value)) for key, value in fields.items() if value not in (None, "")]
    for code, value in (attributes or {}).items():
        if isinstance(value, str):
            pairs.append((f"attribute[{code}]", value))
        else:
            pairs += ((f"attribute[{code}][]", item) for item in value)
    return pairs


def _unescaped(value: Any) -> str:
    if isinstance(value, datetime):
        return w3c(value)
    return str(value)
