"""Case types: sound, pinned, and never changed under a running case."""

from dataclasses import replace

import msgspec
import pytest

from thanglong.core.cases import models, service
from thanglong.core.cases.rules import moves
from thanglong.core.cases.service import catalogue
from thanglong.core.cases.tests.helpers import opened, step
from thanglong.core.cases.tests.scene import TYPE, City
from thanglong.core.cases.types import Action, Auto, CaseType, Deadline, Duration, Escalation, State


def test_a_definition_is_data() -> None:
    again = msgspec.convert(msgspec.json.decode(msgspec.json.encode(TYPE)), CaseType)
    assert moves.digest(again) == moves.digest(TYPE)
    assert again.action("finish") == TYPE.action("finish")


def test_everything_wrong_is_listed() -> None:
    wrong = CaseType(
        key="wrong", version=1, title="Wrong", prefix="TOO-LONG-BY-FAR", initial="nowhere",
        states=(State("a", "A", auto=Auto("fly", Duration(1))), State("a", "A"), State("island", "Island")),
        actions=(Action("go", "Go", ("a", "b"), "c", guard={"eval": "1"}),), form={"type": "nothing"},
        deadlines=(Deadline(Duration(1), {"==": [1]}),), escalations=(Escalation(1.5, "city"), Escalation(1.0, "head")),
    )  # fmt: skip
    found = moves.problems(wrong)
    for part in ("defined twice", "initial state", "prefix", "unknown state 'b'", "unknown state 'c'", "guard of 'go'",
                 "unknown action 'fly'", "condition of a deadline", "order of their shares", "not a JSON Schema",
                 "'island' cannot be reached"):  # fmt: skip
        assert any(part in line for line in found), part
    with pytest.raises(ValueError, match="prefix"):
        service.register(wrong)


def test_the_same_version_with_other_content_is_refused(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(city)
    assert catalogue.check() is None
    changed = replace(TYPE, title="Another title")
    with pytest.raises(ValueError, match="already registered"):
        service.register(changed)
    monkeypatch.setitem(catalogue._registered, ("repair", 1), changed)
    monkeypatch.setitem(catalogue._newest, "repair", changed)
    monkeypatch.setattr(catalogue, "_kept", set())
    assert "raise the version" in (catalogue.check() or "")
    with pytest.raises(RuntimeError, match="raise the version"):
        opened(city)


def test_a_running_case_keeps_its_version(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    old = opened(city)
    newer = replace(TYPE, version=2, actions=tuple(action for action in TYPE.actions if action.key != "refuse"))
    monkeypatch.setattr(catalogue, "_registered", {("repair", 2): newer})  # the code of version 1 is gone
    monkeypatch.setattr(catalogue, "_newest", {"repair": newer})
    catalogue._stored.cache_clear()
    assert opened(city).type_version == 2
    assert [action.key for action in service.case(city.officer, old.id).actions][:2] == ["take", "refuse"]
    assert step(city.officer, old, "refuse", {"reason": "Không thuộc thẩm quyền"}).state == "refused"
    assert models.Definition.objects.count() == 2
