"""Decisions: DMN 1.5 and FEEL, compiled once, evaluated fast, pure and thread-safe.

``load`` takes the tree of a document as ``formats.dmn`` reads it. That package and this one stand side by side and do
not import each other: :class:`tree.Node` says what shape a tree must have, and whoever stands above both (a command,
a service) hands one to the other::

    document = formats.dmn.read(data)
    model = solve.dmn.load(document.root)
    outcome = solve.dmn.evaluate(model, "Fee", {"Pages": 12})

``model`` holds the logical model, ``feel`` the language, ``tables``, ``boxed`` and ``graph`` turn the model into
closures, ``engine`` runs them. No ``eval``; time and memory of an evaluation are bounded (``feel.run``)."""

from thanglong.solve.dmn.engine import Compiled, Outcome, compile_definitions, evaluate, load
from thanglong.solve.dmn.expression import Expression
from thanglong.solve.dmn.feel.lexer import FeelFault
from thanglong.solve.dmn.feel.run import Diagnostic
from thanglong.solve.dmn.source import build
from thanglong.solve.dmn.space import Fault
from thanglong.solve.dmn.trace import DecisionTrace, InputTrace, TableTrace, Trace

__all__ = [
    "Compiled",
    "DecisionTrace",
    "Diagnostic",
    "Expression",
    "Fault",
    "FeelFault",
    "InputTrace",
    "Outcome",
    "TableTrace",
    "Trace",
    "build",
    "compile_definitions",
    "evaluate",
    "load",
]
