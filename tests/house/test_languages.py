"""Vietnamese and English are both complete: every marked text has a translation with the same placeholders."""

import re
import subprocess
from pathlib import Path

import polib
import pytest

SOURCE = Path(__file__).parents[2] / "src" / "thanglong"
CATALOGUES = sorted(SOURCE.rglob("locale/vi/LC_MESSAGES/*.po"))
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|%[sd%]|\{[a-z_]*\}")
PYTHON = re.compile(
    r"""(?:\b(?:gettext|gettext_lazy|gettext_noop|N_|_|translate)|ngettext)\(\s*((?:[rf]?"(?:[^"\\]|\\.)*"\s*)+)"""
)
TEMPLATE = re.compile(
    r"""{%\s*(?:translate|trans)\s+"((?:[^"\\]|\\.)*)"|{%\s*(?:translate|trans)\s+'((?:[^'\\]|\\.)*)'"""
)
BLOCK = re.compile(r"{%\s*blocktrans(?:late)?\b([^%]*)%}(.*?){%\s*endblocktrans(?:late)?\s*%}", re.S)


def known() -> dict[str, str]:
    entries: dict[str, str] = {}
    for path in CATALOGUES:
        for entry in polib.pofile(str(path)):
            if not entry.obsolete:
                entries[entry.msgid] = entry.msgstr or entry.msgstr_plural.get(0, "")
                if entry.msgid_plural:
                    entries[entry.msgid_plural] = entry.msgstr_plural.get(0, "")
    return entries


def literal(text: str) -> str:
    import ast

    value: str = ast.literal_eval(f"({text})")
    return value


def block_texts(options: str, body: str) -> list[str]:
    texts = re.split(r"{%\s*plural\s*%}", body)
    found = []
    for text in texts:
        if "trimmed" in options:
            text = " ".join(line.strip() for line in text.strip().splitlines())
        text = text.replace("%", "%%") if "%" in text else text
        found.append(re.sub(r"{{\s*([\w.]+)[^}]*}}", lambda m: f"%({m[1]})s", text))
    return found


def used() -> dict[str, str]:
    """Every text id in code and templates, with one place it stands at."""
    found: dict[str, str] = {}
    for path in SOURCE.rglob("*.py"):
        if "tests" in path.parts or "migrations" in path.parts:
            continue
        for match in PYTHON.finditer(path.read_text(encoding="utf-8")):
            if not match[1].startswith('f"'):
                found.setdefault(literal(match[1].strip()), str(path.relative_to(SOURCE)))
    for path in [*SOURCE.rglob("templates/**/*.html"), *SOURCE.rglob("templates/**/*.txt")]:
        text = path.read_text(encoding="utf-8")
        for match in TEMPLATE.finditer(text):
            found.setdefault((match[1] or match[2]).replace('\\"', '"'), str(path.relative_to(SOURCE)))
        for match in BLOCK.finditer(text):
            for item in block_texts(match[1], match[2]):
                found.setdefault(item, str(path.relative_to(SOURCE)))
    return found


def test_every_text_is_in_vietnamese() -> None:
    translations = known()
    missing = sorted(f"{where}: {text!r}" for text, where in used().items() if text and not translations.get(text))
    assert not missing, f"{len(missing)} texts without Vietnamese:\n" + "\n".join(missing[:60])


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda p: p.parents[3].name)
def test_catalogues_are_sound(path: Path) -> None:
    for entry in polib.pofile(str(path)):
        if entry.obsolete:
            continue
        assert "fuzzy" not in entry.flags, f"fuzzy: {entry.msgid}"
        if entry.msgstr and not entry.msgid_plural:
            assert sorted(PLACEHOLDER.findall(entry.msgid)) == sorted(PLACEHOLDER.findall(entry.msgstr)), entry.msgid


def test_one_text_has_one_translation() -> None:
    seen: dict[str, tuple[str, Path]] = {}
    different = []
    for path in CATALOGUES:
        for entry in polib.pofile(str(path)):
            key = f"{entry.msgctxt or ''}\4{entry.msgid}"
            if key in seen and seen[key][0] != entry.msgstr and not entry.msgid_plural:
                different.append(f"{entry.msgid!r}: {seen[key][0]!r} and {entry.msgstr!r}")
            seen.setdefault(key, (entry.msgstr, path))
    assert not different, "\n".join(different)


def test_the_repository_names_no_machine_and_no_path_of_one() -> None:
    root = SOURCE.parents[1]
    files = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.split("\n")
    pattern = re.compile("/" + "(?:work|root|home/[a-z])" + "/")
    wrong = []
    for name in files:
        path = root / name
        if (
            path.suffix in {".py", ".md", ".ts", ".toml", ".html", ".yml", ".css"}
            and path.is_file()
            and pattern.search(path.read_text(encoding="utf-8"))
        ):
            wrong.append(name)
    assert not wrong, f"absolute paths in {wrong}"
