"""The watch over writes (``writes.py``, installed for the whole suite) can fail, and no verb is left out of it."""

import ast
import inspect
import pkgutil
import sys
import textwrap
from dataclasses import replace
from importlib import import_module
from types import FunctionType
from typing import Any

import pytest
from django.db import connection, transaction

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.people import models as people_models
from thanglong.core.people import service as people
from thanglong.core.people.types import BUILTIN
from thanglong.kit.ports import SYSTEM

MODULES = ("core.people", "core.places", "core.cases", "domains.index")


@pytest.fixture
def watch() -> Any:
    return sys.modules["thanglong_writes"].watch


# A service that forgets the ledger: compiled under the path of a real one, so that the watch takes it for one.
FORGETFUL = """
def write(model, name):
    model.objects.filter(pk=name).delete()
"""


def forgetful(name: str = "core/places/service/forgetful.py") -> Any:
    source = sys.modules["thanglong_writes"].SOURCE
    space: dict[str, Any] = {}
    exec(compile(FORGETFUL, str(source / name), "exec"), space)
    return space["write"]


def role() -> Any:
    return people_models.Role


@pytest.mark.django_db
def test_a_forgotten_entry_is_found(watch: Any) -> None:
    with watch.apart() as faults, transaction.atomic():
        forgetful()(role(), "nobody")
    assert faults == ["core.places.write changed people_role and entered nothing in the ledger"]


@pytest.mark.django_db
def test_a_real_verb_that_loses_its_entry_is_found(watch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    new = BUILTIN[-1].__class__("tester", "Người thử", "Tester", frozenset({"cases.view"}), 90)
    with watch.apart() as faults:
        people.save_role(SYSTEM, new)
        assert faults == []
        assert "core.people.save_role" in watch.driven
        monkeypatch.setattr(ledger, "append", lambda *given, **named: None)
        people.save_role(SYSTEM, replace(new, rank=91))
    assert faults == ["core.people.save_role changed people_role and entered nothing in the ledger"]


@pytest.mark.django_db
def test_a_write_without_any_transaction_is_found(watch: Any) -> None:
    with watch.apart() as faults:
        forgetful()(role(), "nobody")
    assert len(faults) == 1


@pytest.mark.django_db
def test_an_entry_in_another_transaction_does_not_count(watch: Any) -> None:
    with watch.apart() as faults:
        with transaction.atomic():
            forgetful()(role(), "nobody")
        with transaction.atomic():
            ledger.append(SYSTEM, "x", ObjectRef("x", "1"))
    assert len(faults) == 1


@pytest.mark.django_db
def test_an_entry_that_was_rolled_back_does_not_count(watch: Any) -> None:
    with watch.apart() as faults, transaction.atomic():
        forgetful()(role(), "nobody")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            ledger.append(SYSTEM, "x", ObjectRef("x", "1"))
            raise ZeroDivisionError
    assert len(faults) == 1


@pytest.mark.django_db
def test_an_entry_in_the_same_transaction_is_enough(watch: Any) -> None:
    with watch.apart() as faults, transaction.atomic():
        with transaction.atomic():
            forgetful()(role(), "nobody")
        ledger.append_many([])
        ledger.append(SYSTEM, "x", ObjectRef("x", "1"))
    assert faults == []


@pytest.mark.django_db
def test_what_was_rolled_back_and_what_tests_write_is_not_looked_at(watch: Any) -> None:
    with watch.apart() as faults:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            forgetful()(role(), "nobody")
            raise ZeroDivisionError
        role().objects.filter(pk="nobody").delete()
        forgetful("core/places/tests/test_x.py")(role(), "nobody")
    assert faults == []


@pytest.mark.django_db
def test_every_way_of_writing_is_seen(watch: Any) -> None:
    written = sys.modules["thanglong_writes"].written
    for sql in (
        'INSERT INTO "cases_case" ("id") VALUES (1)',
        'insert or ignore into cases_case ("id") values (1)',
        'UPDATE "cases_case" SET "state" = 1 WHERE "id" = 2',
        'DELETE FROM "cases_case"',
        'UPDATE "people_account" SET "last_login" = 1, "is_active" = 0',
    ):
        assert written(sql), sql
    for sql in (
        'SELECT * FROM "cases_case"',
        'UPDATE "people_account" SET "last_login" = 1 WHERE "id" = 2',
        'INSERT INTO "ledger_entry" VALUES (1)',
        "SAVEPOINT x",
    ):
        assert written(sql) is None, sql
    assert set(connection.introspection.table_names()) >= set(sys.modules["thanglong_writes"].ALLOWED)


def functions(module: str) -> dict[str, FunctionType]:
    """Every function of a module's service package by name."""
    found: dict[str, FunctionType] = {}
    package = import_module(f"thanglong.{module}.service")
    names = [package.__name__]
    if hasattr(package, "__path__"):
        names += [f"{package.__name__}.{item.name}" for item in pkgutil.iter_modules(package.__path__)]
    for name in names:
        own = vars(import_module(name)).items()
        found |= {key: item for key, item in own if isinstance(item, FunctionType) and item.__module__ == name}
    return found


def calls(function: FunctionType) -> set[str]:
    """The names a function calls, ``ledger.append`` as such."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
            if isinstance(node.value, ast.Name):
                found.add(f"{node.value.id}.{node.attr}")
    return found


def reached(name: str, graph: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    queue = [name]
    while queue:
        for called in graph.get(queue.pop(), set()) - seen:
            seen.add(called)
            queue.append(called)
    return seen


# verbs with an actor that open a transaction but change nothing of the city, with the reason
NO_STATE = {"core.cases.add_document": "a file is nothing until a case takes it"}


@pytest.mark.parametrize("module", MODULES)
def test_every_verb_that_writes_leads_to_the_ledger(module: str) -> None:
    """Read from the source: a public verb with an ``actor`` that opens a transaction calls ``ledger.append`` somewhere."""
    found = functions(module)
    graph = {name: calls(function) for name, function in found.items()}
    verbs = [
        name
        for name, function in found.items()
        if not name.startswith("_") and "actor" in inspect.signature(function).parameters
    ]
    writers = [
        name for name in verbs if {"atomic", "rows.change", "repository.change"} & (reached(name, graph) | graph[name])
    ]
    forgetful = [
        name
        for name in writers
        if not {"ledger.append", "ledger.append_many"} & reached(name, graph) and f"{module}.{name}" not in NO_STATE
    ]
    assert not forgetful, f"these verbs of {module} write and never reach the ledger: {forgetful}"
