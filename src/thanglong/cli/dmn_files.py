"""Decision models on disk: a file with the models it imports, what is wrong with it, what it decides."""

import gettext
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thanglong.formats import dmn as files
from thanglong.kit.errors import N_
from thanglong.solve import dmn as engine
from thanglong.solve.dmn import model as m
from thanglong.solve.dmn_analysis import Finding, Said, Speech, Step, Types, check, explain, to_feel
from thanglong.solve.dmn_analysis.words import Verbatim

LOCALE = Path(__file__).parents[1] / "core" / "cases" / "locale"
DUPLICATE = N_("The id “%(what)s” stands twice in the file, so references to it are not clear.")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model with what it imports, as documents, as logical models by namespace, and compiled."""

    path: Path
    document: files.Document
    imported: Mapping[str, m.Definitions]
    model: engine.Compiled


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one decision."""

    name: str
    value: Any
    diagnostics: tuple[engine.Diagnostic, ...]
    steps: tuple[Step, ...]


def load(path: Path) -> Loaded:
    """A model from a file; models that it imports are found in the same folder by their namespace.

    :raises DmnFault: the file, or one it imports, cannot be read.
    """
    document = files.read(path.read_bytes())
    roots = _imports(path, document)
    model = engine.load(document.root, list(roots.values()))
    return Loaded(path, document, {space: engine.build(root) for space, root in roots.items()}, model)


def _imports(path: Path, document: files.Document) -> dict[str, files.Element]:
    wanted = {each.get("namespace") or "" for each in document.root.all("import")}
    found: dict[str, files.Element] = {}
    if not wanted:
        return found
    others: dict[str, files.Element] = {}
    for other in sorted(path.parent.glob("*.dmn")):
        if other.resolve() != path.resolve():
            try:
                read = files.read(other.read_bytes())
            except files.DmnFault:
                continue  # a broken neighbour matters only when it is imported, and then it is missing
            others.setdefault(read.namespace, read.root)
    while wanted:
        space = wanted.pop()
        root = others.get(space)
        if root is not None and space not in found:
            found[space] = root
            wanted |= {each.get("namespace") or "" for each in root.all("import")}
    return found


def findings(loaded: Loaded) -> list[Finding]:
    """Everything wrong with a model, in the order of the file."""
    found = [*_duplicates(loaded.document), *check(loaded.model.definitions, loaded.imported)]
    return sorted(found, key=lambda each: each.line)


def _duplicates(document: files.Document) -> Iterator[Finding]:
    seen: set[str] = set()
    for element in document.root.walk():
        own = element.get("id")
        if own and element.namespace == document.root.namespace:
            if own in seen:
                yield Finding("id", "error", Said(DUPLICATE, {"what": Verbatim(own)}), element.line)
            seen.add(own)


def read_inputs(loaded: Loaded, given: Mapping[str, Any]) -> dict[str, Any]:
    """JSON values as FEEL values, by the types of the inputs they are for.

    :raises NotThatKind: a value is of another kind.
    """
    definitions = loaded.model.definitions
    types = Types(definitions, loaded.imported)
    kinds = {each.variable.name: each.variable.type_ref for each in definitions.elements.values()}
    return {name: to_feel(value, types, kinds.get(name), name) for name, value in given.items()}


def final(definitions: m.Definitions) -> list[str]:
    """The decisions that no other decision needs."""
    needed = {
        reference.rpartition("#")[2]
        for each in definitions.elements.values()
        if isinstance(each, m.Decision)
        for reference in each.requires
    }
    every = [each for each in definitions.elements.values() if isinstance(each, m.Decision)]
    return [each.variable.name for each in every if each.id not in needed] or [each.variable.name for each in every]


def decide(loaded: Loaded, name: str, given: Mapping[str, Any], *, explain: bool) -> list[Result]:
    """The result of a decision, or of every final one.

    :raises LookupError: there is no such decision.
    """
    results = []
    for each in [name] if name else final(loaded.model.definitions):
        outcome = engine.evaluate(loaded.model, each, given, trace=explain)
        results.append(Result(each, outcome.value, outcome.diagnostics, tuple(steps_of(outcome)) if explain else ()))
    return results


def steps_of(outcome: engine.Outcome) -> list[Step]:
    """The steps behind an outcome made with a trace."""
    return explain(outcome.trace)


def speech(language: str, words: Mapping[str, str] | None = None) -> Speech:
    """The language of sentences; Vietnamese comes from the catalogue of the cases' pages."""
    if language != "vi":
        return Speech("en", str, words or {})
    catalogue = gettext.translation("django", LOCALE, languages=["vi"], fallback=True)
    return Speech("vi", catalogue.gettext, words or {})
