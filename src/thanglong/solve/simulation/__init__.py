"""Ambulances and fire engines at work, event by event: a year of calls in seconds.

``simulate`` runs the compiled loop; ``reference.simulate`` says the same in plain Python and is its oracle.
"""

from thanglong.solve.simulation.running import ready, simulate
from thanglong.solve.simulation.types import (
    DIVERTED,
    HANDOVER,
    ON_SCENE,
    TO_BASE,
    TO_CALL,
    TO_HOSPITAL,
    Calls,
    Fleet,
    Land,
    Limits,
    Moves,
    Outcome,
    Policy,
    Rules,
)

__all__ = [
    "DIVERTED",
    "HANDOVER",
    "ON_SCENE",
    "TO_BASE",
    "TO_CALL",
    "TO_HOSPITAL",
    "Calls",
    "Fleet",
    "Land",
    "Limits",
    "Moves",
    "Outcome",
    "Policy",
    "Rules",
    "ready",
    "simulate",
]
