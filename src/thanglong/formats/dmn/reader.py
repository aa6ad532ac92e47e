"""Reads a DMN file into the faithful tree; refuses malformed and hostile XML with line and reason."""

from typing import Any

from lxml import etree

from thanglong.formats.dmn.model import COMMENT, NAMESPACES, Document, Element

LIMIT = 20_000_000
"""Largest file accepted, in bytes."""
DEPTH = 200
"""Deepest nesting of elements accepted."""
NODES = 1_000_000
"""Most elements accepted."""


class DmnFault(ValueError):
    """A file that cannot be read as DMN; the text says where and why."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.reason, self.line = reason, line


def read(data: bytes) -> Document:
    """The document in ``data``.

    :raises DmnFault: the bytes are not well-formed XML, carry a DOCTYPE or entities, are too large or too deep, or the
        root is not ``definitions`` of DMN 1.1 to 1.5.
    """
    if len(data) > LIMIT:
        raise DmnFault(f"the file is larger than {LIMIT // 1_000_000} MB")
    root = _parse(data)
    if _local(root) != "definitions" or _space(root) not in NAMESPACES:
        known = ", ".join(NAMESPACES.values())
        raise DmnFault(f"the root element is not DMN definitions of version {known}", _line(root))
    return Document(NAMESPACES[_space(root)], tree(root))


def parse_tree(data: bytes) -> Element:
    """Any well-formed, harmless XML as a faithful tree (test-case files, diagrams).

    :raises DmnFault: as in :func:`read`, without the demand on the root.
    """
    return tree(_parse(data))


def _parse(data: bytes) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise DmnFault(f"not well-formed XML: {error.msg}", error.lineno or 0) from None
    except ValueError as error:
        raise DmnFault(f"not well-formed XML: {error}") from None
    info = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        raise DmnFault("a DOCTYPE is not allowed: remove it and the entities it declares", 1)
    return root


def tree(root: Any) -> Element:
    """The faithful tree below an lxml element.

    :raises DmnFault: more than :data:`DEPTH` levels or :data:`NODES` elements, or an unresolved entity.
    """
    left = [NODES]
    spaces: dict[tuple[tuple[str | None, str], ...], dict[str | None, str]] = {}
    return _convert(root, 0, left, spaces)


def _convert(node: Any, depth: int, left: list[int], spaces: dict[Any, dict[str | None, str]]) -> Element:
    left[0] -= 1
    if depth > DEPTH:
        raise DmnFault(f"elements are nested deeper than {DEPTH}", _line(node))
    if left[0] < 0:
        raise DmnFault(f"more than {NODES} elements", _line(node))
    if node.tag is etree.Comment:
        return Element(COMMENT, text=node.text or "", tail=node.tail or "", line=_line(node))
    if not isinstance(node.tag, str):
        raise DmnFault("an entity that is not declared here", _line(node))
    key = tuple(node.nsmap.items())
    return Element(
        _local(node),
        _space(node),
        {str(name): str(value) for name, value in node.attrib.items()},
        node.text or "",
        tuple(_convert(child, depth + 1, left, spaces) for child in node),
        node.tail or "",
        _line(node),
        node.prefix,
        spaces.setdefault(key, dict(key)),
    )


def _local(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]


def _space(node: Any) -> str:
    return str(node.tag)[1:].rpartition("}")[0] if str(node.tag).startswith("{") else ""


def _line(node: Any) -> int:
    return int(node.sourceline or 0)
