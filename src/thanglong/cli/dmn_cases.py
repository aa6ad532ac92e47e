"""Test cases beside a decision model.

``NAME.tests.json`` is a list of ``{"name", "decision", "inputs", "expected", "rule"}``: ``name`` is for people, without
``decision`` the one final decision is meant, ``rule`` (a number from 1, or a rule's id) names the rule that must apply.
An XML file of the conformance suite's form counts when its ``modelName`` is the model's file.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thanglong.cli import dmn_files
from thanglong.cli.dmn_files import Loaded
from thanglong.cli.dmn_tck import run_file
from thanglong.formats.dmn import DmnFault, parse_tree
from thanglong.solve.dmn_analysis import NotThatKind, Speech, to_plain


class Unreadable(ValueError):
    """A file of test cases that cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test case went: ``reason`` is empty when it passed."""

    name: str
    reason: str


def run(loaded: Loaded, cases: Path | None) -> list[Outcome]:
    """The outcome of every test case in ``cases``, or beside the model.

    :raises Unreadable: a file of test cases is not what it should be.
    """
    return [outcome for file in ([cases] if cases else beside(loaded.path)) for outcome in _file(loaded, file)]


def beside(path: Path) -> list[Path]:
    """Files with test cases for a model, in its folder."""
    found = [path.with_name(f"{path.stem}.tests.json")]
    for file in sorted(path.parent.glob("*.xml")):
        try:
            root = parse_tree(file.read_bytes())
        except DmnFault:
            continue
        name = root.first("modelName")
        if root.name == "testCases" and name is not None and name.text.strip() == path.name:
            found.append(file)
    return [file for file in found if file.is_file()]


def _file(loaded: Loaded, file: Path) -> Iterator[Outcome]:
    if file.suffix.lower() == ".xml":
        for each in run_file(file):
            yield Outcome(f"{each.file} {each.id}", each.reason)
        return
    try:
        cases = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise Unreadable(f"{file}: not JSON: {problem}") from None
    if not isinstance(cases, list) or not all(isinstance(case, dict) for case in cases):
        raise Unreadable(f'{file}: a list of cases is expected, such as [{{"inputs": {{}}, "expected": 1}}]')
    for number, case in enumerate(cases, 1):
        name = str(case.get("name") or number)
        unknown = set(case) - {"name", "decision", "inputs", "expected", "rule"}
        if unknown or "expected" not in case or not isinstance(case.get("inputs", {}), dict):
            raise Unreadable(f"{file}: case {name} needs “inputs” and “expected”, and knows no {sorted(unknown)}")
        yield Outcome(name, _reason(loaded, case))


def _reason(loaded: Loaded, case: dict[str, Any]) -> str:
    try:
        given = dmn_files.read_inputs(loaded, case.get("inputs", {}))
        (result, *others) = dmn_files.decide(loaded, case.get("decision", ""), given, explain=True)
    except NotThatKind as problem:
        return Speech().say(problem.said)
    except LookupError:
        return f"the model has no decision “{case.get('decision')}”"
    if others:
        return "the model has several final decisions; name one with “decision”"
    found = to_plain(result.value)
    if found != case["expected"]:
        wanted, got = (json.dumps(value, ensure_ascii=False) for value in (case["expected"], found))
        return f"expected {wanted}, found {got}"
    if "rule" not in case:
        return ""
    tables = [step for step in result.steps if step.kind == "table"]
    fired = [key for step in tables[-1:] for rule in step.rules for key in (rule.number, rule.id)]
    return "" if case["rule"] in fired[:2] else f"expected rule {case['rule']}, rules that apply: {fired[1::2]}"
