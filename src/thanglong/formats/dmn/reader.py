"""Reads a DMN file into the faithful tree; refuses malformed and hostile XML with line and reason.

Expat reads in one pass, so the limits hold before anything grows: a DOCTYPE is refused where it begins, which leaves no
entity to expand and no file to fetch; depth and number of elements are counted while reading.
"""

from dataclasses import dataclass, field
from xml.parsers import expat

from thanglong.formats.dmn.model import COMMENT, NAMESPACES, Document, Element

LIMIT = 20_000_000
"""Largest file accepted, in bytes."""
DEPTH = 200
"""Deepest nesting of elements accepted."""
NODES = 1_000_000
"""Most elements, attributes and comments accepted."""

_SEPARATOR = "\x1f"  # no XML document can hold this character, so it cannot stand in a namespace


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
    found = _parse(data)
    root = found.root
    if root.name != "definitions" or root.namespace not in NAMESPACES:
        known = ", ".join(NAMESPACES.values())
        raise DmnFault(f"the root element is not DMN definitions of version {known}", root.line)
    return Document(NAMESPACES[root.namespace], root, tuple(found.before), tuple(found.after))


def parse_tree(data: bytes) -> Element:
    """Any well-formed, harmless XML as a faithful tree (test-case files, diagrams).

    :raises DmnFault: as in :func:`read`, without the demand on the root.
    """
    return _parse(data).root


def _parse(data: bytes) -> "_Builder":
    if len(data) > LIMIT:
        raise DmnFault(f"the file is larger than {LIMIT // 1_000_000} MB")
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    builder = _Builder(parser)
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise DmnFault(f"not well-formed XML: {expat.ErrorString(error.code)}", error.lineno) from None
    except (LookupError, UnicodeError):
        raise DmnFault("the encoding named in the first line is not known; save the file as UTF-8", 1) from None
    except ValueError as error:
        if isinstance(error, DmnFault):
            raise
        raise DmnFault("the encoding named in the first line is not accepted; save the file as UTF-8", 1) from None
    return builder


@dataclass(slots=True)
class _Frame:
    """An element under construction; ``last`` is the newest child, which still waits for the text behind it."""

    name: str
    namespace: str
    prefix: str | None
    attributes: dict[str, str]
    line: int
    prefixes: dict[str | None, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)
    last: "_Frame | None" = None
    said: list[str] = field(default_factory=list)

    def settle(self) -> None:
        """The text since the last child belongs behind it, or before the first one."""
        text = "".join(self.said)
        self.said.clear()
        if self.last is not None:
            self.children.append(self.last.element(text))
            self.last = None
        else:
            self.text += text

    def element(self, tail: str) -> Element:
        return Element(
            self.name,
            self.namespace,
            self.attributes,
            self.text,
            tuple(self.children),
            tail,
            self.line,
            self.prefix,
            self.prefixes,
        )


class _Builder:
    """Builds the tree from expat's calls."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.parser = parser
        self.stack: list[_Frame] = []
        self.prefixes: dict[str | None, str] = {}
        self.new: dict[str | None, str] = {}
        self.left = NODES
        self.done: Element | None = None
        self.before: list[str] = []
        self.after: list[str] = []
        parser.namespace_prefixes = True
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.CommentHandler = self._comment

    @property
    def root(self) -> Element:
        assert self.done is not None  # expat refuses a document without an element
        return self.done

    def _doctype(self, *_: object) -> None:
        raise DmnFault(
            "a DOCTYPE is not allowed: remove it and the entities it declares", self.parser.CurrentLineNumber
        )

    def _count(self, number: int) -> None:
        self.left -= number
        if self.left < 0:
            raise DmnFault(f"more than {NODES} elements and attributes", self.parser.CurrentLineNumber)

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        self._count(1)
        self.new[prefix] = uri or ""

    def _start(self, name: str, attributes: list[str]) -> None:
        line = self.parser.CurrentLineNumber
        if len(self.stack) >= DEPTH:
            raise DmnFault(f"elements are nested deeper than {DEPTH}", line)
        self._count(1 + len(attributes) // 2)
        above = self.stack[-1].prefixes if self.stack else {}
        prefixes = {**above, **self.new} if self.new else above
        self.new = {}
        if self.stack:
            self.stack[-1].settle()
        namespace, local, prefix = _split(name)
        values = {}
        for key, value in zip(attributes[::2], attributes[1::2], strict=True):
            space, own, _ = _split(key)
            values[f"{{{space}}}{own}" if space else own] = value
        self.stack.append(_Frame(local, namespace, prefix, values, line, prefixes))

    def _end(self, _: str) -> None:
        frame = self.stack.pop()
        frame.settle()
        if self.stack:
            self.stack[-1].last = frame
        else:
            self.done = frame.element("")

    def _text(self, text: str) -> None:
        self.stack[-1].said.append(text)

    def _comment(self, text: str) -> None:
        self._count(1)
        if not self.stack:
            (self.before if self.done is None else self.after).append(text)
            return
        above = self.stack[-1]
        above.settle()
        above.last = _Frame(COMMENT, "", None, {}, self.parser.CurrentLineNumber, {}, text)


def _split(name: str) -> tuple[str, str, str | None]:
    """Namespace, local name and prefix of expat's ``namespace|local|prefix``."""
    parts = name.split(_SEPARATOR)
    if len(parts) == 1:
        return "", parts[0], None
    return parts[0], parts[1], parts[2] if len(parts) > 2 else None
