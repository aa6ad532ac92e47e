"""The faithful tree of a DMN document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

NAMESPACES = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
"""Model namespace of each DMN version."""

COMMENT = "!comment"
"""The local name under which a comment stands in the tree."""


@dataclass(frozen=True, slots=True)
class Element:
    """One XML element: local ``name`` and ``namespace``; ``attributes`` keyed by local name, or ``{namespace}name``
    for a qualified one; ``text`` before the first child, ``tail`` after the element; ``line`` in the file (from 1);
    ``prefixes`` in force here (``None`` is the default namespace). A comment has the name :data:`COMMENT`."""

    name: str
    namespace: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    children: tuple["Element", ...] = ()
    tail: str = ""
    line: int = 0
    prefix: str | None = None
    prefixes: Mapping[str | None, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        """An attribute's value by local name, or None."""
        return self.attributes.get(name)

    def all(self, *names: str) -> Iterator["Element"]:
        """The children with one of the local names, in document order."""
        return (child for child in self.children if child.name in names)

    def first(self, *names: str) -> "Element | None":
        """The first child with one of the local names, or None."""
        return next(self.all(*names), None)

    def walk(self) -> Iterator["Element"]:
        """This element and everything below it, comments aside, in document order."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            if element.name != COMMENT:
                yield element
                waiting.extend(reversed(element.children))


WORDS = "urn:thanglong:dmn"
"""Namespace of our extension: ``<tl:word value="code">Title</tl:word>`` below the definitions' extension elements."""


@dataclass(frozen=True, slots=True)
class Document:
    """A read DMN file: its ``version`` ("1.1" to "1.5") and the ``root`` element ``definitions``; ``before`` and
    ``after`` are the comments outside the root."""

    version: str
    root: Element
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def namespace(self) -> str:
        """The model's own namespace, by which other models import it."""
        return self.root.get("namespace") or ""

    @property
    def name(self) -> str:
        """The model's name."""
        return self.root.get("name") or ""

    @property
    def description(self) -> str:
        """The model's description in plain text."""
        found = self.root.first("description")
        return " ".join(found.text.split()) if found is not None else ""

    def words(self) -> dict[str, str]:
        """Titles of codes that stand in the model as values, from our own extension elements."""
        extensions = self.root.first("extensionElements")
        return {
            each.get("value") or "": " ".join(each.text.split())
            for each in (extensions.all("word") if extensions is not None else ())
            if each.namespace == WORDS
        }
