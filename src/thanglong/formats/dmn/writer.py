"""Writes the faithful tree back: what was read comes out again, and a document may change its DMN version on the
way."""

from collections.abc import Iterator, Mapping

from thanglong.formats.dmn.model import COMMENT, Document, Element

_XML = "http://www.w3.org/XML/1998/namespace"


def write(document: Document) -> bytes:
    """The document as UTF-8 XML. Elements, attributes, text, white space, namespaces, comments and foreign extensions
    stand as they were read; entity-like characters are escaped. For another DMN version see
    :func:`thanglong.formats.dmn.convert`."""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    parts += [f"<!--{text}-->\n" for text in document.before]
    parts.extend(_element(document.root, {}))
    parts += [f"\n<!--{text}-->" for text in document.after]
    parts.append("\n")
    return "".join(parts).encode()


def _text(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _attribute(value: str) -> str:
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return value.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")


def _element(element: Element, above: Mapping[str | None, str]) -> Iterator[str]:
    if element.name == COMMENT:
        yield f"<!--{element.text}-->{_text(element.tail)}"
        return
    prefixes = dict(element.prefixes) or dict(above)
    declared = {prefix: uri for prefix, uri in prefixes.items() if above.get(prefix, "") != uri}
    # a tree built by a program may name a namespace without declaring it
    prefix = element.prefix
    if (prefixes.get(prefix, "") if prefix else prefixes.get(None, "")) != element.namespace:
        declared[prefix] = prefixes[prefix] = element.namespace
    attributes = []
    for key, value in element.attributes.items():
        space, _, local = key[1:].rpartition("}") if key.startswith("{") else ("", "", key)
        attributes.append(f' {_prefixed(space, local, prefixes, declared)}="{_attribute(value)}"')
    name = f"{prefix}:{element.name}" if prefix else element.name
    yield f"<{name}"
    for declaring, uri in declared.items():
        yield f' xmlns:{declaring}="{_attribute(uri)}"' if declaring else f' xmlns="{_attribute(uri)}"'
    yield from attributes
    if element.text or element.children:
        yield f">{_text(element.text)}"
        for child in element.children:
            yield from _element(child, prefixes)
        yield f"</{name}>{_text(element.tail)}"
    else:
        yield f"/>{_text(element.tail)}"


def _prefixed(space: str, local: str, prefixes: dict[str | None, str], declared: dict[str | None, str]) -> str:
    if not space:
        return local
    if space == _XML:
        return f"xml:{local}"
    for prefix, uri in prefixes.items():
        if prefix and uri == space:
            return f"{prefix}:{local}"
    number = next(n for n in range(1, len(prefixes) + 2) if f"ns{n}" not in prefixes)
    declared[f"ns{number}"] = prefixes[f"ns{number}"] = space
    return f"ns{number}:{local}"
