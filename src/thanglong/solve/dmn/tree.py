"""The shape that the tree of a document must have to be read."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Node(Protocol):
    """An XML element: local name, attributes by local name, text, children, line, prefixes in force."""

    @property
    def name(self) -> str: ...
    @property
    def attributes(self) -> Mapping[str, str]: ...
    @property
    def text(self) -> str: ...
    @property
    def children(self) -> "Sequence[Node]": ...
    @property
    def line(self) -> int: ...
    @property
    def prefixes(self) -> Mapping[str | None, str]: ...
