"""DMN 1.1 to 1.5 documents, in and out.

A document is kept as a faithful tree (:class:`Element`): every element, attribute, comment and line number, whatever the
version and whoever's extension, so that writing gives back what was read. The tree is all that ``solve.dmn`` needs: its
``build`` accepts anything shaped like :class:`Element` (a protocol of its own, because formats and solve stand side by
side and do not import each other). The logical model (decisions, tables, item definitions) lives in ``solve.dmn.model``.
"""

from thanglong.formats.dmn.model import Document, Element
from thanglong.formats.dmn.reader import DmnFault, read

__all__ = ["DmnFault", "Document", "Element", "read"]
