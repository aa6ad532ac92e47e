"""The verbs of measures."""

from thanglong.core.measures.service.alerting import acknowledge, alerts, check
from thanglong.core.measures.service.casework import case_measures
from thanglong.core.measures.service.catalogue import definitions, measure, register
from thanglong.core.measures.service.computing import close_periods, follow_cases, recompute, touch, work
from thanglong.core.measures.service.correcting import correct, corrections, withdraw
from thanglong.core.measures.service.reading import city_series, computed_at, explain, known_periods, ranking, values

__all__ = [
    "acknowledge",
    "alerts",
    "case_measures",
    "check",
    "city_series",
    "close_periods",
    "computed_at",
    "correct",
    "corrections",
    "definitions",
    "explain",
    "follow_cases",
    "known_periods",
    "measure",
    "ranking",
    "recompute",
    "register",
    "touch",
    "values",
    "withdraw",
    "work",
]
