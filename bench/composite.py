"""Composite indicators: uncertainty draws, Copeland, Sobol and published indices, beside COINr, SALib and pymcdm.

What a draw varies is stated with each figure; every draw is the whole thing: a combination of treatment,
normalisation and
aggregation, fresh weights for every node, scores of all units, exact ranks with ties, and one line that brings it back.
Answers are checked before they are timed: draws against the plain one-at-a-time computation, replay bit by bit.

COINr cannot run in the same process: its figures are constants, measured with COINr 1.1.14 under R 4.2.2 on two cores
(build 0.11 s, uncertainty draw 0.144 CPU s, Copeland of 300 x 10 16.3 CPU s, of 1000 x 10 not done in 7 minutes). SALib
and pymcdm run here. One thread of linear algebra (OPENBLAS_NUM_THREADS=1), so CPU time is work and not waiting.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _figures

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from thanglong.solve import composite
from thanglong.solve.composite import Choice, Framework, Node, Panel, Pipeline, WeightNoise, attribution
from thanglong.solve.composite.outrank import copeland

COINR_DRAW, COINR_COPELAND_300, COINR_COPELAND_1000 = 0.144, 16.3, 420.0
COINR = "COINr 1.1.14 (measured, R 4.2.2, two cores)"
ONE_TO_HUNDRED = {"lower": 1, "upper": 100}
BASE = Pipeline.of("treat", ("normalise", {"method": "minmax", "options": ONE_TO_HUNDRED}), "aggregate")
SCALES = (
    {"normalise.method": "minmax", "normalise.options": ONE_TO_HUNDRED},
    {"normalise.method": "rank", "normalise.options": {}},
    {"normalise.method": "zscore", "normalise.options": {"mean": 100, "sd": 10}},
)
FACTORS = (
    Choice("treat.most", (1, 2, 3, 4, 5)),
    Choice("normalise", SCALES),
    WeightNoise({1: 0.25, 2: 0.25, 3: 0.25}),
    Choice("aggregate.method", ("arithmetic", "geometric", "harmonic")),
)
EIGHT = (
    *FACTORS[:2],
    FACTORS[3],
    Choice("treat.skew_limit", (1.5, 2.0, 2.5)),
    Choice("treat.combine", (False, True)),
    WeightNoise({1: 0.25}, name="weights of indicators"),
    WeightNoise({2: 0.25}, name="weights of pillars"),
    WeightNoise({3: 0.25}, name="weights of sub-indices"),
)


def made(units: int, indicators: int, pillar: int = 10, seed: int = 3) -> tuple[Panel, Framework]:
    """Skewed, correlated indicators in pillars of ``pillar``, pillars in sub-indices of five."""
    rng = np.random.default_rng(seed)
    x = np.exp(rng.normal(size=(units, indicators)) * 0.5 + rng.normal(size=(units, 1)) * 0.3)
    nodes = [Node(f"i{j}", f"p{j // pillar}", direction=-1 if j % 4 == 3 else 1) for j in range(indicators)]
    pillars = -(-indicators // pillar)
    nodes += [Node(f"p{k}", f"s{k // 5}") for k in range(pillars)]
    nodes += [Node(f"s{k}", "index") for k in range(-(-pillars // 5))] + [Node("index")]
    return Panel(tuple(f"u{i}" for i in range(units)), tuple(f"i{j}" for j in range(indicators)), x), Framework(
        tuple(nodes)
    )


def timed(work: Callable[[], Any], times: int = 3) -> tuple[float, float, Any]:
    """Least CPU and wall seconds of some runs, and the last answer."""
    cpu, wall, answer = np.inf, np.inf, None
    for _ in range(times):
        c, w = time.process_time(), time.perf_counter()
        answer = work()
        cpu, wall = min(cpu, time.process_time() - c), min(wall, time.perf_counter() - w)
    return cpu, wall, answer


def result(metric: str, value: float, unit: str, versus: str = "", reference: float | None = None) -> None:
    ratio = None if reference is None or value == 0 else reference / value
    beside = "" if reference is None else f"   {versus}: {reference:.4g}, {ratio:.4g} x"
    print(f"{metric:<66} {value:10.4g} {unit}{beside}")
    tell(metric, value, unit, versus, ratio)


LINES: list[str] = []
tell = _figures.of("composite", LINES.append)


def checked(found: composite.Uncertainty, panel: Panel, tree: Framework, base: Pipeline, few: int = 20) -> None:
    """Some draws against the plain computation, and 200 replayed bit by bit."""
    again = composite.Replayer(panel, tree, base, found.design.factors)
    rng = np.random.default_rng(1)
    for k in rng.integers(0, found.draws, few):
        draw = again(found.line(int(k)))
        plain = composite.compute(panel, tree.with_weights(draw.weights), composite.edit(base, draw.options))
        assert np.allclose(draw.scores, plain.score(), rtol=1e-10), "a draw is not the index it claims to be"
    for k in rng.integers(0, found.draws, 200):
        assert (again(found.line(int(k))).ranks == found.ranks[int(k)]).all(), "a draw did not come back"


def draws(name: str, panel: Panel, tree: Framework, base: Pipeline, number: int = 10_000) -> None:
    first = composite.uncertainty(panel, tree, base, FACTORS, number, seed=7)
    assert not first.failed
    checked(first, panel, tree, base)

    def work() -> Any:
        found = composite.uncertainty(panel, tree, base, FACTORS, number, seed=7)
        return found, found.quantiles([0.05, 0.5, 0.95]), found.mean()

    cpu, wall, _ = timed(work, 5)
    lines = [first.line(k) for k in range(20)]
    again = composite.Replayer(panel, tree, base, FACTORS)

    def plain() -> None:
        for line in lines:
            draw = again(line)
            composite.compute(panel, tree.with_weights(draw.weights), composite.edit(base, draw.options))

    alone = timed(plain, 1)[0] / len(lines) * number
    what = f"{number:,} uncertainty draws, {name}"
    print(f"each draw: one of 5 treatments x 3 scales x 3 means, weights of all levels +-25 %; {name}")
    result(f"{what}, CPU", cpu, "s", "one computation a draw, same run", alone)
    if len(panel.units) == 51:
        result(f"{what}, CPU, against COINr", cpu, "s", COINR, COINR_DRAW * number)
    result(f"{what}, wall", wall, "s")


def example() -> tuple[str, Panel, Framework, Pipeline]:
    """The 51 x 49 example of COINr where its tables are at hand, else a generated panel of that size."""
    shared = Path(os.environ.get("THANGLONG_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    folder = shared / "index" / "coinr"
    if not folder.is_dir():
        return "51 x 49 generated", *made(51, 49, 6), BASE
    import csv

    with (folder / "in_asem_iMeta.csv").open(encoding="utf-8", newline="") as file:
        meta = [row for row in csv.DictReader(file) if row["Type"] in ("Indicator", "Aggregate")]
    tree = Framework(
        tuple(
            Node(r["iCode"], r["Parent"] or None, direction=int(r["Direction"]), denominator=r["Denominator"] or None)
            for r in meta
        )
    )
    with (folder / "in_asem_iData.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    codes = (*tree.indicators, "Area", "Energy", "GDP", "Population")
    values = np.array([[float(row[c]) if row[c] not in ("", "NA") else np.nan for c in codes] for row in rows])
    groups = {"EurAsia_group": tuple(row["EurAsia_group"] for row in rows)}
    panel = Panel(tuple(row["uCode"] for row in rows), codes, values, groups)
    before = Pipeline.of(
        "denominate", ("impute", {"method": "group_mean", "group": "EurAsia_group"}), ("screen", {"available": 0.9})
    )
    return "51 x 49 (COINr's example)", panel, tree, Pipeline((*before.steps, *BASE.steps))


def pairwise() -> None:
    for columns in (10, 100):
        x, w = np.random.default_rng(1).normal(size=(1000, columns)), np.random.default_rng(2).random(columns)
        few = x[:40]
        plain = [
            sum(np.sign(w @ np.sign(few[i] - few[k])) for k in range(40) if k != i) for i in range(40)
        ]  # the definition, pair by pair
        assert (copeland(few, w) == plain).all()
        cpu, _, _ = timed(lambda x=x, w=w: copeland(x, w))
        if columns == 10:
            result(
                "Copeland of 1,000 units x 10, CPU", cpu, "s", f"{COINR}, stopped unfinished after", COINR_COPELAND_1000
            )
        else:
            result(f"Copeland of 1,000 units x {columns}, CPU", cpu, "s")
    x = np.random.default_rng(1).normal(size=(300, 10))
    result("Copeland of 300 units x 10, CPU", timed(lambda: copeland(x))[0], "s", COINR, COINR_COPELAND_300)


def sobol(panel: Panel, tree: Framework) -> None:
    cpu, wall, found = timed(lambda: composite.sensitivity(panel, tree, BASE, EIGHT, 4096, seed=1, boot=500), 1)
    assert not found.failed and found.sobol.total.max() > 0.05
    result("Sobol N = 4096, d = 8 (40,960 runs), 1,000 x 100, 500 bootstraps, CPU", cpu, "s")
    result("Sobol N = 4096, d = 8 (40,960 runs), 1,000 x 100, 500 bootstraps, wall", wall, "s")
    try:
        from SALib.analyze import sobol as theirs
    except ImportError:
        print("SALib is not installed: no comparison of estimators")
        return
    n, names = 4096, [f.name for f in EIGHT]
    order = [
        found.y[k] if p == 0 else found.y[n + k] if p == 9 else found.y[(p + 1) * n + k]
        for k in range(n)
        for p in range(10)
    ]
    problem = {"num_vars": 8, "names": names, "bounds": [[0, 1]] * 8}
    mine = timed(lambda: attribution.sobol_estimate(found.y, n, names, boot=500))
    other = timed(lambda: theirs.analyze(problem, np.array(order), calc_second_order=False, num_resamples=500), 1)
    assert np.allclose(mine[2].total, other[2]["ST"], rtol=5e-3)
    result(
        "estimators of 40,960 outcomes with 500 bootstraps, CPU",
        mine[0],
        "s",
        "SALib, same outcomes, same run",
        other[0],
    )


def topsis() -> None:
    try:
        from pymcdm.methods import TOPSIS
        from pymcdm.normalizations import vector_normalization
    except ImportError:
        print("pymcdm is not installed: no comparison of TOPSIS")
        return
    x, w = np.exp(np.random.default_rng(1).normal(size=(1000, 100))), np.full(100, 0.01)
    mine = timed(lambda: composite.topsis(x, w), 5)
    other = timed(lambda: TOPSIS(vector_normalization)(x, w, np.ones(100)), 5)
    assert np.allclose(mine[2], other[2])
    result("TOPSIS of 1,000 x 100, CPU", mine[0], "s", "pymcdm, same run", other[0])


def build(panel: Panel, tree: Framework, name: str, coinr: float | None = None) -> None:
    cpu, _, _ = timed(lambda: composite.compute(panel, tree, BASE), 5)
    result(f"one index, {name}, CPU", cpu, "s", COINR if coinr else "", coinr)


def main() -> None:
    name, panel, tree, base = example()
    draws(name, panel, tree, base)
    panel, tree = made(1000, 100)
    draws("1,000 x 100", panel, tree, BASE)
    build(panel, tree, "1,000 x 100", 0.57)
    pairwise()
    topsis()
    sobol(panel, tree)
    print("\n".join(LINES))


if __name__ == "__main__":
    sys.exit(main())
