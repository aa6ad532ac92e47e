"""Which units to send: ranked for one call with a reason for each unit left out, chosen together for an alarm with
several needs, and what to notice afterwards. Arrays in, codes and numbers out; the caller words them.

Shared by ambulances (115) and fire engines (114). Minutes come from routing; nothing here knows a straight line.
"""

from thanglong.solve.dispatch.joint import Alarm, Filled, cover_needs, fill_needs
from thanglong.solve.dispatch.ranking import (
    BUSY,
    FURTHER,
    LACKS_SKILL,
    OFF_DUTY,
    PROPOSED,
    REASONS,
    TOO_LATE,
    UNREACHABLE,
    Ranking,
    Units,
    arrival,
    rank,
)
from thanglong.solve.dispatch.watching import Bypass, Overtaken, bypassed, overtaken

__all__ = [
    "BUSY",
    "FURTHER",
    "LACKS_SKILL",
    "OFF_DUTY",
    "PROPOSED",
    "REASONS",
    "TOO_LATE",
    "UNREACHABLE",
    "Alarm",
    "Bypass",
    "Filled",
    "Overtaken",
    "Ranking",
    "Units",
    "arrival",
    "bypassed",
    "cover_needs",
    "fill_needs",
    "overtaken",
    "rank",
]
