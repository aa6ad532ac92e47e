"""``thanglong cases``."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from thanglong.cli import cases as command
from thanglong.core.cases import service
from thanglong.core.cases.service import catalogue
from thanglong.core.cases.tests.helpers import opened
from thanglong.core.cases.tests.scene import TYPE, City
from thanglong.core.cases.tests.test_migrating import NEWER


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(command, "prepare_environment", lambda data: None)
    monkeypatch.setattr(command, "setup", lambda: None)
    return lambda *words: CliRunner().invoke(command.app, list(words))


def test_moving_cases(city: City, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service.register(NEWER)
    with monkeypatch.context() as patch:
        patch.setitem(catalogue._newest, "repair", TYPE)
        case = opened(city)
    plan = tmp_path / "map.json"
    plan.write_text(
        json.dumps({"states": {"doing": "working"}, "rename": {"where": "place"}, "defaults": {"urgent": False}})
    )
    words = ("migrate", "repair", "--from", "1", "--to", "2", "--map", str(plan), "--json")
    dry = run(*words, "--dry-run")
    assert (dry.exit_code, json.loads(dry.stdout)["moved"]) == (0, [{"from": "new", "to": "new", "cases": 1}])
    assert service.case(city.head, case.id).case.type_version == 1
    assert run(*words).exit_code == 0
    assert service.case(city.head, case.id).case.type_version == 2
    assert "0 moved, 0 refused" in run(*words[:-1]).stdout
    plan.write_text("{")
    assert "not JSON" in run(*words).output
    plan.write_text(json.dumps({"states": {"nowhere": "new"}}))
    assert run(*words).exit_code == 2
    assert run("migrate", "repair", "--from", "1", "--to", "7", "--map", str(plan)).exit_code == 2


def test_what_is_due(city: City, run: Any) -> None:
    answer = run("retention", "--json")
    assert json.loads(answer.stdout) == {"personal": 0, "cases_with_files": 0, "files": 0, "held": 0}
    assert "legal hold" in run("retention").stdout
