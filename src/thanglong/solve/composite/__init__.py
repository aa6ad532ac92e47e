"""Composite indicators: from a panel of raw figures to an index with honest uncertainty. Pure NumPy and SciPy.

Usable alone: ``from thanglong.solve import composite``. A :class:`Framework` is a tree of indicators, a :class:`Panel` holds
units by columns, a :class:`Pipeline` the steps with their options; :func:`compute` gives a :class:`Result`.
"""

from .pipeline import DEFAULTS, Result, addresses, compute, edit
from .types import Framework, Node, Panel, Pipeline, Step

__all__ = ["DEFAULTS", "Framework", "Node", "Panel", "Pipeline", "Result", "Step", "addresses", "compute", "edit"]
