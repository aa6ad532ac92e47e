"""Our methods beside other people's code: SALib, ahpy, pymcdm, SciPy."""

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from thanglong.solve.composite import attribution, columns, frontier, judgement, multivariate, outrank, treat, weights
from thanglong.solve.composite.factors import uniforms

RNG = np.random.default_rng(11)
X = np.exp(RNG.normal(size=(40, 6)))


def ishigami(u: np.ndarray) -> np.ndarray:
    x = -np.pi + 2 * np.pi * u
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


COLUMNS = (slice(0, 1), slice(1, 2), slice(2, 3))
FIRST, TOTAL = np.array([0.3139, 0.4424, 0.0]), np.array([0.5576, 0.4424, 0.2437])


def test_sobol_estimator_on_the_reference_run(coinr) -> None:
    _, _, y = coinr.block("sa_ishigami_y", key="none")
    found = attribution.sobol_estimate(y[:, 0], 512, ["V1", "V2", "V3"], centre=False)
    rows = coinr.rows("sa_ishigami_indices")
    np.testing.assert_allclose(found.first, [float(r["Si"]) for r in rows], rtol=1e-9)
    np.testing.assert_allclose(found.total, [float(r["STi"]) for r in rows], rtol=1e-9)
    _, _, design = coinr.block("sa_ishigami_design", key="none")
    np.testing.assert_allclose(ishigami(design), y[:, 0], rtol=1e-9)  # their design: A, B, AB_1, AB_2, AB_3
    for i in range(3):
        mixed = design[(2 + i) * 512 : (3 + i) * 512]
        assert (mixed[:, i] == design[512:1024, i]).all()


def test_sobol_indices_of_ishigami() -> None:
    n = 16384
    y = ishigami(attribution.sobol_design(n, COLUMNS, 3, 5))
    found = attribution.sobol_estimate(y, n, ["a", "b", "c"], boot=200)
    np.testing.assert_allclose(found.first, FIRST, atol=0.03)
    np.testing.assert_allclose(found.total, TOTAL, atol=0.02)
    assert ((found.first_interval[0] <= found.first) & (found.first <= found.first_interval[1])).all()


def test_sobol_agrees_with_salib() -> None:
    from SALib.analyze import sobol

    n, d = 1024, 3
    u = attribution.sobol_design(n, COLUMNS, d, 6)
    y = ishigami(u)
    # SALib interleaves A, AB_1.., B for each row
    rows = [
        y[k] if part == 0 else y[n + k] if part == d + 1 else y[(1 + part) * n + k]
        for k in range(n)
        for part in range(d + 2)
    ]
    problem = {"num_vars": d, "names": ["a", "b", "c"], "bounds": [[0, 1]] * d}
    theirs = sobol.analyze(problem, np.array(rows), calc_second_order=False, seed=1)
    mine = attribution.sobol_estimate(y, n, ["a", "b", "c"])
    # SALib centres the outcome and divides by the population variance; the total index is the same estimator
    np.testing.assert_allclose(mine.total, theirs["ST"], rtol=2e-3)
    np.testing.assert_allclose(mine.first, theirs["S1"], rtol=5e-3, atol=2e-3)


def test_pawn_agrees_with_salib() -> None:
    from SALib.analyze import pawn

    u = uniforms(3, 0, 2000, 3)
    y = ishigami(u)
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0, 1]] * 3}
    theirs = pawn.analyze(problem, u, y, S=10, seed=1)
    mine = attribution.pawn_estimate(u, y, ["a", "b", "c"])
    for name, values in (
        ("median", mine.median),
        ("mean", mine.mean),
        ("maximum", mine.maximum),
        ("minimum", mine.minimum),
    ):
        np.testing.assert_allclose(values, theirs[name], atol=0.012)


def test_shapley_effects_of_ishigami_and_their_sum() -> None:
    found = attribution.shapley_estimate(ishigami, COLUMNS, 3, ["a", "b", "c"], 20_000, 4)
    # independent inputs: first order plus a fair part of each interaction; only a and c interact (0.2437)
    np.testing.assert_allclose(found.effects, [0.3139 + 0.2437 / 2, 0.4424, 0.2437 / 2], atol=0.03)
    assert abs(found.effects.sum() - 1) < 1e-12


def test_saaty_drinks(shared_data: Path) -> None:
    path = shared_data / "index" / "ahp" / "saaty_drinks.json"
    if not path.is_file():
        pytest.skip("needs ../shared/data/index/ahp (see docs/do/run-the-tests.md)")
    known = json.loads(path.read_text())
    given = {tuple(pair.split("|")): value for pair, value in known["upper"].items()}
    matrix = judgement.pairwise_matrix(known["items"], given)
    for table, ratio in (("saaty", 0.0223), ("saaty_2008", 0.0218), ("donegan_dodd", 0.0235)):
        found = judgement.ahp(matrix, table)
        np.testing.assert_allclose(found.weights, known["weights"], atol=2e-6)
        assert abs(found.eigenvalue - known["lambda_max"]) < 1e-9
        assert abs(found.consistency_ratio - ratio) < 6e-5 and found.random_index == table


def test_ahp_agrees_with_ahpy() -> None:
    import ahpy

    given = {("a", "b"): 3, ("a", "c"): 5, ("a", "d"): 2, ("b", "c"): 2, ("b", "d"): 1 / 2, ("c", "d"): 1 / 4}
    theirs = ahpy.Compare("x", given, precision=10, random_index="dd")
    found = judgement.ahp(judgement.pairwise_matrix("abcd", given), "donegan_dodd")
    np.testing.assert_allclose(found.weights, [theirs.local_weights[c] for c in "abcd"], atol=1e-8)
    assert abs(found.consistency_ratio - theirs.consistency_ratio) < 1e-3
    saaty = ahpy.Compare("x", given, precision=10, random_index="saaty")
    assert (
        abs(
            judgement.ahp(judgement.pairwise_matrix("abcd", given), "saaty").consistency_ratio - saaty.consistency_ratio
        )
        < 2e-3
    )


def test_objective_weights_and_topsis_agree_with_pymcdm() -> None:
    from pymcdm import weights as theirs
    from pymcdm.helpers import rankdata
    from pymcdm.methods import TOPSIS
    from pymcdm.normalizations import vector_normalization

    np.testing.assert_allclose(weights.entropy(X), theirs.entropy_weights(X), rtol=1e-9)
    np.testing.assert_allclose(weights.critic(X), theirs.critic_weights(X), rtol=1e-9)
    np.testing.assert_allclose(weights.spread(X), X.std(0, ddof=1) / X.std(0, ddof=1).sum(), rtol=1e-12)
    w = np.full(6, 1 / 6)
    other = TOPSIS(vector_normalization)(X, w, np.ones(6))
    mine = frontier.topsis(X, w)
    np.testing.assert_allclose(mine, other, rtol=1e-9)
    np.testing.assert_array_equal(columns.ranks(mine), rankdata(other, reverse=True))


def test_shape_ranks_and_correlations_agree_with_scipy() -> None:
    np.testing.assert_allclose(columns.skew(X), stats.skew(X, bias=False), rtol=1e-10)
    np.testing.assert_allclose(columns.kurtosis(X), stats.kurtosis(X, bias=False), rtol=1e-10)
    tied = np.round(X, 1)
    np.testing.assert_array_equal(columns.ranks_up(tied), stats.rankdata(tied, "min", axis=0))
    np.testing.assert_array_equal(columns.mid_ranks(tied), stats.rankdata(tied, "average", axis=0))
    np.testing.assert_allclose(multivariate.correlation(tied, "spearman"), stats.spearmanr(tied).statistic, atol=1e-12)
    kendall = [[stats.kendalltau(tied[:, i], tied[:, j]).statistic for j in range(6)] for i in range(6)]
    np.testing.assert_allclose(multivariate.correlation(tied, "kendall"), kendall, atol=1e-12)
    np.testing.assert_allclose(multivariate.correlation(X), np.corrcoef(X.T), atol=1e-12)
    np.testing.assert_allclose(multivariate.p_values(X)[0, 1], stats.pearsonr(X[:, 0], X[:, 1]).pvalue)
    np.testing.assert_allclose(multivariate.covariance(X), np.cov(X.T), rtol=1e-10)
    shifted = X[:, [0]] - X[:, 0].min() + 1
    np.testing.assert_allclose(treat.boxcox(X[:, [0]], 0.3)[:, 0], stats.boxcox(shifted[:, 0], 0.3), rtol=1e-12)


def test_kendall_w_of_full_agreement_and_of_friedman() -> None:
    ratings = RNG.integers(1, 6, size=(9, 5)).astype(float)
    w, p = judgement.kendall_w(ratings)
    friedman = stats.friedmanchisquare(*ratings.T)
    assert abs(9 * 4 * w - friedman.statistic) < 1e-9 and abs(p - friedman.pvalue) < 1e-12
    assert judgement.kendall_w(np.tile([1.0, 2, 3, 4], (6, 1)))[0] == 1.0


def test_ks_distance_is_scipys() -> None:
    a, b = np.sort(RNG.normal(size=50)), np.sort(RNG.normal(size=80) + 0.3)
    assert abs(attribution.ks_distance(a, b) - stats.ks_2samp(a, b).statistic) < 1e-12


def test_kemeny_is_the_best_of_all_orders() -> None:
    for seed in range(5):
        x = np.random.default_rng(seed).integers(0, 5, size=(6, 5)).astype(float)
        best = max(outrank.kemeny_score(np.array(order), x) for order in permutations(range(6)))
        assert abs(outrank.kemeny_score(outrank.kemeny(x), x) - best) < 1e-12
        local = outrank.kemeny_score(outrank.kemeny(x, exact_limit=3), x)
        assert local <= best + 1e-12 and local >= 0.97 * best
        assert outrank.is_condorcet_order(outrank.kemeny(x), x)


def test_best_worst_of_the_published_example() -> None:
    # Rezaei (2016), buying a car: best is price (0), worst is style (4)
    found = judgement.best_worst(0, 4, [1, 2, 4, 2, 8], [8, 4, 2, 4, 1])
    np.testing.assert_allclose(
        found.weights, np.array([8, 4, 2, 4, 1]) / 19, atol=1e-9
    )  # wholly consistent: exact ratios
    assert found.xi < 1e-9
    uneven = judgement.best_worst(1, 2, [2, 1, 8], [4, 8, 1])
    assert uneven.xi < 0.06 and abs(uneven.weights.sum() - 1) < 1e-12 and uneven.weights.argmax() == 1


def test_benefit_of_the_doubt_by_hand() -> None:
    x = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [0.4, 0.4]])
    found = frontier.benefit_of_the_doubt(x)
    np.testing.assert_allclose(found.scores, [1, 1, 1, 0.8], atol=1e-9)
    np.testing.assert_allclose(
        frontier.benefit_of_the_doubt(x * [3, 700]).scores, found.scores, atol=1e-9
    )  # units do not matter
    bound = frontier.benefit_of_the_doubt(x[2:], least=0.25, most=0.75)
    assert (bound.shares > 0.25 - 1e-9).all() and (bound.shares < 0.75 + 1e-9).all()
