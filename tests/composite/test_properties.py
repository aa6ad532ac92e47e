"""What must hold for any data: monotonicity, invariance, bounds, degenerate columns, gaps, ties."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.composite.made import BASE, framework, panel

from thanglong.solve import composite
from thanglong.solve.composite import (
    Degenerate,
    Unsuitable,
    aggregate,
    columns,
    exact,
    frontier,
    impute,
    judgement,
    multivariate,
    normalise,
    outrank,
    prepare,
    treat,
    weights,
)  # fmt: skip
from thanglong.solve.composite.types import Framework, Node, Panel, Pipeline

some = settings(deadline=None, max_examples=30)

positive = st.floats(0.125, 1000, allow_nan=False, width=32)
tables = hnp.arrays(np.float64, st.tuples(st.integers(5, 15), st.integers(2, 6)), elements=positive)
gappy = hnp.arrays(
    np.float64, st.tuples(st.integers(5, 15), st.integers(2, 6)), elements=st.one_of(positive, st.just(float("nan")))
)


def varied(x: np.ndarray) -> np.ndarray:
    """The table with three values or more in each column: made so, for filtering would throw most tables away."""
    x = x.copy()
    for j in range(x.shape[1]):
        if len(np.unique(x[:, j])) < 3:
            x[:3, j] = 1.0, 2.0, 3.0
    return x


varied_tables = tables.map(varied)


def index_of_table(x: np.ndarray, pipeline: Pipeline = BASE) -> composite.Result:
    tree = framework(x.shape[1], min(2, x.shape[1]))
    data = Panel(tuple(f"u{i}" for i in range(len(x))), tuple(f"i{j}" for j in range(x.shape[1])), x)
    return composite.compute(data, tree, pipeline)


MEANS = [("arithmetic", 1.0), ("geometric", 1.0), ("harmonic", 1.0), ("generalised", -2.0), ("generalised", 0.5)]


@some
@given(tables, st.sampled_from(MEANS))
def test_means_lie_between_their_parts_and_grow_with_them(x, how) -> None:
    method, power = how
    w = np.linspace(1, 2, x.shape[1])
    y = aggregate.mean(x, w, method, power)
    assert (y >= x.min(1) * (1 - 1e-9)).all() and (y <= x.max(1) * (1 + 1e-9)).all()
    more = x.copy()
    more[:, 0] *= 1.5
    assert (aggregate.mean(more, w, method, power) >= y * (1 - 1e-12)).all()


@some
@given(tables)
def test_harmonic_geometric_arithmetic_stand_in_that_order(x) -> None:
    w = np.ones(x.shape[1])
    h, g, a = (aggregate.mean(x, w, m) for m in ("harmonic", "geometric", "arithmetic"))
    assert (h <= g * (1 + 1e-9)).all() and (g <= a * (1 + 1e-9)).all()
    assert (aggregate.mazziotta_pareto(x, w) <= a * (1 + 1e-12)).all()


@some
@given(gappy)
def test_gaps_are_dropped_and_weights_rescaled(x) -> None:
    w = np.arange(1.0, x.shape[1] + 1)
    y = aggregate.mean(x, w)
    for row, value in zip(x, y, strict=True):
        there = ~np.isnan(row)
        assert np.isnan(value) if not there.any() else np.isclose(value, np.average(row[there], weights=w[there]))


@some
@given(varied_tables, st.integers(0, 2**31))
def test_permutation_of_units_and_of_indicators(x, seed) -> None:
    pipeline = Pipeline.of(
        ("normalise", {"options": {"lower": 1, "upper": 100}}), ("aggregate", {"method": "geometric"})
    )
    base = index_of_table(x, pipeline)
    order = np.random.default_rng(seed).permutation(len(x))
    np.testing.assert_allclose(index_of_table(x[order], pipeline).score(), base.score()[order], rtol=1e-9)
    columns_order = np.random.default_rng(seed).permutation(x.shape[1])
    mixed = Panel(base.panel.units, tuple(base.panel.codes[int(j)] for j in columns_order), x[:, columns_order])
    np.testing.assert_array_equal(composite.compute(mixed, base.framework, pipeline).scores, base.scores)


@some
@given(varied_tables, st.floats(0.5, 100), st.floats(-50, 50))
def test_change_of_unit_changes_nothing(x, factor, shift) -> None:
    assume(all(np.diff(np.unique(x[:, j])).min() > 1e-3 for j in range(x.shape[1])))
    for method in ("minmax", "zscore", "rank", "dist2max", "percentile"):
        np.testing.assert_allclose(
            normalise.normalise(x * factor + shift, np.ones(x.shape[1]), method),
            normalise.normalise(x, np.ones(x.shape[1]), method), atol=1e-6,
        )  # fmt: skip


@some
@given(varied_tables)
def test_normalised_scores_keep_their_bounds_and_order(x) -> None:
    one = np.ones(x.shape[1])
    for method, low, high in (("minmax", 0, 100), ("dist2max", 0, 1), ("percentile", 0, 1), ("logistic", 0, 1)):
        y = normalise.normalise(x, one, method)
        assert y.min() >= low - 1e-9 and y.max() <= high + 1e-9
        np.testing.assert_array_equal(columns.ranks(y), columns.ranks(x))
    down = normalise.normalise(x, -one, "minmax")
    np.testing.assert_allclose(down, 100 - normalise.normalise(x, one, "minmax"), atol=1e-9)


@some
@given(tables)
def test_a_better_value_never_lowers_the_rank(x) -> None:
    """With fixed posts (no scale taken from the data) raising one unit's good indicator cannot cost it places."""
    posts = (np.zeros(x.shape[1]), np.full(x.shape[1], 2000.0))
    one, w = np.ones(x.shape[1]), np.ones(x.shape[1])

    def rank(values):
        return columns.ranks(aggregate.mean(normalise.normalise(values, one, "goalposts", posts=posts), w))[0]

    more = x.copy()
    more[0, 0] += 100
    assert rank(more) <= rank(x)


@some
@given(tables)
def test_treatment_keeps_order_and_never_widens(x) -> None:
    found = treat.treat(x)
    for j in range(x.shape[1]):
        order = np.argsort(x[:, j], kind="stable")
        assert (np.diff(found.values[order, j]) >= -1e-9).all()
    winsorised, count, _ = treat.winsorise(x, most=3)
    assert (np.ptp(winsorised, axis=0) <= np.ptp(x, axis=0)).all() and (count <= 2 * len(x)).all()


@some
@given(gappy)
def test_imputation_never_touches_what_is_there(x) -> None:
    data = Panel(
        tuple(f"u{i}" for i in range(len(x))),
        tuple(f"i{j}" for j in range(x.shape[1])),
        x,
        {"g": tuple("ab"[i % 2] for i in range(len(x)))},
    )
    tree = framework(x.shape[1], 2)
    for method in ("mean", "median", "group_mean", "group_median", "constant", "row_mean"):
        if method == "row_mean" and (
            np.isnan(x).all(axis=0).any()
            or any(len(np.unique(x[~np.isnan(x[:, j]), j])) < 2 for j in range(x.shape[1]))
        ):
            continue
        y = impute.impute(data, tree, method, group="g").values
        there = ~np.isnan(x)
        assert (y[there] == x[there]).all()
        if method == "constant":
            assert not np.isnan(y).any()


def test_em_recovers_a_linear_relation() -> None:
    rng = np.random.default_rng(2)
    base = rng.normal(size=200)
    x = np.column_stack([base, 2 * base + 1 + rng.normal(size=200) * 0.01])
    gaps = x.copy()
    gaps[:40, 1] = np.nan
    assert np.abs(impute.by_em(gaps)[:40, 1] - x[:40, 1]).max() < 0.1


@some
@given(tables)
def test_copeland_is_antisymmetric_and_sums_to_zero(x) -> None:
    w = np.linspace(1, 3, x.shape[1])
    o = outrank.outranking(x, w)
    off = ~np.eye(len(x), dtype=bool)
    np.testing.assert_allclose((o + o.T)[off], 1.0)
    assert outrank.copeland(x, w).sum() == 0
    majority = (o > 0.5 + 1e-9).sum(1) - ((o < 0.5 - 1e-9) & off).sum(1)
    np.testing.assert_array_equal(outrank.copeland(x, w), majority)
    np.testing.assert_array_equal(outrank.copeland(np.log(x), w), outrank.copeland(x, w))  # only order counts


@some
@given(tables)
def test_kemeny_order_respects_dominance(x) -> None:
    x = x[:7].copy()
    x[0] = x.max(axis=0) + 1
    assert outrank.kemeny(x)[0] == 0


def test_condorcet_paradox_is_seen() -> None:
    x = np.array([[3.0, 1, 2], [2, 3, 1], [1, 2, 3]])
    assert outrank.cycles(x) == 1 and outrank.cycles(np.arange(9.0).reshape(3, 3)) == 0


@some
@given(
    hnp.arrays(
        np.float64, st.tuples(st.integers(2, 8), st.integers(2, 30)), elements=st.sampled_from([0.0, 1.0, 2.5, -3.0])
    )
)
def test_exact_ranks_are_the_published_ranks(x) -> None:
    out = np.zeros(x.shape, dtype=np.int16)
    exact.ranks_of(x, 4.0, None, out)
    np.testing.assert_array_equal(out, columns.ranks(x.T).T)


def test_equal_units_share_a_rank_everywhere() -> None:
    x = panel(10, 6).values
    x[3] = x[7]
    result = index_of_table(x)
    assert result.ranks()[3] == result.ranks()[7]
    found = composite.uncertainty(
        result.panel,
        result.framework,
        BASE,
        [composite.WeightNoise({1: 0.5}), composite.Choice("aggregate.method", ("arithmetic", "geometric"))],
        500,
    )
    assert (found.ranks[:, 3] == found.ranks[:, 7]).all()
    taken = found.ranks[:, 3]
    assert not (found.ranks == (taken + 1)[:, None]).any(axis=1).any()  # the place after a tie of two stays empty


def test_degenerate_columns_are_named() -> None:
    x = panel(8, 4).values
    x[:, 2] = 5.0
    with pytest.raises(Degenerate, match="i2"):
        index_of_table(x)
    flat = index_of_table(x, composite.edit(BASE, {"normalise.flat": 50.5}))
    assert (flat.score("i2") == 50.5).all()
    with pytest.raises(Degenerate):
        multivariate.pca(x)
    with pytest.raises(Degenerate):
        weights.critic(x)
    x[:, 2] = np.nan
    with pytest.raises(Degenerate, match="i2"):
        index_of_table(x)
    assert np.isnan(multivariate.correlation(x)[2, 0])
    assert columns.passes(np.full((6, 1), 3.3)).all()


def test_means_refuse_what_lies_outside_their_domain() -> None:
    for method, power in (("geometric", 1.0), ("harmonic", 1.0), ("generalised", 0.5), ("generalised", -1.0)):
        with pytest.raises(Unsuitable, match="positive"):
            aggregate.mean(np.array([[0.0, 1.0]]), np.ones(2), method, power)
    assert aggregate.mean(np.array([[0.0, 4.0]]), np.ones(2), "geometric", zeros=True)[0] == 0


@some
@given(tables)
def test_owa_runs_from_worst_to_best(x) -> None:
    n = x.shape[1]
    np.testing.assert_allclose(aggregate.owa(x, aggregate.orness_weights(n, 0)), x.min(1))
    np.testing.assert_allclose(aggregate.owa(x, aggregate.orness_weights(n, 1)), x.max(1))
    np.testing.assert_allclose(aggregate.owa(x, aggregate.orness_weights(n, 0.5)), x.mean(1), rtol=1e-9)
    gaps = x.copy()
    gaps[0, 0] = np.nan
    np.testing.assert_allclose(aggregate.owa(gaps, np.ones(n)), np.nanmean(gaps, axis=1), rtol=1e-9)


@some
@given(tables)
def test_benefit_of_the_doubt_is_at_least_any_common_weighting(x) -> None:
    found = frontier.benefit_of_the_doubt(x)
    assert (found.scores <= 1 + 1e-9).all() and np.isclose(found.scores.max(), 1)
    common = x.mean(axis=1)
    assert (found.scores >= common / common.max() - 1e-9).all()


def test_smaa_of_a_dominating_unit() -> None:
    data = panel(8, 6, seed=3)
    tree = Framework(tuple(Node(n.code, n.parent, weight=n.weight) for n in framework(6, 2).nodes))
    data.values[0] = data.values.max(axis=0) + 1
    found = composite.smaa(data, tree, BASE, levels=(1, 2), draws=2000)
    assert found.acceptability[0, 0] == 1 and found.holistic[0] == found.holistic.max()
    np.testing.assert_allclose(found.acceptability.sum(axis=1), 1)
    np.testing.assert_allclose(found.acceptability.sum(axis=0), 1, atol=1e-9)
    np.testing.assert_allclose(found.central[0][:6].sum(), 2, atol=1e-9)  # two pillars, each sums to one
    assert (found.wins[0, 1:] == 1).all()


def test_weights_of_people() -> None:
    np.testing.assert_allclose(judgement.swing([100, 50, 50]), [0.5, 0.25, 0.25])
    np.testing.assert_allclose(judgement.budget([[50, 50, 0], [30, 30, 40]]), [0.4, 0.4, 0.2])
    with pytest.raises(Unsuitable, match="row"):
        judgement.budget([[50, 50, 0], [30, 30, 30]])
    consistent = np.array([[1, 2, 4], [0.5, 1, 2], [0.25, 0.5, 1.0]])
    for method in ("eigenvector", "geometric"):
        found = judgement.ahp(consistent, method=method)
        np.testing.assert_allclose(found.weights, np.array([4, 2, 1]) / 7)
        assert abs(found.consistency_ratio) < 1e-9
    both = judgement.group_matrix([consistent, consistent.T])
    np.testing.assert_allclose(both, np.ones((3, 3)))
    rounds = judgement.delphi(np.array([[5, 1, 3], [5, 2, 3], [5, 5, 3], [4, 1, np.nan]]))
    assert rounds.agreed == (True, False, True) and rounds.median.tolist() == [5, 1.5, 3]
    assert judgement.stability(np.array([[1, 2]]), np.array([[1, 3]])).tolist() == [1, 0]


def test_formulas_allow_arithmetic_only() -> None:
    x = {"a": np.array([1.0, 4.0]), "b": np.array([2.0, np.nan])}
    np.testing.assert_allclose(prepare.formula("sqrt(a) + 2 ** b - min(a, 3)", x)[0], 1 + 4 - 1)
    assert np.isnan(prepare.formula("a / b", x)[1])
    for text in (
        "__import__('os')",
        "a.real",
        "a[0]",
        "lambda: 1",
        "open('x')",
        "c + 1",
        "a if b else a",
        "1e999",
        "'x'",
        "a +",
    ):
        with pytest.raises(composite.CompositeError):
            prepare.formula(text, x)


def test_frameworks_must_be_one_tree() -> None:
    for nodes in (
        [Node("a"), Node("b")], [Node("a", "b"), Node("b", "a"), Node("c")], [Node("a", "x"), Node("x"), Node("a", "x")],
        [Node("a", "nowhere"), Node("b")], [Node("a", "b", direction=2), Node("b")],
    ):  # fmt: skip
        with pytest.raises(composite.BadFramework):
            Framework(tuple(nodes))


def test_panel_bootstraps() -> None:
    rng = np.random.default_rng(5)
    one = panel(10, 6)
    values = np.vstack([one.values * (1 + 0.05 * rng.normal(size=one.values.shape)) for _ in range(4)])
    years = Panel(one.units * 4, one.codes, values, {}, np.repeat([2020.0, 2021, 2022, 2023], 10))
    for what, data in (("years", years), ("units", one), ("indicators", one)):
        found = composite.bootstrap(data, framework(6, 2), BASE, 60, what=what)
        assert found.low.shape == (10,) and (found.low <= found.median).all() and (found.median <= found.high).all()
        again = composite.bootstrap(data, framework(6, 2), BASE, 60, what=what)
        np.testing.assert_array_equal(found.scores, again.scores)


def test_comparison_of_variants() -> None:
    data, tree = panel(), framework()
    a = composite.compute(data, tree, BASE)
    b = composite.compute(data, tree, composite.edit(BASE, {"aggregate.method": "geometric"}))
    found = composite.compare({"base": a, "geometric": b})
    assert found.mean_change[0] == 0 and found.spearman[0] == pytest.approx(1) and (found.change[:, 0] == 0).all()
    np.testing.assert_array_equal(found.ranks[:, 1], b.ranks())


def test_importing_the_engine_needs_nothing_else() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from thanglong.solve import composite; "
        "bad = [m for m in sys.modules if m.startswith(('django', 'thanglong.')) and not m.startswith('thanglong.solve')]; "
        "assert not bad, bad"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
