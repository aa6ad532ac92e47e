"""Judging decision tables and explaining decisions: gaps, overlaps and rules that never speak, each with an example."""

from thanglong.solve.dmn_analysis.findings import Column, Finding, Row, Table
from thanglong.solve.dmn_analysis.table import analyse
from thanglong.solve.dmn_analysis.words import Said, Speech

__all__ = ["Column", "Finding", "Row", "Said", "Speech", "Table", "analyse"]
