"""Analysis of the example index against the reference tables: correlations, weights, results, removal, panel."""

from typing import Any

import numpy as np
import pytest
from tests.composite.conftest import PIPELINE, number

from thanglong.solve import composite
from thanglong.solve.composite import multivariate, panels, report, weights
from thanglong.solve.composite.pipeline import Result
from thanglong.solve.composite.types import Array, Framework, Panel, Pipeline

CLOSE: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-9, "equal_nan": True}


def close(found, wanted) -> None:
    np.testing.assert_allclose(found, wanted, **CLOSE)


def long_table(coinr, name: str) -> dict[tuple[str, str], float]:
    return {(r["Var1"], r["Var2"]): number(r["Correlation"]) for r in coinr.rows(name)}


@pytest.mark.parametrize("kind", ["pearson", "spearman", "kendall"])
def test_correlations_of_raw(coinr, raw: Panel, asem: Framework, kind: str) -> None:
    found = multivariate.correlation(raw.columns(asem.indicators), kind)
    wanted = long_table(coinr, f"corr_raw_{kind}")
    at = {c: j for j, c in enumerate(asem.indicators)}
    assert len(wanted) == 49 * 49
    close([found[at[a], at[b]] for a, b in wanted], list(wanted.values()))


@pytest.mark.parametrize("kind", ["pearson", "spearman", "kendall"])
@pytest.mark.parametrize("levels", ["1_2", "2_3"])
def test_correlations_between_levels(coinr, example: Result, kind: str, levels: str) -> None:
    wanted = long_table(coinr, f"corr_agg_{levels}_{kind}")
    at = {c: j for j, c in enumerate(example.framework.codes)}
    found = multivariate.correlation(example.scores, kind)
    exact = [pair for pair in wanted if kind == "pearson" or "TolMin" not in pair]
    close([found[at[a], at[b]] for a, b in exact], [wanted[pair] for pair in exact])
    # which of TolMin's values that differ in the 16th digit stay apart after scaling depends on the machine
    np.testing.assert_allclose([found[at[a], at[b]] for a, b in wanted], list(wanted.values()), atol=5e-3)


def test_correlation_flags(coinr, example: Result, raw: Panel, asem: Framework) -> None:
    pairs = multivariate.flags(example.stages["normalise"], asem, 0.75)
    wanted = {(r["Group"], frozenset((r["Ind1"], r["Ind2"])), r["Corr"]) for r in coinr.rows("corr_flags")}
    assert {(p.group, frozenset((p.first, p.second)), f"{p.value:.3f}") for p in pairs} == wanted
    names = ("Area", "Energy", "GDP", "Population")
    found = multivariate.with_denominators(
        raw.columns(asem.indicators), asem.indicators, raw.columns(names), names, 0.7
    )
    rows = coinr.rows("corr_denom")
    assert sorted((p.first, p.second, f"{p.value:.2f}") for p in found) == sorted(
        (r["Ind"], r["Denom"], f"{float(r['Corr']):.2f}") for r in rows
    )


def test_cronbach(coinr, raw: Panel, asem: Framework) -> None:
    for row in coinr.rows("cronbach_raw_pillars"):
        close(multivariate.cronbach(raw.columns(asem.children(row["pillar"]))), float(row["alpha"]))


@pytest.mark.parametrize("code", ["Conn", "Sust"])
def test_principal_components(coinr, example: Result, code: str) -> None:
    names, _, wanted = coinr.block(f"pca_rotation_{code}", key="")
    at = {c: j for j, c in enumerate(example.framework.codes)}
    found = multivariate.pca(example.scores[:, [at[n] for n in names]])
    sign = np.sign((found.rotation * wanted).sum(axis=0))
    close(found.rotation * sign, wanted)
    close(found.sdev, coinr.block(f"pca_sdev_{code}", key="none")[2][:, 0])


@pytest.mark.parametrize("level", [1, 2])
def test_weights_from_principal_components(coinr, example: Result, asem: Framework, level: int) -> None:
    at = {c: j for j, c in enumerate(asem.codes)}
    codes = asem.at_level(level)
    found = weights.from_pca(example.scores[:, [at[c] for c in codes]], codes, asem)
    wanted = {
        r["iCode"]: float(r["Weight"]) for r in coinr.rows(f"pca_weights_level{level}") if int(r["Level"]) == level
    }
    for parent in {asem[c].parent for c in codes}:  # the sign of a component is arbitrary
        children = [c for c in codes if asem[c].parent == parent]
        a, b = np.array([found[c] for c in children]), np.array([wanted[c] for c in children])
        close(a * np.sign((a * b).sum()), b)


def test_effective_weights(coinr, asem: Framework) -> None:
    found = weights.effective(asem)
    for row in coinr.rows("weights_effective"):
        close(found[row["iCode"]], float(row["EffWeight"]))
    assert {r["iCode"]: float(r["Weight"]) for r in coinr.rows("base_weights_original")} == asem.weights()


def test_noisy_weights_have_the_reference_distribution(coinr, asem: Framework) -> None:
    rows = coinr.rows("weights_noisy_100")
    wanted = np.array([float(r["Weight"]) for r in rows if r["Level"] in ("2", "3")])
    found = weights.noisy(asem, {2: 0.25, 3: 0.25}, 2000, np.random.default_rng(1))
    mine = np.concatenate([found[c] for c in (*asem.at_level(2), *asem.at_level(3))])
    assert mine.min() >= 0.75 and mine.max() <= 1.25 and wanted.min() >= 0.75 and wanted.max() <= 1.25
    from scipy import stats

    assert stats.ks_2samp(mine, wanted).pvalue > 0.01
    assert all((found[c] == 1).all() for c in asem.indicators)


def correlations_of(example: Result, asem: Framework, w: Array) -> Array:
    tree = asem.with_weights(dict(zip(asem.at_level(2), w, strict=True)))
    result = composite.compute(example.panel, tree, Pipeline(PIPELINE.steps[3:]))
    at = {c: j for j, c in enumerate(tree.codes)}
    return multivariate.correlation(result.scores, "pearson")[[at[c] for c in asem.at_level(2)], at["Index"]]


@pytest.mark.parametrize("kind", ["balance", "infomax"])
def test_optimised_weights_are_at_least_as_good(coinr, example: Result, asem: Framework, kind: str) -> None:
    theirs = np.array([float(r["OptWeight"]) for r in coinr.rows(f"weights_opt_{kind}_corr")])
    reference = correlations_of(example, asem, theirs)
    found = weights.optimise(example.stages["normalise"], asem, 2, kind)
    if kind == "balance":
        obtained = np.array([float(r["Obtained"]) for r in coinr.rows("weights_opt_balance_corr")])
        # the table is of the search's last try, in the order of names: near, not equal
        order = np.argsort(asem.at_level(2))
        np.testing.assert_allclose((reference / reference.sum())[order], obtained, atol=5e-5)
        assert found.objective <= np.mean((1 / 8 - obtained) ** 2)
    else:
        assert found.objective <= -reference.sum() + 1e-12
    positive = weights.optimise(example.stages["normalise"], asem, 2, kind, non_negative=True)
    assert (positive.weights >= 0).all() and abs(positive.weights.sum() - 1) < 1e-12


@pytest.mark.parametrize(
    ("table", "use", "decimals"),
    [("base_results_Aggs_scores", "scores", 2), ("base_results_Aggs_ranks", "ranks", None),
     ("base_results_Summ_scores", "scores", 2), ("base_results_Summ_ranks", "ranks", None)],
)  # fmt: skip
def test_results_tables(coinr, example: Result, table: str, use: str, decimals) -> None:
    units, codes, wanted = coinr.block(table)
    asked = [c for c in codes if c != "Rank"]
    found = report.results(example, use, asked, decimals=decimals).sorted_by("Index", descending=use == "scores")
    assert list(found.units) == units  # both sorted by the index
    np.testing.assert_allclose(found.values, wanted[:, [codes.index(c) for c in asked]], atol=1e-9)
    if "Rank" in codes:
        ranks = example.ranks()
        assert [ranks[example.units.index(u)] for u in units] == list(wanted[:, codes.index("Rank")])


def test_ranks_within_groups(coinr, example: Result) -> None:
    units, codes, wanted = coinr.block("base_results_Aggs_groupranks_GDP")
    asked = [c for c in codes if c != "GDP_group"]
    found = report.results(example, "groupranks", asked, "GDP_group")
    order = [found.units.index(u) for u in units]
    np.testing.assert_array_equal(found.values[order], wanted[:, [codes.index(c) for c in asked]])


def test_unit_summary(coinr, example: Result) -> None:
    lines = report.unit_summary(example, "IND")
    rows = coinr.rows("unit_summary_IND")
    assert [(x.code, x.name, round(x.score, 2), x.rank) for x in lines] == [
        (r["Code"], r["Name"], float(r["Score"]), int(r["Rank"])) for r in rows
    ]


def test_strengths_and_weaknesses(coinr, raw: Panel, asem: Framework) -> None:
    best, worst = report.strengths(asem, raw.units, raw.columns(asem.indicators), "ESP")
    for lines, table in ((best, "strengths_ESP"), (worst, "weaknesses_ESP")):
        # equal ranks stand there in the order of the parents' names, here in that of the framework
        mine = [(x.rank, x.code, x.name, x.parent, float(f"{x.score:.3g}"), x.unit) for x in lines]
        rows = coinr.rows(table)
        assert [r for r, *_ in mine] == [int(r["Rank"]) for r in rows]
        assert sorted(mine) == sorted(
            (int(r["Rank"]), r["Code"], r["Name"], r["Pillar"], float(r["Value"]), r["Unit"]) for r in rows
        )


def test_removal_of_pillars(coinr, raw: Panel, asem: Framework) -> None:
    found = report.remove(raw, asem, PIPELINE, 2)
    names = ("Nominal", *found.codes)
    close(found.scores, coinr.like("remove_pillars_scores", found.units, names))
    np.testing.assert_array_equal(found.ranks, coinr.like("remove_pillars_ranks", found.units, names))
    row = coinr.rows("remove_pillars_meanabsdiff")[0]
    close(found.mean_change, [float(row[n]) for n in names])


@pytest.fixture(scope="module")
def years(purse: Panel, asem: Framework) -> Result:
    pipeline = Pipeline.of(("screen", {"available": 0.9}), "treat", "normalise", "aggregate")
    return composite.compute(purse, asem, pipeline)


def test_panel_index(coinr, years: Result) -> None:
    rows = coinr.rows("purse_index")
    key = {(u, t): i for i, (u, t) in enumerate(zip(years.units, years.panel.times, strict=True))}
    assert len(rows) == len(key)
    order = [key[r["uCode"], float(r["Time"])] for r in rows]
    for code in ("Index", "Conn", "Sust"):
        close(years.score(code)[order], [number(r[code]) for r in rows])


def test_panel_trends(coinr, purse: Panel, asem: Framework) -> None:
    rows = coinr.rows("purse_trends")
    codes = list(dict.fromkeys(r["Trends.iCode"] for r in rows))
    found = {(t.unit, t.code): t for t in panels.trends(purse, asem, codes)}
    for r in rows:
        trend = found[r["Trends.uCode"], r["Trends.iCode"]]
        close(
            [trend.value, trend.available, trend.first, trend.last],
            [number(r[f"Trends.{k}"]) for k in ("CAGR", "Avail", "t_first", "t_latest")],
        )
