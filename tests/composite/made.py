"""Generated panels and frameworks for the tests."""

import numpy as np

from thanglong.solve.composite.types import Framework, Node, Panel, Pipeline

ONE_TO_HUNDRED = {"lower": 1, "upper": 100}
BASE = Pipeline.of("treat", ("normalise", {"method": "minmax", "options": ONE_TO_HUNDRED}), "aggregate")


def framework(indicators: int = 12, pillars: int = 3) -> Framework:
    """Indicators i0.. in pillars p0.. under one index; every fourth indicator is better when low."""
    nodes = [
        Node(f"i{j}", f"p{j % pillars}", direction=-1 if j % 4 == 3 else 1, weight=1 + j % 3) for j in range(indicators)
    ]
    return Framework((*nodes, *(Node(f"p{k}", "index") for k in range(pillars)), Node("index")))


def panel(units: int = 30, indicators: int = 12, seed: int = 1, gaps: float = 0.0) -> Panel:
    """Skewed, correlated columns; ``gaps`` is the share of missing values."""
    rng = np.random.default_rng(seed)
    x = np.exp(rng.normal(size=(units, indicators)) * 0.8 + rng.normal(size=(units, 1)) * 0.5)
    if gaps:
        x[rng.random(x.shape) < gaps] = np.nan
    return Panel(tuple(f"u{i}" for i in range(units)), tuple(f"i{j}" for j in range(indicators)), x)
