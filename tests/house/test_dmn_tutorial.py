"""The tutorial on decisions is followed step by step; what it shows is what happens."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from thanglong.cli.main import app

PAGE = Path(__file__).parents[2] / "docs" / "learn" / "decisions.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.S | re.M)


def test_the_tutorial_is_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    model = Path("copies.dmn")
    (xml,), shown = blocks("xml"), blocks("text")
    model.write_text(xml, encoding="utf-8")
    call = CliRunner()
    assert call.invoke(app, ["dmn", "check", "copies.dmn"]).output == shown[0]
    model.write_text(xml.replace("<text>>= 10</text>", "<text>> 10</text>"), encoding="utf-8")
    assert call.invoke(app, ["dmn", "check", "copies.dmn"]).exit_code == 0
    given = '{"Kind": "deed", "Pages": 12}'
    assert given in PAGE.read_text(encoding="utf-8")
    assert call.invoke(app, ["dmn", "run", "copies.dmn", "--input", given, "--explain"]).output == shown[1]
    (cases,) = blocks("json")
    assert len(json.loads(cases)) == 3
    Path("copies.tests.json").write_text(cases, encoding="utf-8")
    assert call.invoke(app, ["dmn", "test", "copies.dmn"]).output == shown[2]
    (code,) = blocks("python")
    capsys.readouterr()
    exec(code, {})  # the page's own code
    assert capsys.readouterr().out.strip() == "\n".join(line.strip() for line in shown[1].splitlines()[1:])
