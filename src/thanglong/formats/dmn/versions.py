"""A document in another DMN version: namespaces, spelling and type names as that version writes them.

Sources: the XML schemas of DMN 1.2 to 1.5 and the specification of DMN 1.1 (formal/16-06-01). Between versions the
elements stayed the same save for what stands in the tables below; what a version cannot say is never dropped in
silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from thanglong.formats.dmn.model import COMMENT, NAMESPACES, Document, Element
from thanglong.formats.dmn.reader import DmnFault

VERSIONS = tuple(sorted(NAMESPACES.values()))
_MODEL = {version: uri for uri, version in NAMESPACES.items()}
_FEEL = {
    "1.1": "http://www.omg.org/spec/FEEL/20140401",
    "1.2": "http://www.omg.org/spec/DMN/20180521/FEEL/",
    "1.3": "https://www.omg.org/spec/DMN/20191111/FEEL/",
    "1.4": "https://www.omg.org/spec/DMN/20211108/FEEL/",
    "1.5": "https://www.omg.org/spec/DMN/20230324/FEEL/",
}
_DIAGRAM = {
    "1.1": "http://www.omg.org/spec/DMN/20180521/DMNDI/",
    "1.2": "http://www.omg.org/spec/DMN/20180521/DMNDI/",
    "1.3": "https://www.omg.org/spec/DMN/20191111/DMNDI/",
    "1.4": "https://www.omg.org/spec/DMN/20191111/DMNDI/",
    "1.5": "https://www.omg.org/spec/DMN/20230324/DMNDI/",
}
_SINCE = {
    "conditional": "1.4", "filter": "1.4", "for": "1.4", "every": "1.4", "some": "1.4",
    "typeConstraint": "1.5", "functionItem": "1.3", "group": "1.3", "annotation": "1.2", "annotationEntry": "1.2",
}  # fmt: skip
"""The version from which an element of the model's namespace exists."""

# DMN 1.1 writes built-in types as names of the FEEL namespace, without spaces
_OLD_TYPES = {
    "dateTime": "date and time",
    "dayTimeDuration": "days and time duration",
    "yearMonthDuration": "years and months duration",
}
_BUILT_IN = {"string", "number", "boolean", "date", "time", "Any", *_OLD_TYPES.values()}


@dataclass(frozen=True, slots=True)
class Note:
    """Something the target version holds only in part, with the line it stood on."""

    line: int
    text: str


def convert(document: Document, version: str) -> tuple[Document, list[Note]]:
    """The document as ``version`` ("1.1" to "1.5") writes it, and what a reader of that version should know.

    The model's own namespace, ids, extensions and the diagram are kept. ``kind`` of a function is dropped for DMN 1.1,
    whose readers know none; a diagram in a DMN 1.1 file keeps its 1.2 form (1.1 has none of its own).

    :raises DmnFault: the version is not known, or the document holds an element that the version cannot say.
    """
    if version not in _MODEL:
        raise DmnFault(f"DMN {version} is not known; choose one of {', '.join(VERSIONS)}")
    if version == document.version:
        return document, []
    work = _Work(document.version, version, [])
    return replace(document, version=version, root=work.element(document.root)), work.notes


class _Work:
    def __init__(self, source: str, target: str, notes: list[Note]) -> None:
        self.source, self.target, self.notes = source, target, notes
        self.spaces = {
            _MODEL[source]: _MODEL[target],
            _FEEL[source]: _FEEL[target],
            _DIAGRAM[source]: _DIAGRAM[target],
        }
        self.told: set[str] = set()

    def element(self, element: Element) -> Element:
        if element.name == COMMENT:
            return element
        model = element.namespace == _MODEL[self.source]
        if model and _SINCE.get(element.name, "") > self.target:
            raise DmnFault(
                f"“{element.name}” exists since DMN {_SINCE[element.name]} and cannot be written as DMN {self.target}",
                element.line,
            )
        if element.name == "DMNDI" and self.target == "1.1":
            self._note(element.line, "DMN 1.1 has no diagrams of its own; the diagram is kept in the form of DMN 1.2")
        text = element.text
        if model and element.name == "typeRef":
            text = self._type(text, element.prefixes)
        return replace(
            element,
            namespace=self.spaces.get(element.namespace, element.namespace),
            attributes=self._attributes(element, model),
            text=text,
            children=tuple(self.element(child) for child in element.children),
            prefixes={prefix: self.spaces.get(uri, uri) for prefix, uri in element.prefixes.items()},
        )

    def _attributes(self, element: Element, model: bool) -> dict[str, str]:
        found = {}
        for key, value in element.attributes.items():
            name = key
            if model and key == "typeRef":
                value = self._type(value, element.prefixes)
            elif model and key in ("preferredOrientation", "preferedOrientation"):
                name = "preferedOrientation" if self.target == "1.1" else "preferredOrientation"
            elif model and key == "kind" and self.target == "1.1":
                self._note(element.line, "DMN 1.1 knows no kinds of functions; “kind” is left out")
                continue
            elif key in ("expressionLanguage", "typeLanguage", "importType"):
                value = self.spaces.get(value, value)
            found[name] = value
        return found

    def _type(self, name: str, prefixes: Mapping[str | None, str]) -> str:
        """A type's name as the target writes it: ``feel:dateTime`` in DMN 1.1, ``date and time`` later."""
        own = name.strip()
        if self.source == "1.1":
            prefix, colon, local = own.partition(":")
            if colon and prefixes.get(prefix) == _FEEL["1.1"]:
                return _OLD_TYPES.get(local, local)
            # a prefix is an import's from 1.2 on, joined to the type by a dot
            return f"{prefix}.{local}" if colon else own
        if self.target == "1.1":
            feel = next((key for key, uri in prefixes.items() if key and uri == _FEEL[self.source]), None)
            if own in _BUILT_IN and feel:
                return f"{feel}:{next((old for old, new in _OLD_TYPES.items() if new == own), own)}"
            first, dot, rest = own.partition(".")
            return f"{first}:{rest}" if dot and first in prefixes else own
        return name

    def _note(self, line: int, text: str) -> None:
        if text not in self.told:
            self.told.add(text)
            self.notes.append(Note(line, text))
