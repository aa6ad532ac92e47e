"""Judging decision models and explaining decisions.

:func:`check` finds what is wrong with a model (references, types, expressions, tables), :func:`analyse` looks at one
table for gaps, overlaps and rules that never speak, each with an example; :func:`explain` turns the trace of an
evaluation into steps, and :func:`sentences` says them in a language. :func:`to_feel` and :func:`to_plain` lead from
JSON to FEEL values and back, by the types a model declares.
"""

from thanglong.solve.dmn_analysis.check import check
from thanglong.solve.dmn_analysis.explain import Step, explain, sentences
from thanglong.solve.dmn_analysis.findings import Column, Finding, Row, Table
from thanglong.solve.dmn_analysis.plain import NotThatKind, Types, to_feel, to_plain
from thanglong.solve.dmn_analysis.table import analyse
from thanglong.solve.dmn_analysis.words import Said, Speech

__all__ = [
    "Column",
    "Finding",
    "NotThatKind",
    "Row",
    "Said",
    "Speech",
    "Step",
    "Table",
    "Types",
    "analyse",
    "check",
    "explain",
    "sentences",
    "to_feel",
    "to_plain",
]
