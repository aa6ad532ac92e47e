"""Where units that have nothing to do should wait: policies for the simulator and for the desk, trained on simulated
days, and judged on days that none of them saw."""

from thanglong.solve.relocation.ground import Ground, Judged, compare, interval, judge, paired
from thanglong.solve.relocation.tables import by_priority, compliance, expected_worth
from thanglong.solve.relocation.training import Trained, search, train_assign, train_cover, train_worth

__all__ = [
    "Ground",
    "Judged",
    "Trained",
    "by_priority",
    "compare",
    "compliance",
    "expected_worth",
    "interval",
    "judge",
    "paired",
    "search",
    "train_assign",
    "train_cover",
    "train_worth",
]
