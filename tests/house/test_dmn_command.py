"""``thanglong dmn``: check, run, test and convert models; the shipped models are sound and pass their own cases."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from thanglong.cli.main import app
from thanglong.formats import dmn

SOURCE = Path(__file__).parents[2] / "src" / "thanglong"
SHIPPED = sorted(SOURCE.rglob("decisions/*.dmn"))
MODEL = """<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="Fees" namespace="urn:fees">
<itemDefinition name="tKind"><typeRef>string</typeRef><allowedValues><text>"plan","copy"</text></allowedValues></itemDefinition>
<inputData id="k" name="Kind"><variable name="Kind" typeRef="tKind"/></inputData>
<inputData id="p" name="Pages"><variable name="Pages" typeRef="number"/></inputData>
<decision id="f" name="Fee"><variable name="Fee" typeRef="number"/>
<informationRequirement><requiredInput href="#k"/></informationRequirement>
<informationRequirement><requiredInput href="#p"/></informationRequirement>
<decisionTable id="t" hitPolicy="UNIQUE">
<input id="a"><inputExpression typeRef="tKind"><text>Kind</text></inputExpression></input>
<input id="b"><inputExpression typeRef="number"><text>Pages</text></inputExpression></input>
<output id="o" typeRef="number"/>
<rule id="r1"><inputEntry><text>"plan"</text></inputEntry><inputEntry><text>-</text></inputEntry><outputEntry><text>50000</text></outputEntry></rule>
<rule id="r2"><inputEntry><text>"copy"</text></inputEntry><inputEntry><text>&lt;= 10</text></inputEntry><outputEntry><text>2000 * Pages</text></outputEntry></rule>
</decisionTable></decision></definitions>
"""


def call(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["dmn", *arguments])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "fees.dmn"
    file.write_text(MODEL, encoding="utf-8")
    return file


@pytest.mark.parametrize("file", SHIPPED, ids=lambda path: path.stem)
def test_shipped_models_are_sound_and_pass_their_cases(file: Path) -> None:
    answer = json.loads(call("check", str(file), "--strict", "--json"))
    assert answer["ok"] and not answer["findings"]
    answer = json.loads(call("test", str(file), "--json"))
    assert answer["total"] >= 5 and not answer["failed"]
    written = dmn.write(dmn.read(file.read_bytes()))
    assert dmn.write(dmn.read(written)) == written


def test_check_names_line_and_example(model: Path) -> None:
    output = call("check", str(model))
    assert f"{model}:8: warning: No rule applies when Kind is “copy” and Pages is more than 10." in output
    assert "Kind = “copy”, Pages = 11" in output
    answer = json.loads(call("check", str(model), "--strict", "--json", code=1))
    assert answer["warnings"] == 1 and answer["findings"][0]["example"] == {"Kind": "copy", "Pages": 11}
    assert "Không quy tắc nào" in call("check", str(model), "--language", "vi")


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('href="#p"', 'href="#q"', ":5: error: “Fee” refers to “#q”, which is not in this model."),
        ("2000 * Pages", "2000 * ", ":13: error: “2000 *” cannot be read"),
        ("2000 * Pages", "2000 * Sides", ":13: error: “2000 * Sides” speaks of “Sides”"),
        ("<text>50000", "<text>\"free\"", ":12: error: “\"free\"” should be a number"),
        ('typeRef="tKind"/></inputData>', 'typeRef="tSort"/></inputData>', "names the type “tSort”"),
        ('"plan"</text></inputEntry>', '-</text></inputEntry>', "Rules 1 and 2 both apply when"),
        ('id="r2"', 'id="r1"', ":13: error: The id “r1” stands twice"),
        ("<inputEntry><text>-</text></inputEntry>", "", "has 1 cells where the table has 2 columns"),
        ('hitPolicy="UNIQUE"', 'hitPolicy="PRIORITY"', "needs output values"),
    ],
)  # fmt: skip
def test_check_finds_what_is_wrong(model: Path, old: str, new: str, text: str) -> None:
    assert old in MODEL
    model.write_text(MODEL.replace(old, new, 1), encoding="utf-8")
    assert text in call("check", str(model), code=1)


def test_a_file_that_cannot_be_read_ends_with_two(model: Path) -> None:
    model.write_text("<!DOCTYPE x>" + MODEL)
    assert "DOCTYPE" in call("check", str(model), code=2)
    assert json.loads(call("check", str(model), "--json", code=2))["findings"][0]["line"] == 1
    assert "DOCTYPE" in call("run", str(model), code=2)


def test_run_decides_and_explains(model: Path, tmp_path: Path) -> None:
    given = '{"Kind": "copy", "Pages": 3}'
    assert call("run", str(model), "--input", given) == "Fee: 6000\n"
    explained = call("run", str(model), "--input", given, "--explain")
    assert "“Fee” is 6000, because rule 2 applies: Kind is “copy”, Pages is 3 (at most 10)." in explained
    said = call("run", str(model), "--input", given, "--explain", "--language", "vi")
    assert "“Fee” là 6000, vì quy tắc 2 áp dụng: Kind là “copy”, Pages là 3 (nhiều nhất 10)." in said
    answer = json.loads(call("run", str(model), "--input", given, "--explain", "--json"))
    table = next(step for step in answer["results"][0]["steps"] if step["kind"] == "table")
    assert table["rules"][0]["id"] == "r2" and table["value"] == 6000
    (tmp_path / "in.json").write_text(given)
    assert call("run", str(model), "--input", f"@{tmp_path / 'in.json'}", "--decision", "Fee") == "Fee: 6000\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--input", '{"Pages": "three"}'], "“Pages” should be a number, not “three”."),
        (["--input", "[1]"], "give an object"),
        (["--input", "{"], "not JSON"),
        (["--decision", "Nothing"], "it has: Fee"),
    ],
)
def test_run_refuses_wrong_use(model: Path, arguments: list[str], text: str) -> None:
    assert text in call("run", str(model), *arguments, code=2)


def test_test_cases_beside_a_model(model: Path) -> None:
    assert "write fees.tests.json" in call("test", str(model), code=1)
    cases = [
        {"inputs": {"Kind": "plan"}, "expected": 50000, "rule": 1},
        {"name": "three copies", "inputs": {"Kind": "copy", "Pages": 3}, "expected": 6000, "rule": "r2"},
    ]
    file = model.with_name("fees.tests.json")
    file.write_text(json.dumps(cases))
    assert "2 passed, 0 failed, 2 in all" in call("test", str(model))
    cases[1] |= {"expected": 1}
    file.write_text(json.dumps(cases))
    assert "three copies: expected 1, found 6000" in call("test", str(model), code=1)
    file.write_text("{}")
    assert "a list of cases is expected" in call("test", str(model), code=2)


def test_convert_changes_the_version(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "old.dmn"
    call("convert", str(model), "--to", "1.2", "--out", str(out))
    assert dmn.read(out.read_bytes()).version == "1.2"
    assert "not known" in call("convert", str(model), "--to", "3", code=2)


def test_the_command_starts_at_once(model: Path) -> None:
    began = time.perf_counter()
    command = [sys.executable, "-m", "thanglong.cli.main", "dmn", "check", str(model)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(SOURCE.parent)})
    assert time.perf_counter() - began < 3  # the aim is half a second; a busy machine takes longer
