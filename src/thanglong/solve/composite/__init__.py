"""Composite indicators: from a panel of raw figures to an index with honest uncertainty. Pure NumPy and SciPy.

Usable alone: ``from thanglong.solve import composite``. A :class:`Framework` is a tree of indicators, a
:class:`Panel` holds
units by columns, a :class:`Pipeline` the steps with their options; :func:`compute` gives a :class:`Result`. The single
methods live in the modules ``treat normalise impute aggregate outrank weights multivariate report trends frontier
judgement``.
"""

from .attribution import pawn, sensitivity, shapley
from .errors import BadFramework, CompositeError, Degenerate, UnknownMethod, UnknownStep, Unsuitable
from .factors import Choice, Range, WeightNoise, WeightSets, WeightSimplex
from .frontier import benefit_of_the_doubt, smaa, topsis
from .panels import bootstrap, trends
from .pipeline import DEFAULTS, Result, addresses, compute, edit
from .report import compare, remove, results, strengths, unit_summary
from .robustness import Replayer, Uncertainty, replay, uncertainty
from .types import Framework, Node, Panel, Pipeline, Step

__all__ = [
    "DEFAULTS",
    "BadFramework",
    "Choice",
    "CompositeError",
    "Degenerate",
    "Framework",
    "Node",
    "Panel",
    "Pipeline",
    "Range",
    "Replayer",
    "Result",
    "Step",
    "Uncertainty",
    "UnknownMethod",
    "UnknownStep",
    "Unsuitable",
    "WeightNoise",
    "WeightSets",
    "WeightSimplex",
    "addresses",
    "benefit_of_the_doubt",
    "bootstrap",
    "compare",
    "compute",
    "edit",
    "pawn",
    "remove",
    "replay",
    "results",
    "sensitivity",
    "shapley",
    "smaa",
    "strengths",
    "topsis",
    "trends",
    "uncertainty",
    "unit_summary",
]
