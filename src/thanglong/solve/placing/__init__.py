"""Where to place ambulances, engines and stations: exact models with a proven bound, and tuning by simulation."""

from thanglong.solve.placing.models import Impossible, Placing, double_standard, greedy, malp, mclp, mexclp, p_median
from thanglong.solve.placing.tuned import tune

__all__ = ["Impossible", "Placing", "double_standard", "greedy", "malp", "mclp", "mexclp", "p_median", "tune"]
