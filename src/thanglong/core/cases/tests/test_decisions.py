"""Decision models in the service of cases: asked, kept, told, tried on the desk."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from thanglong.core.cases import service
from thanglong.core.cases.repository import decisions as repository
from thanglong.core.cases.rules import conditions
from thanglong.core.cases.service import decisions
from thanglong.core.cases.tests.decision_models import fees
from thanglong.core.cases.tests.helpers import opened
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.types import DecisionRef
from thanglong.core.ledger import service as ledger
from thanglong.core.people.models import Account
from thanglong.kit.errors import Denied, NotFound
from thanglong.kit.ports import ANONYMOUS, Actor

FEE = DecisionRef("fees", "Fee", 1)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("_sources", "_newest", "_kept"):
        monkeypatch.setattr(decisions, name, getattr(decisions, name).copy())
    decisions._load.cache_clear()
    decisions.findings.cache_clear()
    file = tmp_path / "fees.dmn"
    file.write_bytes(fees())
    decisions.register("fees", 1, file)
    return file


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(Account.objects.get(pk=actor.id))
    return client


def test_a_decision_is_made_from_the_entries_of_a_case(model: Path) -> None:
    said = decisions.decide(FEE, {"data": {"kind": "deed", "pages": 3, "born": "1960-05-01"}})
    assert said.value == 3000 and said.rules == ("deeds",) and said.ref.version == 1 and not said.problems[1:]
    assert said.inputs["Born"] == "1960-05-01"
    said = decisions.decide({"model": "fees", "decision": "Base"}, {"Kind": "plan", "Pages": 1})
    assert said.value == 50_000 and said.rules == ("plans",)


def test_what_is_of_another_kind_is_null_and_told(model: Path) -> None:
    said = decisions.decide(FEE, {"data": {"kind": "deed", "pages": "three", "born": "1990-01-01"}})
    assert said.value is None
    assert "“Pages” should be a number, not “three”." in said.problems


def test_an_unknown_model_or_decision_does_not_exist(model: Path, db: Any) -> None:
    for ref in (DecisionRef("nothing", "Fee"), DecisionRef("fees", "Nothing"), DecisionRef("fees", "Fee", 7)):
        with pytest.raises(NotFound):
            decisions.decide(ref, {})


def test_versions_stand_beside_each_other(model: Path, tmp_path: Path, db: Any) -> None:
    second = tmp_path / "fees-2.dmn"
    second.write_bytes(fees(plan=60_000))
    decisions.register("fees", 2, second)
    asked = {"Kind": "plan"}
    assert decisions.decide(DecisionRef("fees", "Base", 1), asked).value == 50_000
    assert decisions.decide(DecisionRef("fees", "Base"), asked).value == 60_000
    with pytest.raises(ValueError, match="twice"):
        decisions.register("fees", 2, model)
    with pytest.raises(ValueError, match="from 1"):
        decisions.register("fees", 0, model)


def test_a_condition_of_a_case_type_asks_a_model(model: Path) -> None:
    condition = {">": [FEE.condition(), 10_000]}
    conditions.check(condition)
    assert conditions.holds(condition, {"data": {"kind": "plan", "pages": 1, "born": "1990-01-01"}})
    assert not conditions.holds(condition, {"data": {"kind": "deed", "pages": 1, "born": "1990-01-01"}})


def test_a_kept_version_outlives_the_software(city: City, model: Path) -> None:
    opened(city, decisions=[decisions.decide(FEE, {"Kind": "plan"})])
    assert decisions.check() is None
    del decisions._sources["fees", 1]
    decisions._load.cache_clear()
    assert decisions.decide(FEE, {"Kind": "plan", "Born": "1990-01-01"}).value == 50_000
    assert not decisions.load("fees", 1).shipped


def test_a_changed_file_without_a_new_version_is_noticed(city: City, model: Path) -> None:
    said = decisions.decide(FEE, {"Kind": "plan"})
    opened(city, decisions=[said])
    model.write_bytes(fees(plan=1))
    decisions._load.cache_clear()
    assert "raise the version" in str(decisions.check())
    decisions._kept.clear()
    with pytest.raises(RuntimeError, match="raise the version"):
        opened(city, decisions=[said])
    model.write_bytes(b"<x/>")
    decisions._load.cache_clear()
    assert "not DMN definitions" in str(decisions.check())


def test_a_case_type_keeps_the_models_it_asks(city: City, model: Path) -> None:
    newest = service.definition("repair")
    asking = replace(newest.actions[0], guard=FEE.condition())
    version = replace(newest, version=newest.version + 50, actions=(asking, *newest.actions[1:]))
    service.register(version)
    opened(city)
    assert ("fees", 1) in decisions.repository.digests()


def test_models_import_one_another_by_namespace(model: Path, tmp_path: Path) -> None:
    text = (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="Total" namespace="urn:test:total">'
        '<import name="f" namespace="urn:test:fees" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'
        '<decision id="t" name="Twice"><variable name="Twice"/><informationRequirement><requiredDecision '
        'href="urn:test:fees#base"/></informationRequirement><literalExpression><text>2 * f.Base</text>'
        "</literalExpression></decision></definitions>"
    )
    file = tmp_path / "total.dmn"
    file.write_text(text)
    decisions.register("total", 1, file)
    loaded = decisions.load("total")
    assert decisions.evaluate(loaded, "Twice", {"Kind": "plan"}).value == 100_000


def test_a_decision_enters_the_ledger_with_the_case_and_is_told_there(city: City, model: Path) -> None:
    said = decisions.decide(FEE, {"data": {"kind": "deed", "pages": 3, "born": "1960-05-01"}})
    case = opened(city, decisions=[said])
    fact = ledger.entry(case.ledger_entry or 0).facts["decisions"][0]
    assert fact == {
        "model": "fees", "version": 1, "digest": said.digest, "decision": "Fee", "value": 3000, "rules": ["deeds"],
    }  # fmt: skip
    (why,) = decisions.why(case.id)
    assert any("2" in line and "Title deed" in line for line in why.sentences)
    page = signed_in(city.head).get(f"/desk/cases/{case.number}/").content.decode()
    assert "/desk/decisions/fees/?version=1" in page and "Title deed" in page
    assert decisions.uses() == {"fees": 1}


def test_what_a_decision_was_made_from_goes_with_the_personal_data(city: City, model: Path) -> None:
    said = decisions.decide(FEE, {"data": {"kind": "deed", "pages": 3, "born": "1960-05-01"}})
    case = opened(city, decisions=[said])
    repository.DecisionTaken.objects.filter(case=case.id).update(inputs={})
    (why,) = decisions.why(case.id)
    assert "3000" in why.sentences[0] and "deeds" in why.sentences[0]


def test_the_pages_of_models(city: City, model: Path) -> None:
    client = signed_in(city.head)
    page = client.get("/desk/decisions/").content.decode()
    assert "/desk/decisions/fees/" in page and "What a copy costs." in page
    page = client.get("/desk/decisions/fees/").content.decode()
    assert "<svg" in page and "Fee list, line 3." in page and "Base * Share(Born)" in page
    assert "Site plan" in page and 'type="date"' in page and 'inputmode="decimal"' in page
    assert page.count("<title>") == 2  # the page's, and the diagram's
    assert client.get("/desk/decisions/fees/file.dmn").content == model.read_bytes()
    for path in ("nothing/", "fees/?version=9", "fees/?version=x", "nothing/file.dmn", "fees/file.dmn?version=9"):
        assert client.get(f"/desk/decisions/{path}").status_code == 404


def test_trying_a_model_shows_which_rule_applied(city: City, model: Path) -> None:
    client = signed_in(city.head)
    asked = "?version=1&decision=Fee&in-kind=deed&in-pages=3&in-born=1960-05-01&try=1"
    page = client.get(f"/desk/decisions/fees/{asked}").content.decode()
    assert re.search(r"<b>3000</b>", page)
    fired = re.findall(r'<tr class="fired".*?</tr>', page, re.S)
    assert len(fired) == 1 and "Title deed" in fired[0]
    wrong = client.get("/desk/decisions/fees/?decision=Fee&in-kind=deed&in-pages=many&try=1").content.decode()
    assert 'aria-invalid="true"' in wrong and "many" in wrong and "fired" not in wrong


def test_the_check_is_shown_with_an_example(city: City, model: Path) -> None:
    page = signed_in(city.head).get("/desk/decisions/fees/").content.decode()
    assert 'class="warning"' in page
    assert re.search(r"(Pages|Trang) = 0", page)


def test_those_without_a_role_do_not_see_models(city: City, model: Path) -> None:
    with pytest.raises(Denied):
        decisions.models(ANONYMOUS)
    with pytest.raises(Denied):
        decisions.versions(ANONYMOUS, "fees")
    assert Client().get("/desk/decisions/").status_code in (302, 401, 403)
