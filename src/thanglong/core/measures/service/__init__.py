"""The verbs of measures."""

from thanglong.core.measures.service.casework import case_measures
from thanglong.core.measures.service.catalogue import definitions, measure, register
from thanglong.core.measures.service.computing import close_periods, follow_cases, recompute, work
from thanglong.core.measures.service.reading import city_series, explain, known_periods, ranking, values

__all__ = [
    "case_measures",
    "city_series",
    "close_periods",
    "definitions",
    "explain",
    "follow_cases",
    "known_periods",
    "measure",
    "ranking",
    "recompute",
    "register",
    "values",
    "work",
]
