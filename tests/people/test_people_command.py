"""``thanglong people``."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from thanglong.cli import people as command
from thanglong.core.people import service
from thanglong.core.people.models import Account
from thanglong.core.people.tests.conftest import SmallCity

LIST = """username;display_name;role;unit
lan.tran;Trần Thị Lan;officer;00070
head;Head;officer;00070
bad name;Ai Đó;officer;00070
minh;Minh;mayor;00070
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(command, "prepare_environment", lambda data: None)
    monkeypatch.setattr(command, "setup", lambda: None)
    return lambda *words: CliRunner().invoke(command.app, list(words))


def test_a_staff_list_is_told_then_brought_in_once(city: SmallCity, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "staff.csv"
    file.write_text(LIST, encoding="utf-8")
    dry = run("import", str(file), "--dry-run", "--json")
    told = json.loads(dry.stdout)
    assert dry.exit_code == 1, "two lines have faults"
    assert (told["lines"], told["bad"]) == (4, 2)
    assert [row["does"] for row in told["rows"]] == ["new", "role", "", ""]
    assert not Account.objects.filter(username="lan.tran").exists()
    done = run("import", str(file))
    assert "/setup/" in done.stdout
    assert "4 lines, 2 left out" in done.stdout
    assert "mayor" in done.output
    made = Account.objects.get(username="lan.tran")
    assert [item.role for item in service.memberships(made.id)] == ["officer"]
    again = json.loads(run("import", str(file), "--json").stdout)
    assert [row["does"] for row in again["rows"]][:2] == ["same", "same"]
    assert not any(row["link"] for row in again["rows"])


def test_a_file_that_is_no_list_changes_nothing(city: SmallCity, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "staff.csv"
    file.write_text("name,phone\nLan,1\n", encoding="utf-8")
    answer = run("import", str(file))
    assert answer.exit_code == 2
    assert "username" in answer.output
