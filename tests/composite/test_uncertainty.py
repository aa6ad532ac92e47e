"""Uncertainty: no silent step, every draw replayed bit by bit, draws equal to the plain computation."""

import numpy as np
import pytest
from tests.composite.conftest import PIPELINE
from tests.composite.made import BASE, ONE_TO_HUNDRED, framework, panel

from thanglong.solve import composite
from thanglong.solve.composite import (
    Choice,
    Range,
    UnknownStep,
    Unsuitable,
    WeightNoise,
    WeightSets,
    WeightSimplex,
    exact,
)
from thanglong.solve.composite.types import Framework, Node, Panel, Pipeline

NORMALISATIONS = (
    {"normalise.method": "minmax", "normalise.options": ONE_TO_HUNDRED},
    {"normalise.method": "rank", "normalise.options": {}},
    {"normalise.method": "zscore", "normalise.options": {"mean": 100, "sd": 10}},
)
FACTORS = (
    Choice("treat.most", (0, 1, 3, 5)),
    Choice("normalise", NORMALISATIONS),
    WeightNoise({1: 0.25, 2: 0.25}),
    Choice("aggregate.method", ("arithmetic", "geometric", "harmonic")),
)
MIXED = (
    *FACTORS[:3],
    Choice("aggregate.method", (["arithmetic", "geometric"], ["geometric", "arithmetic"], ["harmonic", "geometric"])),
)


def rebuilt(draw: composite.Replayer, data: Panel, tree: Framework, pipeline: Pipeline):
    """The same draw by the plain road: edited pipeline, edited weights, one computation."""
    return composite.compute(data, tree.with_weights(draw.weights), composite.edit(pipeline, draw.options))


@pytest.mark.parametrize("factors", [FACTORS, MIXED], ids=["one mean", "mixed means"])
@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_draws_equal_the_plain_computation(factors, gaps: float) -> None:
    data, tree = panel(gaps=gaps), framework()
    found = composite.uncertainty(data, tree, BASE, factors, 300, seed=5, keep_scores=True)
    again = composite.Replayer(data, tree, BASE, factors)
    for k in range(0, 300, 7):
        draw = again(found.line(k))
        plain = rebuilt(draw, data, tree, BASE)
        np.testing.assert_allclose(draw.scores, plain.score(), rtol=1e-10)
        np.testing.assert_array_equal(draw.ranks, plain.ranks())
        np.testing.assert_array_equal(found.ranks[k], draw.ranks)


@pytest.mark.parametrize("gaps", [0.0, 0.05])
def test_a_thousand_random_draws_replay_bit_by_bit(gaps: float) -> None:
    data, tree = panel(60 if not gaps else 24, 24, gaps=gaps), framework(24, 4)
    found = composite.uncertainty(data, tree, BASE, FACTORS, 10_000, seed=77, keep_scores=True)
    again = composite.Replayer(data, tree, BASE, FACTORS)
    for k in np.random.default_rng(3).choice(10_000, 1000, replace=False):
        draw = again(found.line(int(k)))
        assert draw.scores.tobytes() == found.scores[k].tobytes()
        assert (draw.ranks == found.ranks[k]).all()


def test_mixed_means_replay_bit_by_bit() -> None:
    data, tree = panel(40), framework()
    found = composite.uncertainty(data, tree, BASE, MIXED, 2_000, seed=8, keep_scores=True)
    again = composite.Replayer(data, tree, BASE, MIXED)
    for k in range(0, 2_000, 13):
        assert again(found.line(k)).scores.tobytes() == found.scores[k].tobytes()


def test_sensitivity_runs_replay_from_their_line() -> None:
    data, tree = panel(40), framework()
    found = composite.sensitivity(data, tree, BASE, FACTORS, 64, seed=9, boot=0)
    again = composite.Replayer(data, tree, BASE, FACTORS)
    for run in range(0, 64 * 6, 11):
        draw = again(found.line(run))
        assert found.y[run] == np.abs(draw.ranks - found.nominal).mean()


def test_a_line_of_other_data_is_refused() -> None:
    data, tree = panel(), framework()
    line = composite.uncertainty(data, tree, BASE, FACTORS, 10).line(3)
    other = Panel(data.units, data.codes, data.values * 1.0000001)
    with pytest.raises(composite.CompositeError, match="belongs to design"):
        composite.replay(line, other, tree, BASE, FACTORS)
    with pytest.raises(composite.CompositeError, match="not a draw's line"):
        composite.replay("tl1 something else", data, tree, BASE, FACTORS)


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (Choice("impute.method", ("mean", "median")), "no 'impute.method'"), (Choice("treat.winmax", (1, 2)), "no 'treat.winmax'"),
        (Range("screen.available", 0.5, 0.9), "no 'screen.available'"), (WeightNoise({5: 0.2}), "no weights at level 5"),
        (WeightSets(({"nobody": 1.0},)), "not in the framework"), (WeightSimplex((3,)), "no weights at level 3"),
    ],
)  # fmt: skip
def test_varying_what_is_not_there_is_an_error(factor, said: str) -> None:
    for run in (composite.uncertainty, composite.sensitivity, composite.shapley, composite.pawn):
        with pytest.raises(composite.CompositeError, match=said):
            run(panel(), framework(), BASE, [factor, FACTORS[0]])


def test_the_error_names_the_steps_that_exist() -> None:
    with pytest.raises(UnknownStep) as caught:
        composite.uncertainty(panel(), framework(), BASE, [Choice("impute.method", ("mean",))])
    assert "normalise.method" in caught.value.known and "treat.most" in str(caught.value)


def test_weights_that_no_method_reads_are_an_error() -> None:
    base = composite.edit(BASE, {"aggregate.method": "median"})
    with pytest.raises(Unsuitable, match="takes no weights"):
        composite.uncertainty(panel(), framework(), base, [WeightNoise({1: 0.2})])
    fixed = framework()
    fixed = Framework(
        tuple(n if not fixed.children(n.code) else Node(n.code, n.parent, aggregate="geometric") for n in fixed.nodes)
    )
    with pytest.raises(Unsuitable, match="no effect"):
        composite.uncertainty(panel(), fixed, BASE, [Choice("aggregate.method", ("arithmetic",))])
    weighed = Pipeline.of(*BASE.steps[:2], ("weigh", {"method": "equal"}), BASE.steps[2])
    with pytest.raises(composite.CompositeError, match="overruled"):
        composite.uncertainty(panel(), framework(), weighed, [WeightSets(({"i0": 2.0},))])


def test_a_misspelt_value_is_an_error_not_a_failed_draw() -> None:
    with pytest.raises(composite.UnknownMethod):
        composite.uncertainty(panel(), framework(), BASE, [Choice("normalise.method", ("minmax", "minimax"))])


def test_failed_draws_are_counted_with_their_reason() -> None:
    zero = ({"normalise.options": {"lower": 0, "upper": 100}}, {"normalise.options": ONE_TO_HUNDRED})
    found = composite.uncertainty(
        panel(),
        framework(),
        BASE,
        [Choice("scale", zero), Choice("aggregate.method", ("arithmetic", "geometric"))],
        400,
    )
    assert 50 < len(found.failed) < 150  # a quarter: geometric means of zeros
    k, reason = next(iter(found.failed.items()))
    assert "positive" in reason and (found.ranks[k] == 0).all()
    again = composite.Replayer(panel(), framework(), BASE, found.design.factors)(found.line(k))
    assert again.failure == reason and again.options["aggregate.method"] == "geometric"
    assert (found.mean() >= 1).all()


def test_units_that_a_variant_screens_out_have_no_rank_there() -> None:
    data = panel(gaps=0.2)
    pipeline = Pipeline.of(("screen", {"available": 0.5}), ("normalise", {"options": ONE_TO_HUNDRED}), "aggregate")
    found = composite.uncertainty(data, framework(), pipeline, [Choice("screen.available", (0.5, 0.85))], 50)
    assert (found.ranks == 0).any() and (found.ranks > 0).any(axis=0).all()
    assert np.isfinite(found.quantiles([0.05, 0.95])).all()


def test_a_unit_without_data_has_no_rank_and_no_figures() -> None:
    data = panel()
    data.values[4] = np.nan
    found = composite.uncertainty(data, framework(), BASE, FACTORS, 60)
    assert found.nominal[4] == 0 and np.isnan(found.mean()[4]) and np.isnan(found.quantiles([0.5])[0, 4])
    assert found.nominal.max() == 29 and (found.acceptability()[4] == 0).all()


def test_methods_that_are_not_means_run_and_replay() -> None:
    data, tree = panel(12, 6), framework(6, 2)
    factors = [
        Choice(
            "aggregate.method",
            (
                "copeland",
                "owa",
                {"default": "arithmetic", "index": "mazziotta_pareto"},
                {"default": "mazziotta_pareto", "index": "median"},
            ),
        ),
        WeightNoise({1: 0.3}),
    ]
    found = composite.uncertainty(data, tree, BASE, factors, 60, keep_scores=True)
    again = composite.Replayer(data, tree, BASE, factors)
    assert not found.failed
    for k in range(0, 60, 5):
        assert again(found.line(k)).scores.tobytes() == found.scores[k].tobytes()


def test_continuous_options() -> None:
    base = composite.edit(BASE, {"aggregate.method": "generalised", "aggregate.options": {"power": 1.0}})
    factors = [Range("aggregate.options.power", -1, 2), WeightNoise({2: 0.2})]
    found = composite.uncertainty(panel(), framework(), base, factors, 50, keep_scores=True)
    draw = composite.Replayer(panel(), framework(), base, factors)(found.line(17))
    np.testing.assert_allclose(draw.scores, rebuilt(draw, panel(), framework(), base).score(), rtol=1e-10)


def test_nothing_varied_leaves_the_nominal_ranks() -> None:
    found = composite.uncertainty(panel(), framework(), BASE, [Choice("treat.most", (5,))], 20)
    assert (found.ranks == found.nominal).all()
    assert (found.acceptability().argmax(axis=1) + 1 == found.nominal).all()


def test_quantiles_and_mean_are_those_of_the_draws() -> None:
    found = composite.uncertainty(panel(), framework(), BASE, FACTORS, 501)
    np.testing.assert_allclose(found.quantiles([0.05, 0.5, 0.95]), np.quantile(found.ranks, [0.05, 0.5, 0.95], axis=0))
    np.testing.assert_allclose(found.mean(), found.ranks.mean(axis=0))
    np.testing.assert_allclose(found.acceptability() @ np.arange(1, 31), found.mean())


def test_exact_sums_do_not_depend_on_order_or_batch() -> None:
    rng = np.random.default_rng(4)
    x, w = rng.random((50, 100)) * 99 + 1, rng.dirichlet(np.ones(100), 64).T
    whole = exact.sums(exact.halves(w), exact.fixed(x))
    np.testing.assert_allclose(whole, w.T @ x.T, rtol=1e-12)
    order = rng.permutation(100)
    assert (exact.sums(exact.halves(w[order]), exact.fixed(x[:, order])) == whole).all()
    for k in (0, 31):
        assert (exact.sums(exact.halves(w[:, [k]]), exact.fixed(x))[0] == whole[k]).all()


def test_exact_ranks_share_ties() -> None:
    order = np.array([[3.0, 1.0, 3.0, -2.0], [0.0, 0.0, 0.0, 0.0], [-1.0, 2.0, 5.0, 2.0]])
    out = np.zeros((3, 4), dtype=np.int16)
    exact.ranks_of(order, 8.0, None, out)
    assert out.tolist() == [[1, 3, 1, 4], [1, 1, 1, 1], [4, 2, 1, 2]]
    exact.ranks_of(order, 8.0, np.array([True, False, False, False]), out)
    assert out.tolist() == [[0, 2, 1, 3], [0, 1, 1, 1], [0, 2, 1, 2]]


@pytest.mark.parametrize(("table", "draws"), [("ua_run_N200_rankstats", 200), ("vignette_UA_rankstats", 100)])
def test_reference_rank_quantiles_within_sampling_error(
    coinr, raw: Panel, asem: Framework, table: str, draws: int
) -> None:
    """The reference's draws (its vignette's four assumptions, another generator) against ten thousand of ours."""
    factors = (
        Choice("treat.most", (1, 2, 3, 4, 5)),
        Choice(
            "normalise", (NORMALISATIONS[0], {"normalise.method": "zscore", "normalise.options": {"mean": 10, "sd": 2}})
        ),
        WeightNoise({2: 0.25, 3: 0.25}),
        Choice("aggregate.method", ("arithmetic", "geometric")),
    )
    found = composite.uncertainty(raw, asem, PIPELINE, factors, 10_000, seed=2)
    rows = {r["uCode"]: r for r in coinr.rows(table)}
    assert [int(rows[u]["Nominal"]) for u in found.units] == found.nominal.tolist()
    theirs = np.array([[float(rows[u][c]) for u in found.units] for c in ("Mean", "Q5", "Median", "Q95")])
    error = found.ranks.std(axis=0) / np.sqrt(draws)
    z = (theirs[0] - found.mean()) / np.maximum(error, 0.05)
    assert np.abs(z).max() < 5 and np.percentile(np.abs(z), 50) < 1.5
    assert np.abs(theirs[1:] - found.quantiles([0.05, 0.5, 0.95])).mean() < 0.6


def test_reference_sensitivity_of_the_vignette(coinr, raw: Panel, asem: Framework) -> None:
    """Total-order indices of the vignette lie within (or near) its own bootstrap intervals of ours at a larger n."""
    factors = (
        Choice("treat.most", (1, 2, 3, 4, 5)),
        Choice(
            "normalise", (NORMALISATIONS[0], {"normalise.method": "zscore", "normalise.options": {"mean": 10, "sd": 2}})
        ),
        WeightNoise({2: 0.25, 3: 0.25}),
        Choice("aggregate.method", ("arithmetic", "geometric")),
    )
    found = composite.sensitivity(raw, asem, PIPELINE, factors, 4096, seed=3)
    for row, mine in zip(coinr.rows("vignette_SA_sensitivity"), found.sobol.total, strict=True):
        low, high = float(row["STi_q5"]), float(row["STi_q95"])
        assert low - 0.15 * (high - low) - 0.02 <= mine <= high + 0.15 * (high - low) + 0.02, (row["Variable"], mine)
