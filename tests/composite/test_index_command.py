"""The ``thanglong index`` commands, shipped studies and plausibility, end to end on generated panels."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from thanglong.cli.index import app
from thanglong.domains.index import rules, service
from thanglong.formats import index_framework
from thanglong.kit.errors import Invalid, NotFound
from thanglong.solve.composite.types import Panel

RUN = CliRunner()
PLAIN = {"%": (48.0, 48.4), "0..1": (0.3, 0.5), "yes/no": (0.0, 1.0), "ratio": (1.1, 1.4), "years": (70.0, 80.0)}


def made(key: str, cities: int = 20, seed: int = 1) -> Panel:
    """A plausible panel for a shipped study."""
    study, rng = service.study(key), np.random.default_rng(seed)
    columns = []
    for code in study.framework.indicators:
        node = study.framework[code]
        low, high = PLAIN.get(node.unit, (4.0, 40.0) if node.unit != "USD per inhabitant" else (2000.0, 9000.0))
        if node.unit == "points" and node.goalposts:
            low, high = 0.3 * node.goalposts[1], 0.9 * node.goalposts[1]
        columns.append(rng.uniform(low, high, cities))
    return Panel(tuple(f"City {i}" for i in range(cities)), study.framework.indicators, np.column_stack(columns))


def write(panel: Panel, path: Path) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["city", *panel.codes])
        out.writerows(
            [u, *("" if np.isnan(v) else repr(float(v)) for v in row)]
            for u, row in zip(panel.units, panel.values, strict=True)
        )
    return path


@pytest.fixture
def cities(tmp_path: Path) -> Path:
    return write(made("asocio-draft", 8), tmp_path / "cities.csv")


def answer(*arguments: str, code: int = 0):
    result = RUN.invoke(app, [*arguments, "--json"])
    assert result.exit_code == code, result.output + repr(result.exception)
    return json.loads(result.stdout)


def test_compute_writes_tables_and_pictures(cities: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = answer("compute", "asocio-draft", "--panel", str(cities), "--out", str(out))
    assert len(found["scores"]) == 8 and sorted(row["rank"] for row in found["scores"])[0] == 1
    for name in ("scores", "ranks", "indicators", "framework", "strengths"):
        assert all((out / f"{name}.{ending}").is_file() for ending in ("csv", "parquet", "json"))
    assert (out / "scores.svg").read_text().lstrip().startswith("<?xml") and (out / "units" / "City_3.svg").is_file()
    import pyarrow.parquet as parquet

    table = parquet.read_table(out / "scores.parquet").to_pydict()
    assert table["unit"] == [row["unit"] for row in found["scores"]]
    share = {r["code"]: r["effective_weight"] for r in json.loads((out / "framework.json").read_text())}
    assert abs(sum(share[c] for c in service.study("asocio-draft").framework.indicators) - 1) < 1e-12


def test_uncertainty_and_its_replay(cities: Path, tmp_path: Path) -> None:
    panel = ["--panel", str(cities)]
    found = answer("uncertainty", "asocio-draft", *panel, "--draws", "300", "--seed", "4", "--out", str(tmp_path / "u"))
    assert (tmp_path / "u" / "ranks.svg").is_file() and found["failed"] == 0
    draw = answer("uncertainty", "asocio-draft", *panel, "--replay", found["first_line"])
    assert draw["options"]["aggregate.method"] in ("arithmetic", "geometric") and len(draw["units"]) == 8
    study, data = service.study("asocio-draft"), service.panel(service.study("asocio-draft"), cities)
    again = service.uncertainty(study, data, 300, 4)
    assert [u["rank"] for u in draw["units"]] == again.ranks[0].tolist()
    RUN.invoke(app, ["uncertainty", "asocio-draft", *panel, "--draws", "50"])
    wrong = RUN.invoke(app, ["uncertainty", "asocio-draft", *panel, "--replay", found["first_line"][:-1] + "x"])
    assert wrong.exit_code == 2 and "belongs to design" in wrong.stderr


def test_sensitivity_and_compare(cities: Path, tmp_path: Path) -> None:
    panel = ["--panel", str(cities)]
    found = answer("sensitivity", "asocio-draft", *panel, "--runs", "64", "--out", str(tmp_path / "s"))
    assert [f["factor"] for f in found["factors"]] == ["treat.most", "normalise", "weights", "aggregate.method"]
    assert (tmp_path / "s" / "sensitivity.svg").is_file()
    other = json.loads((Path(service.__file__).parent / "frameworks" / "asocio-draft.json").read_text())
    other["key"] = "geometric"
    other["pipeline"][-1]["method"] = "geometric"
    path = tmp_path / "geometric.json"
    path.write_text(json.dumps(other))
    both = answer("compare", "asocio-draft", str(path), *panel)
    assert both["variants"][0]["mean_change"] == 0 and 0 < both["variants"][1]["spearman"] <= 1


def test_a_factor_without_its_step_stops_the_command(cities: Path, tmp_path: Path) -> None:
    other = json.loads((Path(service.__file__).parent / "frameworks" / "asocio-draft.json").read_text())
    other["factors"].append({"choice": "screen.available", "values": [0.5, 0.9]})
    path = tmp_path / "study.json"
    path.write_text(json.dumps(other))
    result = RUN.invoke(app, ["uncertainty", str(path), "--panel", str(cities)])
    assert result.exit_code == 2 and "no 'screen.available'" in result.stderr and "treat.most" in result.stderr


@pytest.mark.parametrize("key", [s.key for s in service.studies() if s.status != "published"])
def test_shipped_studies_compute_and_are_plausible(key: str) -> None:
    study, data = service.study(key), made(key)
    assert not service.check(study, data)
    assert np.isfinite(service.compute(study, data).score()).all()
    assert study.sources and all(rules.names_in(rule.holds) <= set(study.framework.indicators) for rule in study.rules)
    if len(study.factors) > 1:
        assert service.sensitivity(study, data, 16, 1).sobol.total.shape == (len(study.factors),)


def test_shipped_facts() -> None:
    u4ssc = service.study("u4ssc").document["framework"]
    leaves = [n for n in u4ssc if "official" in n]
    assert len(leaves) == 91 and sum("feed" in n for n in leaves) == 28
    assert sum(n["note"].endswith("core") for n in leaves) == 55
    dti = service.study("dti-2022").framework
    assert sum(dti[c].weight for c in dti.indicators) == 1000 and dti["smart_city"].weight == 0
    draft = service.study("asocio-draft")
    assert draft.status == "draft" and "ours" in draft.title and len(draft.framework.children("index")) == 5


def test_seeded_errors_are_found() -> None:
    study, rng = service.study("u4ssc"), np.random.default_rng(7)
    clean = made("u4ssc", 40)
    assert not service.check(study, clean)
    percent = [j for j, c in enumerate(clean.codes) if study.framework[c].unit == "%"]
    found = 0
    for _ in range(100):
        values = clean.values.copy()
        row, column = int(rng.integers(40)), int(rng.choice(percent))
        values[row, column] = rng.choice([-1, 1]) * rng.uniform(101, 5000)
        wrong = service.check(study, Panel(clean.units, clean.codes, values))
        found += any(f.unit == f"City {row}" for f in wrong)
    assert found == 100


def test_documents_with_faults_list_them_all(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        rules.study_of(
            {"format": "thanglong-index/1", "key": "Bad Key", "title": "", "framework": [{"code": "a", "direction": 3}]}
        )
    assert len(caught.value.faults) == 4
    with pytest.raises(Invalid, match="unknown option of treat"):
        rules.study_of(
            {
                "format": "thanglong-index/1",
                "key": "x",
                "title": "x",
                "framework": [{"code": "a", "parent": "b"}, {"code": "b"}],
                "pipeline": [{"step": "treat", "winmax": 5}],
            }
        )
    with pytest.raises(NotFound, match="asocio-draft"):
        service.study("nothing-of-the-kind")
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(Invalid, match="not JSON"):
        service.study(str(tmp_path / "x.json"))


def test_panels_say_what_does_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    for text, said in (
        ("a,b\n1\n", "fields"),
        ("a,a\n1,2\n", "twice"),
        ("a,b\n", "no rows"),
        ("a,b\n,2\n", "has no a"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=said):
            index_framework.read_panel(path)
    path.write_text("city;x;word;y\nA;1;one;..\nB;2,5;two;3\n".replace("2,5", "2.5"))
    found = index_framework.read_panel(path)
    assert found.codes == ("x", "y") and found.values[1].tolist() == [2.5, 3.0] and np.isnan(found.values[0, 1])


def test_parquet_and_wide_panels(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet as parquet

    parquet.write_table(
        pyarrow.table({"u": ["A", "B"], "x_2020": [1.0, None], "x_2021": [3, 4], "g": ["k", "l"]}),
        tmp_path / "p.parquet",
    )
    found = index_framework.read_panel(
        tmp_path / "p.parquet", {"wide": "(?P<code>.)_(?P<time>[0-9]{4})", "groups": ["g"]}
    )
    assert found.units == ("A", "B", "A", "B") and found.times.tolist() == [2020, 2020, 2021, 2021]
    np.testing.assert_array_equal(found.values[:, 0], [1, np.nan, 3, 4])
    assert found.groups["g"] == ("k", "l", "k", "l")
