"""The documentation is held to the code: what exists is named, what is named exists, every link leads somewhere."""

import re
from pathlib import Path

import pytest
import typer
from django.apps import apps

from thanglong.cli.main import app
from thanglong.kit import bus

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    broken = [
        target
        for target in LINK.findall(text)
        if not target.startswith(("http", "mailto:")) and not (page.parent / target).exists()
    ]
    assert not broken


def test_every_page_is_reached_from_the_index() -> None:
    index = text_of("README.md")
    lost = [
        str(page.relative_to(DOCS))
        for page in DOCS.rglob("*.md")
        if page.name != "README.md" and "decisions" not in page.parts and str(page.relative_to(DOCS)) not in index
    ]
    assert not lost, f"not in docs/README.md: {lost}"


def commands() -> set[str]:
    click_app = typer.main.get_command(app)
    names = set()
    for name, command in click_app.commands.items():  # type: ignore[attr-defined]
        if command.hidden:
            continue
        children = getattr(command, "commands", None)
        names |= {f"{name} {child}" for child in children} if children else {name}
    return names


def test_commands_are_documented_and_exist() -> None:
    documented = set(re.findall(r"^\| `thanglong ([a-z -]+)`", text_of("look-up/commands.md"), re.M))
    assert documented == commands()


def test_options_are_documented() -> None:
    text = text_of("look-up/commands.md")
    click_app = typer.main.get_command(app)
    missing = []
    for name, command in click_app.commands.items():  # type: ignore[attr-defined]
        for child in (getattr(command, "commands", None) or {name: command}).values():
            if command.hidden:
                continue
            for parameter in child.params:
                option = next((o for o in parameter.opts if o.startswith("--")), None)
                if option and option != "--help" and option not in text:
                    missing.append(f"{name}: {option}")
    assert not missing


def test_settings_are_documented_and_exist() -> None:
    documented = set(re.findall(r"^\| `(THANGLONG_[A-Z_]+)`", text_of("look-up/settings.md"), re.M))
    used = set()
    sources = [*(ROOT / "src").rglob("*.py"), ROOT / "conftest.py", ROOT / "thanglong"]
    for path in sources:
        if "tests" not in path.parts:
            used |= set(re.findall(r"\bTHANGLONG_[A-Z_]+\b", path.read_text(encoding="utf-8")))
    assert documented == used


def test_events_are_documented_and_exist() -> None:
    documented = set(re.findall(r"^\| `([a-z_]+\.[A-Z]\w+)`", text_of("look-up/events.md"), re.M))
    published = set()
    for path in (ROOT / "src").rglob("*.py"):
        if "tests" in path.parts:
            continue
        module = path.relative_to(ROOT / "src" / "thanglong").parts
        for name in re.findall(r"bus\.publish\(\s*(?:types\.)?([A-Z]\w+)\(", path.read_text(encoding="utf-8")):
            published.add(f"{module[1]}.{name}")
    heard = {f"{event.__module__.split('.')[2]}.{event.__name__}" for event in bus._listeners}
    assert published | heard <= documented, f"not documented: {sorted((published | heard) - documented)}"
    assert documented <= published | heard, f"documented but never published: {sorted(documented - published - heard)}"


def test_permissions_are_documented() -> None:
    text = text_of("look-up/permissions.md")
    from thanglong.core.people.types import ACTIONS, BUILTIN

    missing = [action for action in ACTIONS if f"`{action}`" not in text]
    missing += [role.key for role in BUILTIN if f"`{role.key}`" not in text]
    assert not missing


def test_measures_and_case_types_are_documented() -> None:
    from thanglong.core.cases import service as cases
    from thanglong.core.measures import service as measures

    text = text_of("look-up/measures.md")
    assert not [item.key for item in measures.definitions() if f"`{item.key}`" not in text]
    text = text_of("look-up/case-types.md")
    assert not [item.key for item in cases.definitions() if f"`{item.key}`" not in text]


def test_every_module_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [
        config.name.rsplit(".", 1)[1]
        for config in apps.get_app_configs()
        if config.name.startswith("thanglong.domains.") and config.name.rsplit(".", 1)[1] not in readme
    ]
    assert not missing


def test_readme_names_the_two_commands() -> None:
    for name in ("README.md", "README.vi.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "./thanglong up" in text
        assert "./thanglong test" in text
