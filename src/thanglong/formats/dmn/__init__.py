"""DMN 1.1 to 1.5 documents, in and out.

A document is kept as a faithful tree (:class:`Element`): every element, attribute, comment and line number, whatever
the version and whoever's extension, so that writing gives back what was read. The tree is all that ``solve.dmn``
needs: its ``build`` accepts anything shaped like :class:`Element` (a protocol of its own, because formats and solve
stand side by side and do not import each other). The logical model (decisions, tables, item definitions) lives in
``solve.dmn.model``.

Not kept: processing instructions, the choice of quotes, and whether a character was written as itself, as a
reference or inside CDATA. A DOCTYPE is refused.
"""

from thanglong.formats.dmn.diagram import Diagram, Edge, Shape, diagrams, layout
from thanglong.formats.dmn.model import NAMESPACES, WORDS, Document, Element
from thanglong.formats.dmn.reader import DmnFault, parse_tree, read
from thanglong.formats.dmn.versions import VERSIONS, Note, convert
from thanglong.formats.dmn.writer import write

__all__ = [
    "NAMESPACES",
    "VERSIONS",
    "WORDS",
    "Diagram",
    "DmnFault",
    "Document",
    "Edge",
    "Element",
    "Note",
    "Shape",
    "convert",
    "diagrams",
    "layout",
    "parse_tree",
    "read",
    "write",
]
