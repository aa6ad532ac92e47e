"""``thanglong dmn tck DIR``: runs every test case below a folder laid out as the DMN conformance suite."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from thanglong.cli.output import as_json_text, say
from thanglong.formats.dmn import DmnFault, Element, read
from thanglong.formats.dmn.reader import parse_tree
from thanglong.solve.dmn import Compiled, compile_definitions, evaluate
from thanglong.solve.dmn.feel import temporal
from thanglong.solve.dmn.feel.builtins.dates import identical
from thanglong.solve.dmn.feel.kinds import TEMPORAL, kind
from thanglong.solve.dmn.graph import ServiceNode
from thanglong.solve.dmn.model import Definitions
from thanglong.solve.dmn.source import build

LIMIT = 10.0
"""Seconds one test case may take."""
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_CLOSE = Decimal("1e-8")
_READERS = {
    "date": temporal.parse_date,
    "time": temporal.parse_time,
    "dateTime": temporal.parse_date_time,
    "duration": temporal.parse_duration,
    "dayTimeDuration": temporal.parse_duration,
    "yearMonthDuration": temporal.parse_duration,
}


class TooLong(Exception):
    """A case has used up its time."""


@dataclass(frozen=True, slots=True)
class Case:
    """The outcome of one test case; ``reason`` says why it failed."""

    folder: str
    file: str
    id: str
    passed: bool
    reason: str = ""


def tck(directory: Path, json: bool = False) -> int:
    """Runs the suite and prints the outcome; 0 when every case passes.

    With ``json``: ``{"passed": n, "failed": n, "total": n, "cases": [{folder, file, id, passed, reason}]}``."""
    cases = list(run_suite(directory))
    passed = sum(case.passed for case in cases)
    failed = len(cases) - passed
    if json:
        rows = [{name: getattr(case, name) for name in Case.__slots__} for case in cases]
        as_json_text({"passed": passed, "failed": failed, "total": len(cases), "cases": rows})
    else:
        for case in cases:
            if not case.passed:
                say(f"{case.folder} {case.id}: {case.reason}")
        say(f"{passed} passed, {failed} failed, {len(cases)} in all")
    return 0 if cases and not failed else 1


def run_suite(directory: Path) -> Iterator[Case]:
    """The outcome of every test case in every file below a folder, in the order of their names."""
    for file in sorted(directory.rglob("*.xml")):
        yield from run_file(file)


def run_file(file: Path) -> Iterator[Case]:
    """The outcome of every test case of a file; nothing for a file that holds no test cases."""
    folder = file.parent.name
    try:
        root = parse_tree(file.read_bytes())
    except DmnFault as fault:
        yield Case(folder, file.name, "", False, f"the test file cannot be read: {fault}")
        return
    if root.name != "testCases":
        return
    named = root.first("modelName")
    cases = list(root.all("testCase"))
    try:
        with time_limit(LIMIT):
            model = _model(file.parent, named.text.strip() if named else "")
    except Exception as error:
        for case in cases:
            yield Case(folder, file.name, case.get("id") or "", False, f"the model cannot be read: {error}")
        return
    for case in cases:
        reason = _run(model, case)
        yield Case(folder, file.name, case.get("id") or "", not reason, reason)


def _model(folder: Path, name: str) -> Compiled:
    """The model of a test file, with every other model of the folder at hand for its imports."""
    found: dict[str, Definitions] = {}
    for file in sorted(folder.glob("*.dmn")):
        try:
            found[file.name] = build(read(file.read_bytes()).root)
        except DmnFault:
            if file.name == name:
                raise
    main = found.pop(name, None)
    if main is None:
        raise DmnFault(f"there is no model {name!r} beside the test file")
    return compile_definitions(main, found.values())


def _run(model: Compiled, case: Element) -> str:
    """Why a case fails; empty when it passes."""
    try:
        with time_limit(LIMIT):
            inputs = {_key(node): _value(node) for node in case.all("inputNode")}
            for node in case.all("resultNode"):
                reason = _judge(model, case, node, inputs)
                if reason:
                    return f"{node.get('name')}: {reason}"
    except TooLong:
        return f"longer than {LIMIT:g} seconds"
    except Exception as error:
        return f"raised {type(error).__name__}: {error}"
    return ""


def _key(node: Element) -> Any:
    space, name = node.get("namespace"), node.get("name") or ""
    return (space, name) if space else name


def _judge(model: Compiled, case: Element, node: Element, inputs: dict[Any, Any]) -> str:
    wanted = node.first("expected")
    expected = _value(wanted) if wanted else None
    name = node.get("name") or ""
    called = case.get("invocableName")
    # A service's outputs are checked one by one, by the names of its output decisions.
    outcome = evaluate(model, called or name, inputs, namespace=node.get("namespace"), typed=False)
    value = outcome.value
    if called and isinstance(service := model.find(called), ServiceNode) and len(service.outputs) > 1:
        value = value.get(name) if isinstance(value, dict) else value
    return "" if agrees(expected, value) else f"expected {expected!r}, found {value!r}"


def _value(node: Element) -> Any:
    """The value of an ``inputNode``, ``expected``, ``component`` or ``item``."""
    items = node.first("list")
    if items is not None:
        return None if _nil(items) else [_value(item) for item in items.all("item")]
    if node.first("component") is not None:
        return {one.get("name") or "": None if _nil(one) else _value(one) for one in node.all("component")}
    value = node.first("value")
    if value is None:
        return None
    return None if _nil(value) else _simple(value)


def _nil(node: Element) -> bool:
    return node.get(_XSI + "nil") in ("true", "1")


def _simple(node: Element) -> Any:
    declared = (node.get(_XSI + "type") or "xsd:string").rpartition(":")[2]
    text = node.text
    if declared in ("string", "anySimpleType"):
        return text
    text = text.strip()
    if declared == "boolean":
        return text in ("true", "1")
    reader = _READERS.get(declared)
    if reader:
        made = reader(text)
        return text if made is None else made
    return Decimal(text)


def agrees(expected: Any, value: Any) -> bool:
    """Whether a value is the expected one: numbers to eight digits behind the point, lists in order, contexts by key,
    calendar values with their zone."""
    if isinstance(expected, Decimal) and isinstance(value, Decimal):
        return abs(expected - value) <= max(_CLOSE, abs(expected) * Decimal("1e-14"))
    if isinstance(expected, list):
        same = isinstance(value, list) and len(value) == len(expected)
        return same and all(agrees(a, b) for a, b in zip(expected, value, strict=True))
    if isinstance(expected, dict):
        same = isinstance(value, dict) and expected.keys() == value.keys()
        return same and all(agrees(one, value[name]) for name, one in expected.items())
    if type(expected) in TEMPORAL:
        return identical(expected, value)
    return kind(expected) == kind(value) and bool(expected == value)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Ends what runs inside after so many seconds (in the main thread; elsewhere only the engine's own limits hold).

    :raises TooLong: the time is up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
