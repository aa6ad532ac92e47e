"""The floors and doors of the house that import-linter cannot say."""

import ast
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

SOURCE = Path(__file__).parents[2] / "src" / "thanglong"
SHAPE = {
    "__init__",
    "types",
    "rules",
    "models",
    "repository",
    "service",
    "measures",
    "views",
    "urls",
    "templates",
    "tasks",
    "demo",
    "apps",
    "migrations",
    "tests",
    "locale",
}
# what a module of the frame's grammar may also hold, with the reason
ALSO = {
    "core/people": {"middleware", "backend"},  # Django's own plug points for sign-in
    "domains/index": {"frameworks"},  # published frameworks as data
}
MODULES = sorted(
    p for floor in ("core", "domains") for p in (SOURCE / floor).iterdir() if (p / "__init__.py").is_file()
)


def python_files() -> Iterator[Path]:
    for path in SOURCE.rglob("*.py"):
        if "migrations" not in path.parts:
            yield path


def is_test(path: Path) -> bool:
    return "tests" in path.parts


def imports_of(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno


@pytest.mark.parametrize("module", MODULES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_every_module_has_the_one_shape(module: Path) -> None:
    allowed = SHAPE | ALSO.get(f"{module.parent.name}/{module.name}", set())
    found = {path.stem if path.suffix == ".py" else path.name for path in module.iterdir()} - {
        "__pycache__",
        ".hypothesis",
    }
    assert found <= allowed, f"not part of the module shape: {sorted(found - allowed)}"
    text = ast.get_docstring(ast.parse((module / "__init__.py").read_text(encoding="utf-8")))
    assert text, "the module's __init__.py says in one paragraph what it is for"


def owner(name: str) -> str:
    """``thanglong.core.cases.service.x`` -> ``core.cases``; empty outside core and domains."""
    parts = name.split(".")
    return (
        ".".join(parts[1:3]) if len(parts) > 2 and parts[0] == "thanglong" and parts[1] in ("core", "domains") else ""
    )


def test_modules_are_entered_through_service_and_types() -> None:
    wrong = []
    for path in python_files():
        relative = path.relative_to(SOURCE)
        if is_test(path) or relative.parts[0] == "site":
            continue
        own = ".".join(relative.parts[:2])
        for name, line in imports_of(path):
            other = owner(name)
            if not other or other == own:
                continue
            door = name.split(".")[3:4]
            if door not in (["service"], ["types"]) and not (
                len(name.split(".")) == 3 or door == ["rules"] and relative.parts[0] == "cli"
            ):
                wrong.append(f"{relative}:{line} {name}")
    assert not wrong, "enter another module through its service or types:\n" + "\n".join(wrong)


def test_no_import_cycle_anywhere() -> None:
    graph = grimp.build_graph("thanglong", include_external_packages=False, exclude_type_checking_imports=False)
    modules = sorted(name for name in graph.modules if ".tests" not in name)
    knots = list(strongly_connected({m: sorted(graph.find_modules_directly_imported_by(m)) for m in modules}))
    assert not knots, f"modules that import each other: {knots}"


def strongly_connected(edges: dict[str, list[str]]) -> Iterator[list[str]]:
    """Components of more than one module (Tarjan's algorithm, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in edges:
        if root in index:
            continue
        work = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            for target in rest:
                if target not in edges:
                    continue
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(edges[target])))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        component.append(member)
                        if member == node:
                            break
                    if len(component) > 1:
                        yield sorted(component)


def test_cycle_finder_finds_a_cycle() -> None:
    assert list(strongly_connected({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]})) == [["a", "b", "c"]]
    assert list(strongly_connected({"a": ["b"], "b": []})) == []


def test_files_stay_small() -> None:
    long = []
    for path in [*python_files(), *(SOURCE.parents[1] / "tests").rglob("*.py")]:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > (600 if is_test(path) else 420):
            long.append(f"{path.relative_to(SOURCE.parents[1])}: {lines}")
    assert not long, "cut along a real seam:\n" + "\n".join(long)


def test_time_comes_from_the_one_clock() -> None:
    wrong = []
    for path in python_files():
        if is_test(path) or path == SOURCE / "kit" / "clock.py":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if any(
                call in line for call in ("datetime.now(", "date.today(", "utcnow(", "timezone.now(", "time.time()")
            ):
                wrong.append(f"{path.relative_to(SOURCE)}:{number}")
    assert not wrong, f"read the time from kit.clock: {wrong}"


def test_raw_sql_stays_in_the_stores() -> None:
    wrong = []
    for path in python_files():
        if is_test(path) or path.relative_to(SOURCE).parts[0] in ("stores",):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if (
                any(
                    word in line for word in ("objects.raw(", "RawSQL(", ".extra(", "cursor.execute(", "executescript(")
                )
                and "PRAGMA quick_check" not in line
            ):
                wrong.append(f"{path.relative_to(SOURCE)}:{number}")
    assert not wrong, f"raw SQL belongs in stores/: {wrong}"


def test_no_signals_and_no_links_across_modules() -> None:
    wrong = []
    for path in python_files():
        relative = path.relative_to(SOURCE)
        text = path.read_text(encoding="utf-8")
        if not is_test(path) and ("django.db.models.signals" in text or "django.dispatch" in text):
            wrong.append(f"{relative}: Django signals")
        if path.name == "models.py" or "models" in relative.parts:
            own = relative.parts[1]
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in (
                    "ForeignKey",
                    "OneToOneField",
                    "ManyToManyField",
                ):
                    target = node.args[0] if node.args else None
                    if (
                        isinstance(target, ast.Constant)
                        and "." in str(target.value)
                        and not str(target.value).startswith(own)
                    ):
                        wrong.append(f"{relative}:{node.lineno} link to {target.value}")
    assert not wrong, wrong


def test_types_and_rules_know_no_framework() -> None:
    wrong = [
        f"{path.relative_to(SOURCE)}:{line}"
        for module in MODULES
        for stem in ("types", "rules")
        for path in [module / f"{stem}.py", *(module / stem).glob("*.py")]
        if path.is_file()
        for name, line in imports_of(path)
        if name.split(".")[0] == "django"
    ]
    assert not wrong, f"types and rules import no Django: {wrong}"
